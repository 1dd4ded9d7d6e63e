//! An LSTM's sequence as one operation, where its regularization allows that.

use std::sync::Arc;

use autodiff::{Device, Tape};
use kernels::Cpu;
use nn::cell::{Cell, Lstm, LstmConfig, Sequence, Sites};
use nn::context::{Context, Mode};
use nn::params::{ParamStore, Scope};
use nn::regularization::Regularization;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{EVAL, Kind, NONE, random};

const STEPS: usize = 4;
const BATCH: usize = 5;

/// What is read; as many symbols as an input has elements.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reads {
    Numbers,
    Symbols,
}

/// How the LSTM runs.
#[derive(Clone, Copy, Debug)]
enum How {
    Fused,
    BySteps,
}

/// States and gradients, `None` if the cell cannot run this way.
fn pass(
    chosen: Regularization,
    mode: Mode,
    (reads, input_size): (Reads, usize),
    how: How,
) -> Option<Vec<Vec<f64>>> {
    let device = Device::<f64>::new(Arc::new(Cpu::new(2)));
    let mut store = ParamStore::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let config = LstmConfig {
        initial_noise: 0.1,
        regularization: chosen,
        ..LstmConfig::new(input_size, 17)
    };
    let lstm = Lstm::new(&mut Scope::new(&mut store, &mut rng), &config, Sites::default());
    let tape = Tape::new(&device);
    let mut context = Context::new(&tape, &mut store, mode, &mut rng);
    let symbols: Vec<u32> = (0..STEPS * BATCH).map(|i| (i * i % input_size) as u32).collect();
    let input = match reads {
        Reads::Numbers => tape
            .constant(random(&device, [STEPS, BATCH, input_size], 8))
            .into(),
        Reads::Symbols => Sequence::symbols(&tape, &device.indices(&symbols), BATCH),
    };
    let states = match how {
        How::Fused => lstm.fused(&mut context, &input)?,
        How::BySteps => lstm.forward_by_steps(&mut context, &input),
    };
    let seeds = [(states.h, 101), (states.cell(), 102), (states.last, 103)];
    let seeds = seeds.map(|(var, seed)| (var, random(&device, var.shape(), seed)));
    let mut found: Vec<Vec<f64>> = seeds.iter().map(|(var, _)| var.value().to_vec()).collect();
    let gradients = context.param_gradients(tape.backward_from(&seeds));
    found.extend(gradients.iter().map(|gradient| gradient.to_vec()));
    Some(found)
}

const READS: [(Reads, usize); 3] = [(Reads::Numbers, 3), (Reads::Numbers, 1), (Reads::Symbols, 6)];

#[test]
fn fused_equals_plain_where_it_applies() {
    let outside = Regularization {
        variational_x: 0.3,
        weight_drop: 0.4,
        ..NONE
    };
    for chosen in [
        NONE,
        Regularization {
            weight_drop: 0.4,
            ..NONE
        },
        Regularization {
            variational_x: 0.3,
            ..NONE
        },
        outside,
    ] {
        for (reads, mode) in READS
            .into_iter()
            .flat_map(|reads| [(reads, Mode::Train), (reads, EVAL)])
        {
            let fused = pass(chosen, mode, reads, How::Fused).expect("it applies");
            let plain = pass(chosen, mode, reads, How::BySteps).expect("it always applies");
            // w_x, w_h, bias, h_0, c_0
            assert_eq!((fused.len(), plain.len()), (3 + 5, 3 + 5));
            for (fused, plain) in fused.iter().zip(&plain) {
                let largest = plain.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
                for (a, b) in fused.iter().zip(plain) {
                    // The same formulas in another order.
                    assert!(
                        (a - b).abs() <= 1e-12 * largest,
                        "{chosen:?} {mode:?} {reads:?}: {a}, {b}"
                    );
                }
            }
        }
    }
}

#[test]
fn steps_that_are_regularized_themselves_run_by_steps() {
    for (name, chosen) in Kind::Lstm.choices(0.3) {
        let applies = |mode| pass(chosen, mode, READS[0], How::Fused).is_some();
        let zoneout = name.starts_with("zoneout") || name == "all";
        let outside = ["variational_x", "weight_drop"].contains(&name);
        assert_eq!(
            (applies(Mode::Train), applies(EVAL)),
            (outside, !zoneout),
            "{name}"
        );
    }
}
