//! Both directions are two plain runs, and a stack is one layer after another.

use autodiff::{Device, Tensor};
use nn::cell::Layer;
use nn::context::{Mode, Statistics};
use nn::norm::{Padding, StepRows};
use nn::params::Scope;
use proptest::prelude::*;

use crate::support::{
    D, Design, H, Norm, PER_STEP, T_MAX, Trial, assert_close, assert_same_bits, config, designs, devices,
    random, row,
};

const NORMS: [Norm; 7] = [
    Norm::None,
    Norm::Layer,
    Norm::Batch(PER_STEP, Padding::Mask),
    Norm::Batch(PER_STEP, Padding::Include),
    Norm::Batch(StepRows::Shared, Padding::Mask),
    Norm::Batch(StepRows::SequenceWise, Padding::Mask),
    Norm::Batch(StepRows::SequenceWise, Padding::Include),
];

/// One step more than there are statistics for.
const STEPS: usize = T_MAX + 1;

/// `x [T, 1, F]` from its end to its beginning.
fn backwards(x: &Tensor<f64>) -> Tensor<f64> {
    let features = x.shape().last();
    let values = x.to_vec();
    let turned: Vec<f64> = values.chunks(features).rev().flatten().copied().collect();
    x.device().tensor(x.shape(), &turned)
}

/// Every row of a padded batch, read in both directions, against plain runs over the row alone.
fn check_both(device: &Device<f64>, design: &Design, mode: Mode, lengths: &[usize]) {
    let cell = |scope: &mut Scope<'_, f64>, name: &str| design.layer(&mut scope.within(name), D);
    let mut both = Trial::new(device, |scope| {
        vec![Layer::bidirectional(cell(scope, "ahead"), cell(scope, "back"))]
    });
    let mut plain = ["ahead", "back"].map(|name| {
        let mut trial = Trial::new(device, |scope| vec![cell(scope, name)]);
        trial.copy_from(&both);
        trial
    });
    let x = random(device, [STEPS, lengths.len(), D], 3);
    let [h, last] = both.states(mode, &x, Some(lengths));
    for (b, &length) in lengths.iter().enumerate() {
        let x = row(&x, b, length);
        let [ahead, ahead_last] = plain[0].states(mode, &x, None);
        let [back, back_last] = plain[1].states(mode, &backwards(&x), None);
        let h = row(&h, b, length);
        // Numbers below 2; products of other sizes may be summed in another order.
        assert_close("ahead", &h.slice(2, 0..H), &ahead, 1e-12);
        assert_close("back", &h.slice(2, H..2 * H), &backwards(&back), 1e-12);
        let last = last.slice(0, b..b + 1);
        assert_close("last ahead", &last.slice(1, 0..H), &ahead_last, 1e-12);
        assert_close("last back", &last.slice(1, H..2 * H), &back_last, 1e-12);
    }
}

/// A layer, both directions of another and a third one upon each other, in a training pass.
fn check_stack(device: &Device<f64>, designs: [&Design; 3], lengths: Option<&[usize]>, batch: usize) {
    let layers = |scope: &mut Scope<'_, f64>| {
        let below = designs[0].layer(&mut scope.within("0"), D);
        let [ahead, back] = ["1/ahead", "1/back"].map(|name| designs[1].layer(&mut scope.within(name), H));
        let above = designs[2].layer(&mut scope.within("2"), 2 * H);
        vec![below, Layer::bidirectional(ahead, back), above]
    };
    let mut one_by_one = Trial::new(device, layers);
    let mut stacked = Trial::new(device, |scope| vec![Layer::stack(layers(scope))]);
    let (x, r) = (
        random(device, [T_MAX, batch, D], 3),
        random(device, [T_MAX, batch, H], 4),
    );
    let want = one_by_one.run(Mode::Train, &x, lengths, &r);
    let got = stacked.run(Mode::Train, &x, lengths, &r);
    assert_same_bits("h", &got.h, &want.h);
    assert_same_bits("last", &got.last, &want.last);
    assert_same_bits("gradient of x", &got.of_x, &want.of_x);
    assert_eq!(got.gradients.len(), want.gradients.len());
    for ((path, got), (_, want)) in got.gradients.iter().zip(&want.gradients) {
        assert_same_bits(path, got, want);
    }
    assert_eq!(stacked.snapshot(), one_by_one.snapshot());
}

proptest! {
    #![proptest_config(config(30))]

    #[test]
    fn both_directions_are_two_plain_runs_without_statistics(
        design in designs(&NORMS[..2]), lengths in prop::collection::vec(1..=STEPS, 1..=4),
    ) {
        for device in devices() {
            check_both(&device, &design, Mode::Train, &lengths);
        }
    }

    #[test]
    fn both_directions_are_two_plain_runs_with_fixed_statistics(
        design in designs(&NORMS[2..]), lengths in prop::collection::vec(1..=STEPS, 1..=4),
    ) {
        for device in devices() {
            for statistics in [Statistics::Running, Statistics::Population] {
                check_both(&device, &design, Mode::Eval(statistics), &lengths);
            }
        }
    }

    #[test]
    fn a_stack_is_one_layer_after_another(
        below in designs(&NORMS), between in designs(&NORMS), above in designs(&NORMS),
        lengths in prop::collection::vec(1..=T_MAX, 2..=4), padded in any::<bool>(),
    ) {
        for device in devices() {
            let given = padded.then_some(&lengths[..]);
            check_stack(&device, [&below, &between, &above], given, lengths.len());
        }
    }
}
