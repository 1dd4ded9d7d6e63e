//! The controlled gradient.

use autodiff::{Device, Tape, Tensor, Var};
use kernels::Unary;

use super::super::super::testing::{Fixture, assert_close, random};
use super::super::super::{BatchNorm, BatchNormConfig, Memory, Normalizer, Step, StepRows};
use super::super::{OnlineNorm, OnlineNormConfig};
use super::{PLAIN, STATISTICS, fixture, pass};
use crate::context::{Context, Mode};

/// With a batch of one it is the paper's rule, in the paper's own terms: every example is normalized
/// by what came before it, and `ε_y, ε_1` sum up what is left of the gradient.
#[test]
fn single_examples_follow_the_paper() {
    let device = Device::reference();
    let (forward, backward) = (0.9, 0.8);
    let config = OnlineNormConfig {
        forward,
        backward: Some(backward),
        epsilon: 0.0,
        steps: StepRows::Shared,
        ..PLAIN
    };
    let mut fixture = fixture(&device, 1, config);
    let (mut mean, mut var, mut sum_y, mut sum_1) = (0.0, 1.0_f64, 0.0, 0.0);
    let inputs = random(&device, &[20], 1).to_vec();
    for (x, dy) in inputs.into_iter().zip(random(&device, &[20], 2).to_vec()) {
        let tensor = |v: f64| device.tensor([1, 1, 1], &[v]);
        let [y, dx] = pass(&mut fixture, Mode::Train, &tensor(x), &tensor(dy));
        let deviation = var.sqrt();
        let want = (x - mean) / deviation;
        var = forward * var + forward * (1.0 - forward) * (x - mean) * (x - mean);
        mean = forward * mean + (1.0 - forward) * x;
        let to_y = dy - (1.0 - backward) * sum_y * want;
        sum_y += to_y * want;
        let to_x = to_y / deviation - (1.0 - backward) * sum_1;
        sum_1 += to_x;
        // Twenty updates of numbers of order 1 to 10.
        assert_close(&[y[0], dx[0]], &[want, to_x], 1e-13);
    }
    let want = [mean, var, (1.0 - backward) * sum_y, (1.0 - backward) * sum_1];
    assert_close(&STATISTICS.map(|name| fixture.get(name)[0]), &want, 1e-13);
}

/// A batch that comes again and again: the estimates become its moments, so that the outputs have
/// mean 0 and variance 1, and the controlled gradient becomes that of batch normalization.
#[test]
fn on_data_that_does_not_change_it_becomes_batch_normalization() {
    let device = Device::reference();
    let x = random(&device, &[3, 8, 2], 5)
        .map(Unary::Scale(3.0))
        .map(Unary::Shift(2.0));
    let dy = random(&device, &[3, 8, 2], 6);
    // With an ε the outputs' mean square would be a little below 1, which only batch normalization's
    // gradient takes for 1.
    let epsilon = 0.0;
    let config = OnlineNormConfig {
        backward: Some(0.9),
        epsilon,
        ..PLAIN
    };
    let mut online = fixture(&device, 2, config);
    let mut batch = Fixture::new(&device, |scope| {
        let config = BatchNormConfig {
            steps: StepRows::PerStep(3),
            epsilon,
            ..BatchNormConfig::default()
        };
        BatchNorm::new(scope, 2, config)
    });
    for norm in [&mut online.store, &mut batch.store] {
        let gamma = norm.find("norm/gamma").expect("a parameter");
        *norm.get_mut(gamma) = device.tensor([2], &[0.7, 1.4]);
    }
    // What is left of the start is 0.9^(8 · 60), below 1e-21.
    for _ in 0..60 {
        pass(&mut online, Mode::Train, &x, &dy);
    }
    let [y, dx] = pass(&mut online, Mode::Train, &x, &dy);
    let [want_y, want_dx] = pass(&mut batch, Mode::Train, &x, &dy);
    assert_close(&y, &want_y, 1e-12);
    assert_close(&dx, &want_dx, 1e-12);

    online.norm.control = None;
    let [_, plain] = pass(&mut online, Mode::Train, &x, &dy);
    let apart = plain.iter().zip(&want_dx).map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0.0, f64::max) > 0.1, "control changes nothing");
}

/// With a row for all steps, the controllers go from each step to the one before it: the same as a
/// pass for each step, in the order of the backward pass, but for the moments, which stay.
#[test]
fn shared_controllers_are_handed_on() {
    let device = Device::reference();
    let config = OnlineNormConfig {
        backward: Some(0.8),
        // The moments stay where they are.
        forward: 1.0,
        steps: StepRows::Shared,
        ..PLAIN
    };
    let (x, dy) = (random(&device, &[3, 2, 2], 7), random(&device, &[3, 2, 2], 8));
    let mut whole = fixture(&device, 2, config);
    let [_, dx] = pass(&mut whole, Mode::Train, &x, &dy);
    let mut single = fixture(&device, 2, config);
    let mut want = vec![vec![]; 3];
    for t in (0..3).rev() {
        let rows = |tensor: &Tensor<f64>| tensor.rows(t..t + 1);
        let [_, dx] = pass(&mut single, Mode::Train, &rows(&x), &rows(&dy));
        want[t] = dx;
    }
    assert_close(&dx, &want.concat(), 1e-15);
    for name in ["control_scale", "control_shift"] {
        assert!(whole.get(name).iter().all(|e| e.abs() > 1e-3));
        assert_close(&whole.get(name), &single.get(name), 1e-15);
    }
}

/// A pass step by step in which nothing depends on some of the steps.
fn by_steps(
    fixture: &mut Fixture<OnlineNorm>,
    x: &Tensor<f64>,
    dy: &Tensor<f64>,
    used: &[usize],
) -> [Vec<f64>; 2] {
    let of = x.shape().extent(0);
    let tape = Tape::new(x.device());
    let mut context = Context::new(&tape, &mut fixture.store, Mode::Train, &mut fixture.rng);
    let leaf = tape.leaf(x.clone());
    let mut memory = Memory::default();
    let steps = leaf.unbind().into_iter().enumerate();
    let steps: Vec<Var<'_, f64>> = steps
        .map(|(t, x)| fixture.norm.step(&mut context, x, Step::new(t, of), &mut memory))
        .collect();
    let seeds: Vec<_> = used.iter().map(|&t| (steps[t], dy.row(t))).collect();
    let mut gradients = tape.backward_from(&seeds);
    let dx = gradients.take(leaf).expect("a gradient");
    context.param_gradients(gradients);
    let y = Var::stack(&steps).value();
    [y.to_vec(), dx.to_vec()]
}

#[test]
fn steps_and_sequences_learn_the_same() {
    let device = Device::reference();
    let (x, dy) = (random(&device, &[3, 4, 2], 9), random(&device, &[3, 4, 2], 10));
    for steps in [StepRows::PerStep(3), StepRows::Shared] {
        for backward in [None, Some(0.8)] {
            let config = OnlineNormConfig {
                backward,
                steps,
                ..PLAIN
            };
            let [mut whole, mut single] = [fixture(&device, 2, config), fixture(&device, 2, config)];
            let names = if backward.is_some() {
                &STATISTICS[..]
            } else {
                &STATISTICS[..2]
            };
            // The second pass finds statistics that the first has moved.
            for _ in 0..2 {
                let [y, dx] = pass(&mut whole, Mode::Train, &x, &dy);
                let [step_y, step_dx] = by_steps(&mut single, &x, &dy, &[0, 1, 2]);
                assert_close(&step_y, &y, 1e-14);
                assert_close(&step_dx, &dx, 1e-14);
                for name in names {
                    assert_close(&single.get(name), &whole.get(name), 1e-14);
                }
            }
        }
    }
}

#[test]
fn a_step_that_nothing_depends_on_hands_the_controllers_on() {
    let device = Device::reference();
    let config = OnlineNormConfig {
        backward: Some(0.8),
        // The moments stay where they are.
        forward: 1.0,
        steps: StepRows::Shared,
        ..PLAIN
    };
    let (x, dy) = (random(&device, &[3, 4, 2], 9), random(&device, &[3, 4, 2], 10));
    let [mut three, mut two] = [fixture(&device, 2, config), fixture(&device, 2, config)];
    let [_, dx] = by_steps(&mut three, &x, &dy, &[0, 2]);
    let ends = |whole: &Tensor<f64>| {
        let mut ends = whole.rows(1..3).copy();
        ends.write(0, 0, &whole.rows(0..1));
        ends
    };
    let [_, of_two] = by_steps(&mut two, &ends(&x), &ends(&dy), &[0, 1]);
    assert_eq!([&dx[..8], &dx[16..]].concat(), of_two);
    assert_eq!(dx[8..16], [0.0; 8]);
    for name in STATISTICS {
        assert_eq!(three.get(name), two.get(name));
    }
}
