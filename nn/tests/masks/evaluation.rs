//! Evaluation depends on nothing but the example, and changes nothing.

use autodiff::{Device, Tensor};
use nn::context::{Mode, Statistics};
use nn::norm::{Padding, StepRows};
use proptest::prelude::*;

use crate::support::{
    D, Design, Norm, PER_STEP, T_MAX, Trial, assert_close, assert_same_bits, config, designs, devices, random,
};

const NORMS: [Norm; 8] = [
    Norm::None,
    Norm::Layer,
    Norm::Batch(PER_STEP, Padding::Mask),
    Norm::Batch(PER_STEP, Padding::Include),
    Norm::Batch(StepRows::Shared, Padding::Mask),
    Norm::Batch(StepRows::Shared, Padding::Include),
    Norm::Batch(StepRows::SequenceWise, Padding::Mask),
    Norm::Batch(StepRows::SequenceWise, Padding::Include),
];

/// Two steps more than there are statistics for.
const STEPS: usize = T_MAX + 2;

/// The rows with these numbers, of `x [T, B, F]`.
fn chosen(x: &Tensor<f64>, rows: &[usize]) -> Tensor<f64> {
    let shape = x.shape();
    let mut out = x.device().zeros(shape.with(1, rows.len()));
    for (to, &from) in rows.iter().enumerate() {
        out.write(1, to, &x.slice(1, from..from + 1));
    }
    out
}

/// Any choice of rows, in any order and with repetitions, gives each row what it has among all.
fn check_rows(device: &Device<f64>, design: &Design, mode: Mode, lengths: &[usize], rows: &[usize]) {
    let mut trial = Trial::of(device, design);
    let x = random(device, [STEPS, lengths.len(), D], 1);
    let [h, last] = trial.states(mode, &x, Some(lengths));
    let their_lengths: Vec<usize> = rows.iter().map(|&row| lengths[row]).collect();
    let [some_h, some_last] = trial.states(mode, &chosen(&x, rows), Some(&their_lengths));
    // Numbers below 2; products of other sizes may be summed in another order.
    assert_close("h", &some_h, &chosen(&h, rows), 1e-12);
    let as_sequence = |x: &Tensor<f64>| x.reshape(x.shape().with_leading(1));
    assert_close(
        "last",
        &as_sequence(&some_last),
        &chosen(&as_sequence(&last), rows),
        1e-12,
    );
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn an_example_does_not_know_of_the_others(
        design in designs(&NORMS),
        lengths in prop::collection::vec(1..=STEPS, 4),
        rows in prop::collection::vec(0_usize..4, 1..=6),
    ) {
        for device in devices() {
            for statistics in [Statistics::Running, Statistics::Population] {
                check_rows(&device, &design, Mode::Eval(statistics), &lengths, &rows);
            }
        }
    }

    #[test]
    fn a_pass_of_evaluation_leaves_every_bit_as_it_was(
        design in designs(&NORMS), lengths in prop::collection::vec(1..=STEPS, 1..=4), padded in any::<bool>(),
    ) {
        for device in devices() {
            let mut trial = Trial::of(&device, &design);
            let x = random(&device, [STEPS, lengths.len(), D], 1);
            let given = padded.then_some(&lengths[..]);
            let before = trial.snapshot();
            for statistics in [Statistics::Batch, Statistics::Running, Statistics::Population] {
                let mode = Mode::Eval(statistics);
                let [first, _] = trial.states(mode, &x, given);
                prop_assert_eq!(&trial.snapshot(), &before);
                let [again, _] = trial.states(mode, &x, given);
                assert_same_bits("h", &again, &first);
                prop_assert_eq!(&trial.snapshot(), &before);
            }
        }
    }
}
