//! Running averages of the moments.

use autodiff::{Device, Tensor};
use nn::context::{Mode, Statistics};
use nn::norm::RenormConfig;

use crate::moments::{BATCH_SIZES, EPSILON, Feed, Layer, moments};
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
        let updates = (STEPS / rows * (i + 1)) as f64;
        assert_eq!(layer.statistic("running_count"), vec![updates; rows]);
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

const RUNNING: Mode = Mode::Eval(Statistics::Running);

/// A step that no training sequence had is evaluated with the last one that some had; before any
/// training every step has mean 0 and variance 1.
#[test]
fn later_steps_use_the_last_that_training_reached() {
    for device in devices() {
        for feed in [Feed::Sequence, Feed::Steps] {
            let mut layer = Layer::new(&device, rows_of(STEPS), MOMENTUM);
            let size = 5 * layer.features;
            let still =
                random(&device, [1, 5, layer.features], 3).broadcast_to([STEPS + 2, 5, layer.features]);
            let untrained: Vec<f64> = still
                .to_vec()
                .iter()
                .map(|x| x / (1.0 + EPSILON).sqrt())
                .collect();
            assert_close(&layer.pass(RUNNING, feed, &still).to_vec(), &untrained, 1e-15);
            layer.pass(Mode::Train, feed, &random(&device, [2, 5, layer.features], 1));
            layer.pass(Mode::Train, feed, &random(&device, [1, 5, layer.features], 4));
            assert_eq!(layer.statistic("running_count"), [2.0, 1.0, 0.0, 0.0]);
            let y = layer.pass(RUNNING, feed, &still).to_vec();
            assert_ne!(y[..size], y[size..2 * size]);
            for step in y[2 * size..].chunks(size) {
                assert_eq!(step, &y[size..2 * size]);
            }
        }
    }
}

/// A correction is by the averages before the pass, also where a step has none of its own and uses
/// those of an earlier one, which the pass moves.
#[test]
fn a_correction_is_by_what_the_pass_found() {
    let renorm = RenormConfig {
        r_max: 3.0,
        d_max: 5.0,
        start: 1,
        ramp: 0,
    };
    for device in devices() {
        for rows in [STEPS, 1] {
            let [at_once, by_steps] = [Feed::Sequence, Feed::Steps].map(|feed| {
                let mut layer = Layer::with_renorm(&device, rows_of(rows), 0.5, Some(renorm));
                layer.pass(Mode::Train, feed, &random(&device, [2, 5, layer.features], 1));
                let x = random(&device, [STEPS, 5, layer.features], 2);
                let y = layer.pass(Mode::Train, feed, &x).to_vec();
                // The second pass is the first that is corrected.
                assert!(y.iter().sum::<f64>().abs() > 0.1);
                y
            });
            // The same operations on numbers of about 1, in another order.
            assert_close(&at_once, &by_steps, 1e-14);
        }
    }
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
