//! What stands in the padding has no influence where it is masked, which is the default.

use autodiff::{Device, Tensor};
use bnlstm::config::ModelConfig;
use nn::context::Mode;
use proptest::prelude::*;

use crate::support::{
    D, H, How, Named, T_MAX, Trial, assert_close, assert_finite, assert_same_bits, config, designs, devices,
    model, placed, random,
};

/// Outcomes relative to their size; gradients of about 1 may come from up to 1/√ε = 316. Only products
/// of other sizes may be summed in another order.
const ROUNDING: f64 = 1e-10;

/// A training pass and one of estimation, and the statistics after both. States and gradients of the
/// first `steps` steps of the first `batch` rows.
fn passes(
    device: &Device<f64>,
    model: &ModelConfig,
    (x, r): (&Tensor<f64>, &Tensor<f64>),
    lengths: &[usize],
    [steps, batch]: [usize; 2],
) -> Named<f64> {
    let mut trial = Trial::of(device, model);
    let mut outcome = trial.run(Mode::Train, How::Fast, x, Some(lengths), r);
    trial.states(Mode::Estimate { seen: 0 }, x, Some(lengths));
    let states = [Some(&mut outcome.h), Some(&mut outcome.of_x), outcome.c.as_mut()];
    for states in states.into_iter().flatten() {
        *states = states.slice(0, 0..steps).slice(1, 0..batch);
    }
    outcome.last = outcome.last.slice(0, 0..batch);
    outcome.named(trial.statistics())
}

/// NaN instead of zeros in the padding: not a bit differs, and padding has no gradient.
fn check_filled(device: &Device<f64>, what: &str, model: &ModelConfig, lengths: &[usize]) -> Named<f64> {
    let extents = [T_MAX, lengths.len()];
    let x = random(device, [T_MAX, lengths.len(), D], 1);
    let r = random(device, [T_MAX, lengths.len(), H], 2);
    let [zeros, nans] = [0.0, f64::NAN].map(|value| {
        let x = placed(&x, lengths, extents, value);
        passes(device, model, (&x, &r), lengths, extents)
    });
    for (name, tensor) in &nans {
        assert_finite(&format!("{what}: {name}"), tensor);
        if name == "gradient of x" {
            let of_padding = placed(tensor, lengths, extents, 0.0);
            assert_eq!(
                tensor.to_vec(),
                of_padding.to_vec(),
                "{what}: gradient of padding"
            );
        }
    }
    assert_same_bits(what, &nans, &zeros);
    zeros
}

/// Two rows more that have no step and a step more that none has, all of it filled with NaN.
fn check_extended(
    device: &Device<f64>,
    what: &str,
    model: &ModelConfig,
    lengths: &[usize],
    want: &Named<f64>,
) {
    let (steps, batch) = (T_MAX, lengths.len());
    let extents = [steps + 1, batch + 2];
    let x = placed(&random(device, [steps, batch, D], 1), lengths, extents, f64::NAN);
    // States in the padding of the given rows count as they did.
    let r = random(device, [steps, batch, H], 2);
    let r = placed(&r, &vec![steps; batch], extents, 0.0);
    let mut all = lengths.to_vec();
    all.extend([0, 0]);
    let got = passes(device, model, (&x, &r), &all, [steps, batch]);
    assert_close(what, &got, want, ROUNDING);
}

proptest! {
    #![proptest_config(config(3))]

    #[test]
    fn padding_changes_nothing(lengths in prop::collection::vec(1..=T_MAX, 2..=4)) {
        for device in devices() {
            for (cell, text) in designs() {
                let what = format!("{cell} {text}, {lengths:?}");
                let model = model(cell, &text, H);
                let want = check_filled(&device, &what, &model, &lengths);
                check_extended(&device, &what, &model, &lengths, &want);
            }
        }
    }
}
