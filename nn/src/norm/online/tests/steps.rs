//! Steps that sequences do not have.

use autodiff::{Device, Tape};

use super::super::super::testing::{assert_close, random};
use super::super::super::{Normalizer, Padding};
use super::super::OnlineNormConfig;
use super::{PLAIN, fixture, output};
use crate::context::{Context, Mode, Statistics};
use crate::lengths::Lengths;

/// A batch that is padded beyond `T_max` is none with longer sequences.
#[test]
fn steps_that_no_sequence_has_are_left_as_they_are() {
    let device = Device::reference();
    let x = random(&device, &[6, 3, 2], 20);
    let lengths = Lengths::new(&device, &[2, 1, 2], 6);
    for padding in [Padding::Mask, Padding::Include] {
        let mut fixture = fixture(&device, 2, OnlineNormConfig { padding, ..PLAIN });
        let tape = Tape::new(&device);
        let mut context = Context::new(&tape, &mut fixture.store, Mode::Train, &mut fixture.rng);
        let y = fixture
            .norm
            .sequence(&mut context, tape.constant(x.clone()), 0, Some(&lengths));
        assert_eq!(y.value().rows(2..6).to_vec(), x.rows(2..6).to_vec());
        assert_eq!(fixture.get("running_count"), [1.0, 1.0, 0.0]);
    }
}

/// Steps that no training sequence had are evaluated as the last one that some had.
#[test]
fn later_steps_use_the_last_that_training_reached() {
    let device = Device::reference();
    let mut fixture = fixture(&device, 2, PLAIN);
    let mode = Mode::Eval(Statistics::Running);
    let still = random(&device, &[1, 4, 2], 21).broadcast_to([5, 4, 2]);
    let untrained: Vec<f64> = still
        .to_vec()
        .iter()
        .map(|x| x / (1.0 + 1e-5_f64).sqrt())
        .collect();
    assert_close(&output(&mut fixture, mode, &still), &untrained, 1e-15);
    output(&mut fixture, Mode::Train, &random(&device, &[2, 4, 2], 22));
    let y = output(&mut fixture, mode, &still);
    assert_ne!(y[..8], y[8..16]);
    for step in y[16..].chunks(8) {
        assert_eq!(step, &y[8..16]);
    }
}
