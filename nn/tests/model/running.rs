//! Running averages of the moments.

use autodiff::{Device, Tensor};
use nn::context::Mode;

use crate::moments::{BATCH_SIZES, Feed, Layer, moments};
use crate::support::{assert_close, devices, random, rows_of};

const MOMENTUM: f64 = 0.9;
const STEPS: usize = 4;

/// The recurrence written out, for one moment of one row.
fn follow(running: &mut [f64], batch: &[f64]) {
    for (running, batch) in running.iter_mut().zip(batch) {
        *running = MOMENTUM * *running + (1.0 - MOMENTUM) * batch;
    }
}

fn check(device: &Device<f64>, feed: Feed, rows: usize) {
    let mut layer = Layer::new(device, rows_of(rows), MOMENTUM);
    let features = layer.features;
    let (mut mean, mut var) = (vec![0.0; rows * features], vec![1.0; rows * features]);
    for (i, &batch) in BATCH_SIZES.iter().enumerate() {
        let x = random(device, [STEPS, batch, features], 20 + i as u64);
        layer.pass(Mode::Train, feed, &x);
        for t in 0..STEPS {
            let row = t.min(rows - 1) * features..(t.min(rows - 1) + 1) * features;
            let (batch_mean, batch_var) = moments(&x, t);
            follow(&mut mean[row.clone()], &batch_mean);
            follow(&mut var[row], &batch_var);
        }
        // Sums of at most nine numbers below 1, in another order.
        assert_close(&layer.statistic("running_mean"), &mean, 1e-15);
        assert_close(&layer.statistic("running_var"), &var, 1e-15);
    }
}

#[test]
fn every_step_has_its_running_averages() {
    for device in devices() {
        check(&device, Feed::Sequence, STEPS);
        check(&device, Feed::Steps, STEPS);
    }
}

/// One row takes the moments of all steps one after another.
#[test]
fn shared_running_averages_take_step_by_step() {
    for device in devices() {
        check(&device, Feed::Sequence, 1);
        check(&device, Feed::Steps, 1);
    }
}

#[test]
fn steps_that_a_sequence_does_not_have_stay() {
    let device = Device::reference();
    let mut layer = Layer::new(&device, rows_of(STEPS), MOMENTUM);
    let x = random(&device, [2, 5, layer.features], 1);
    layer.pass(Mode::Train, Feed::Sequence, &x);
    let mean = layer.statistic("running_mean");
    let later = 2 * layer.features;
    assert!(mean[..later].iter().all(|&mean| mean != 0.0));
    assert!(mean[later..].iter().all(|&mean| mean == 0.0));
    assert!(
        layer.statistic("running_var")[later..]
            .iter()
            .all(|&var| var == 1.0)
    );
}

/// A feed-forward layer is a sequence of one step, `[B, F]`.
#[test]
fn a_matrix_is_one_step() {
    let device = Device::reference();
    let mut layer = Layer::new(&device, rows_of(1), MOMENTUM);
    let x: Tensor<f64> = random(&device, [1, 5, layer.features], 2);
    layer.pass(Mode::Train, Feed::Steps, &x);
    let (mean, _) = moments(&x, 0);
    let want: Vec<f64> = mean.iter().map(|mean| (1.0 - MOMENTUM) * mean).collect();
    assert_close(&layer.statistic("running_mean"), &want, 1e-15);
}
