//! What stands in the padding has no influence when it is masked.

use autodiff::{Device, Tape, Tensor};
use nn::cell::Sequence;
use nn::context::{Context, Mode};
use nn::norm::{Padding, StepRows};
use proptest::prelude::*;

use crate::support::{
    D, Design, H, Kind, Norm, Outcome, PER_STEP, T_MAX, Trial, assert_close, assert_same_bits, config,
    designs, devices, placed, random,
};

const NORMS: [Norm; 5] = [
    Norm::None,
    Norm::Layer,
    Norm::Batch(PER_STEP, Padding::Mask),
    Norm::Batch(StepRows::Shared, Padding::Mask),
    Norm::Batch(StepRows::SequenceWise, Padding::Mask),
];

/// Outcomes whose values are near 1, with gradients up to 1/√ε = 316 times that; only products of
/// other sizes may be summed in another order.
const ROUNDING: f64 = 1e-10;

/// At least two rows, of at least one step each.
fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1..=T_MAX, 2..=4)
}

/// A training pass and one of estimation, and the statistics after both.
fn passes(
    device: &Device<f64>,
    design: &Design,
    x: &Tensor<f64>,
    lengths: Option<&[usize]>,
    r: &Tensor<f64>,
) -> (Outcome, Vec<(String, Tensor<f64>)>) {
    let mut trial = Trial::of(device, design);
    let outcome = trial.run(Mode::Train, x, lengths, r);
    trial.states(Mode::Estimate { seen: 0 }, x, lengths);
    (outcome, trial.statistics())
}

/// The same sequences with `rows` more that have no step and `steps` more steps that none has, all
/// of it filled with NaN.
fn check_extended(device: &Device<f64>, design: &Design, lengths: &[usize], [steps, rows]: [usize; 2]) {
    let (length, batch) = (T_MAX, lengths.len());
    let (x, r) = (
        random(device, [length, batch, D], 1),
        random(device, [length, batch, H], 2),
    );
    let clean = placed(&x, lengths, [length, batch], 0.0);
    let whole = lengths.iter().all(|&l| l == length);
    let (want, statistics) = passes(device, design, &clean, (!whole).then_some(lengths), &r);

    let extents = [length + steps, batch + rows];
    let padded = placed(&x, lengths, extents, f64::NAN);
    // States of the padding of the given rows count as they did.
    let everywhere = vec![length; batch];
    let cotangent = placed(&r, &everywhere, extents, 0.0);
    let mut all = lengths.to_vec();
    all.extend(vec![0; rows]);
    let (got, new_statistics) = passes(device, design, &padded, Some(&all), &cotangent);

    let part = |x: &Tensor<f64>| x.slice(0, 0..length).slice(1, 0..batch);
    assert_close("h", &part(&got.h), &want.h, ROUNDING);
    if let (Some(got), Some(want)) = (&got.c, &want.c) {
        assert_close("c", &part(got), want, ROUNDING);
    }
    assert_close("last", &got.last.slice(0, 0..batch), &want.last, ROUNDING);
    let nothing = placed(&want.of_x, lengths, extents, 0.0);
    assert_close("gradient of x", &got.of_x, &nothing, ROUNDING);
    assert_eq!(got.gradients.len(), want.gradients.len());
    for ((path, got), (_, want)) in got.gradients.iter().zip(&want.gradients) {
        assert_close(path, got, want, ROUNDING);
    }
    for ((path, got), (_, want)) in new_statistics.iter().zip(&statistics) {
        assert_close(path, got, want, ROUNDING);
    }
}

/// NaN instead of zeros in the padding: not a bit differs, and padding has no gradient.
fn check_filled(device: &Device<f64>, design: &Design, lengths: &[usize]) {
    let extents = [T_MAX, lengths.len()];
    let (x, r) = (
        random(device, [T_MAX, lengths.len(), D], 1),
        random(device, [T_MAX, lengths.len(), H], 2),
    );
    let [zeros, nans] = [0.0, f64::NAN].map(|value| {
        let x = placed(&x, lengths, extents, value);
        passes(device, design, &x, Some(lengths), &r)
    });
    let ((want, statistics), (got, new_statistics)) = (zeros, nans);
    assert!(
        got.h.to_vec().iter().all(|h| h.is_finite()),
        "{:?}",
        got.h.to_vec()
    );
    assert_same_bits("h", &got.h, &want.h);
    assert_same_bits("last", &got.last, &want.last);
    assert_same_bits("gradient of x", &got.of_x, &want.of_x);
    assert_close(
        "gradient of padding",
        &got.of_x,
        &placed(&got.of_x, lengths, extents, 0.0),
        0.0,
    );
    let (mut got, mut want) = (got.gradients, want.gradients);
    got.extend(new_statistics);
    want.extend(statistics);
    assert_eq!(got.len(), want.len());
    for ((path, got), (_, want)) in got.iter().zip(&want) {
        assert!(got.to_vec().iter().all(|x| x.is_finite()), "{path}");
        assert_same_bits(path, got, want);
    }
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn what_padding_holds_changes_nothing(design in designs(&NORMS), lengths in lengths()) {
        for device in devices() {
            check_filled(&device, &design, &lengths);
        }
    }

    #[test]
    fn more_padding_changes_nothing(
        design in designs(&NORMS), lengths in lengths(), steps in 0_usize..3, rows in 0_usize..3,
    ) {
        for device in devices() {
            check_extended(&device, &design, &lengths, [steps, rows]);
        }
    }
}

/// Values of live rows do matter, so the above says something; and those of a row count in the
/// statistics of the others.
#[test]
fn what_is_no_padding_matters() {
    let device = Device::reference();
    for norm in [NORMS[2], NORMS[4]] {
        let design = Design::everywhere(Kind::Lstm, norm);
        let (x, r) = (random(&device, [3, 3, D], 1), random(&device, [3, 3, H], 2));
        let (short, _) = passes(&device, &design, &x, Some(&[3, 3, 1]), &r);
        let (long, _) = passes(&device, &design, &x, Some(&[3, 3, 2]), &r);
        let of_others = |outcome: &Outcome| outcome.h.row(1).to_vec()[..2 * H].to_vec();
        let change = of_others(&short)
            .iter()
            .zip(of_others(&long))
            .map(|(a, b)| (a - b).abs())
            .fold(0.0, f64::max);
        assert!(change > 1e-3, "{norm:?}: {change:e}");
    }
}

/// Hidden states and statistics of a training pass.
fn train(
    device: &Device<f64>,
    design: &Design,
    sequence: impl for<'t> FnOnce(&'t Tape<f64>) -> Sequence<'t, f64>,
) -> Vec<Tensor<f64>> {
    let mut trial = Trial::of(device, design);
    let tape = Tape::inference(device);
    let mut context = Context::new(&tape, &mut trial.store, Mode::Train, &mut trial.rng);
    let states = trial.layers[0].forward(&mut context, &sequence(&tape));
    let statistics = trial.statistics().into_iter().map(|(_, tensor)| tensor);
    std::iter::once(states.h.value()).chain(statistics).collect()
}

/// Which symbols stand in the padding has no influence, masked or not.
#[test]
fn padding_of_symbols_counts_as_zeros() {
    let lengths = [3, 1, 2];
    let symbols = [0, 1, 1, 1, 1, 0, 0, 1, 1];
    let one_hot: Vec<f64> = symbols
        .iter()
        .flat_map(|&symbol| (0..D as u32).map(move |d| if d == symbol { 1.0 } else { 0.0 }))
        .collect();
    for device in devices() {
        for padding in [Padding::Mask, Padding::Include] {
            for turned in [false, true] {
                let design = Design::everywhere(Kind::Gru, Norm::Batch(PER_STEP, padding));
                let looked_up = train(&device, &design, |tape| {
                    let symbols = device.indices(&symbols);
                    let sequence = Sequence::symbols(tape, &symbols, 3).with_lengths(&lengths);
                    if turned { sequence.turned() } else { sequence }
                });
                let multiplied = train(&device, &design, |tape| {
                    let x = tape.constant(device.tensor([T_MAX, 3, D], &one_hot));
                    let sequence = Sequence::from(x).with_lengths(&lengths);
                    if turned { sequence.turned() } else { sequence }
                });
                for (i, (got, want)) in looked_up.iter().zip(&multiplied).enumerate() {
                    assert_same_bits(&format!("{padding:?}, tensor {i}"), got, want);
                }
            }
        }
    }
}
