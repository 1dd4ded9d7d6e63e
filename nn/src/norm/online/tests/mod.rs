//! Values, statistics, modes, padding, and the gradient without control.

mod control;
mod steps;

use std::sync::Arc;

use autodiff::{Device, Tape, Tensor, Var, gradcheck};
use kernels::Cpu;

use super::super::testing::{Fixture, assert_close, check_every_site, random};
use super::super::{Memory, Normalizer, Padding, Step, StepRows};
use super::{OnlineNorm, OnlineNormConfig};
use crate::cell::{Cell, Lstm, LstmConfig, Sites};
use crate::check::LayerCheck;
use crate::checkpoint::{Checkpoint, save};
use crate::context::{Context, Mode, Statistics};
use crate::lengths::Lengths;
use crate::optimizer::{Optimizer, OptimizerConfig};
use crate::params::Scope;

const PLAIN: OnlineNormConfig = OnlineNormConfig {
    gamma: 1.0,
    beta: true,
    epsilon: 1e-5,
    forward: 0.9,
    backward: None,
    steps: StepRows::PerStep(3),
    padding: Padding::Mask,
};

const STATISTICS: [&str; 4] = ["running_mean", "running_var", "control_scale", "control_shift"];

const NOT_TRAINING: [Mode; 4] = [
    Mode::Eval(Statistics::Batch),
    Mode::Eval(Statistics::Running),
    Mode::Eval(Statistics::Population),
    Mode::Estimate { seen: 0 },
];

fn fixture(device: &Device<f64>, features: usize, config: OnlineNormConfig) -> Fixture<OnlineNorm> {
    Fixture::new(device, |scope| OnlineNorm::new(scope, features, config))
}

/// A whole pass: outputs and the gradient of `x [T, B, F]` for that of the outputs.
fn pass(
    fixture: &mut Fixture<impl Normalizer<f64>>,
    mode: Mode,
    x: &Tensor<f64>,
    dy: &Tensor<f64>,
) -> [Vec<f64>; 2] {
    let tape = Tape::new(x.device());
    let mut context = Context::new(&tape, &mut fixture.store, mode, &mut fixture.rng);
    let leaf = tape.leaf(x.clone());
    let y = fixture.norm.sequence(&mut context, leaf, 0, None);
    let mut gradients = tape.backward_from(&[(y, dy.clone())]);
    let dx = gradients.take(leaf).expect("a gradient");
    context.param_gradients(gradients);
    [y.value().to_vec(), dx.to_vec()]
}

fn output(fixture: &mut Fixture<impl Normalizer<f64>>, mode: Mode, x: &Tensor<f64>) -> Vec<f64> {
    let [y, _] = pass(fixture, mode, x, &x.device().zeros(x.shape()));
    y
}

/// One feature, α = 1/2 per example, so 1/4 for two: from mean 0 and variance 1 the batch 1, 3 (mean
/// 2, variance 1) leads to the mean 3/4 · 2 and the variance 1/4 + 3/4 + 3/16 · 4.
#[test]
fn value_and_update_by_hand() {
    let device = Device::reference();
    let config = OnlineNormConfig {
        forward: 0.5,
        epsilon: 0.0,
        steps: StepRows::Shared,
        ..PLAIN
    };
    let mut fixture = fixture(&device, 1, config);
    fixture.set("gamma", &[2.0]);
    fixture.set("beta", &[10.0]);
    let x = device.tensor([1, 2, 1], &[1.0, 3.0]);
    assert_eq!(output(&mut fixture, Mode::Train, &x), [12.0, 16.0]);
    assert_eq!(fixture.get("running_mean"), [1.5]);
    assert_eq!(fixture.get("running_var"), [1.75]);
    let want = [-0.5, 1.5].map(|centred| 10.0 + 2.0 * centred / 1.75_f64.sqrt());
    assert_close(&output(&mut fixture, Mode::Train, &x), &want, 1e-14);
}

#[test]
fn only_training_changes_anything() {
    let device = Device::reference();
    let x = random(&device, &[3, 4, 2], 11);
    for steps in [StepRows::PerStep(3), StepRows::Shared] {
        let config = OnlineNormConfig {
            backward: Some(0.8),
            steps,
            ..PLAIN
        };
        let mut fixture = fixture(&device, 2, config);
        let state = |fixture: &Fixture<OnlineNorm>| STATISTICS.map(|name| fixture.get(name));
        let mut before = state(&fixture);
        pass(&mut fixture, Mode::Train, &x, &x);
        let trained = state(&fixture);
        for (name, (old, new)) in before.iter().zip(&trained).enumerate() {
            assert!(old != new, "statistic {name} stays in training");
        }
        before = trained;
        let want = output(&mut fixture, Mode::Eval(Statistics::Running), &x);
        for mode in NOT_TRAINING {
            let [y, _] = pass(&mut fixture, mode, &x, &x);
            assert_eq!(y, want);
            assert_eq!(state(&fixture), before);
        }
    }
}

#[test]
fn evaluation_knows_no_batch() {
    let device = Device::reference();
    let x = random(&device, &[5, 4, 2], 12);
    let mut fixture = fixture(&device, 2, PLAIN);
    pass(&mut fixture, Mode::Train, &x.rows(0..3), &x.rows(0..3));
    let mode = Mode::Eval(Statistics::Running);
    let all = output(&mut fixture, mode, &x);
    for b in 0..4 {
        let alone = output(&mut fixture, mode, &x.slice(1, b..b + 1));
        let of_all: Vec<f64> = (0..5)
            .flat_map(|t| all[(t * 4 + b) * 2..][..2].to_vec())
            .collect();
        assert_eq!(alone, of_all);
    }
    // The statistics of the last step serve for those beyond.
    let still = x.rows(2..3).broadcast_to([5, 4, 2]);
    let steps = output(&mut fixture, mode, &still);
    assert_eq!(steps[16..24], steps[24..32]);
    assert_ne!(steps[8..16], steps[16..24]);
}

/// Everything that it has learned is in the store.
#[test]
fn a_restored_normalizer_goes_on_as_if_it_had_not_stopped() {
    let device = Device::reference();
    let x = random(&device, &[3, 4, 2], 18);
    let config = OnlineNormConfig {
        backward: Some(0.8),
        ..PLAIN
    };
    let [mut going, mut restored] = [fixture(&device, 2, config), fixture(&device, 2, config)];
    pass(&mut going, Mode::Train, &x, &x);
    let sgd = OptimizerConfig::Sgd {
        learning_rate: 0.1,
        momentum: 0.0,
    };
    let mut optimizer = Optimizer::new(sgd, &going.store);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("checkpoint.safetensors");
    save(&path, &going.store, &optimizer, &()).expect("saving");
    let checkpoint = Checkpoint::read(&path).expect("reading");
    checkpoint
        .restore(&mut restored.store, &mut optimizer)
        .expect("restoring");
    let want = pass(&mut going, Mode::Train, &x, &x);
    assert_eq!(pass(&mut restored, Mode::Train, &x, &x), want);
    for name in STATISTICS {
        assert_eq!(restored.get(name), going.get(name));
    }
}

/// Where a device has a whole sequence as one operation, evaluation takes that.
#[test]
fn a_fused_sequence_is_evaluated_alike() {
    let device = Device::new(Arc::new(Cpu::new(1)));
    for steps in [StepRows::PerStep(3), StepRows::Shared] {
        let mut fixture = Fixture::new(&device, |scope| {
            let mut site = |name: &str, features| -> Option<Box<dyn Normalizer<f64>>> {
                let config = OnlineNormConfig { steps, ..PLAIN };
                Some(Box::new(OnlineNorm::new(
                    &mut scope.within(name),
                    features,
                    config,
                )))
            };
            let sites = Sites {
                h: site("h", 16),
                x: site("x", 16),
                c: site("c", 4),
                ..Sites::default()
            };
            Lstm::new(scope, &LstmConfig::new(2, 4), sites)
        });
        let tape = Tape::new(&device);
        let x = tape.constant(random(&device, &[5, 4, 2], 19));
        let mut run = |mode, by_steps: bool, steps: usize| {
            let mut context = Context::new(&tape, &mut fixture.store, mode, &mut fixture.rng);
            let input = x.slice(0, 0..steps).into();
            let states = match by_steps {
                true => fixture.norm.forward_by_steps(&mut context, &input),
                false => fixture.norm.forward(&mut context, &input),
            };
            states.h.value().to_vec()
        };
        run(Mode::Train, false, 3);
        let mode = Mode::Eval(Statistics::Running);
        // The same formulas in another order, of numbers below 1.
        assert_close(&run(mode, false, 5), &run(mode, true, 5), 1e-14);
    }
}

/// Rows that have ended are in no statistic, in no controller and in no live row's gradient,
/// whatever they hold.
#[test]
fn padding_is_left_out() {
    let device = Device::reference();
    let lengths = Lengths::new(&device, &[2, 1, 2], 3);
    let run = |padding: Padding, filler: f64| {
        let mut numbers = random(&device, &[3, 3, 2], 13).to_vec();
        for row in [4, 6, 7, 8] {
            numbers[row * 2..row * 2 + 2].fill(filler);
        }
        let config = OnlineNormConfig {
            backward: Some(0.8),
            padding,
            ..PLAIN
        };
        let mut fixture = fixture(&device, 2, config);
        let tape = Tape::new(&device);
        let mut context = Context::new(&tape, &mut fixture.store, Mode::Train, &mut fixture.rng);
        let x = tape.leaf(device.tensor([3, 3, 2], &numbers));
        let y = fixture.norm.sequence(&mut context, x, 0, Some(&lengths));
        let live = lengths.pick(y);
        let mut gradients = tape.backward(live.mul(live).sum());
        let dx = gradients.take(x).expect("a gradient").to_vec();
        context.param_gradients(gradients);
        let live = live.value().to_vec();
        (live, dx, STATISTICS.map(|name| fixture.get(name)))
    };
    let (y, dx, statistics) = run(Padding::Mask, 0.0);
    assert_eq!(run(Padding::Mask, f64::NAN), (y, dx, statistics.clone()));
    // Two live rows at step 1, none at step 2.
    assert_eq!(statistics[0][4..], [0.0; 2]);
    assert_eq!(statistics[1][4..], [1.0; 2]);
    let (_, _, included) = run(Padding::Include, 5.0);
    assert_eq!(included[0][..2], statistics[0][..2]);
    // One of three rows of step 1 is a 5, the others are above −1: a mean of 1 or more, of which
    // 1 − 0.9³ is taken in. Without it they are below 1, of which 1 − 0.9² is.
    assert!(included[0][2] > 0.27 && statistics[0][2] < 0.2);
    // Step 2, which no sequence has, counts in no way.
    assert_eq!(included[0][4..], [0.0; 2]);
    assert_eq!(included[1][4..], [1.0; 2]);
}

/// What another normalizer remembers of the pass is not taken for one's own.
#[test]
fn values_of_earlier_steps_in_the_memory_do_not_matter() {
    let device = Device::reference();
    let config = OnlineNormConfig {
        steps: StepRows::Shared,
        backward: Some(0.8),
        ..PLAIN
    };
    let run = |others: u64| {
        let mut fixture = fixture(&device, 2, config);
        let tape = Tape::new(&device);
        let mut context = Context::new(&tape, &mut fixture.store, Mode::Train, &mut fixture.rng);
        let x = tape.leaf(random(&device, &[3, 4, 2], 23));
        let mut memory = Memory::default();
        let mut y = Vec::new();
        for (t, x) in x.unbind().into_iter().enumerate() {
            y.push(fixture.norm.step(&mut context, x, Step::new(t, 3), &mut memory));
            for seed in 0..others {
                let value = random(&device, &[1, 2], 24 + seed);
                memory.earlier.push_front(tape.constant(value));
            }
        }
        let y = Var::stack(&y);
        let mut gradients = tape.backward(y.square().sum());
        let dx = gradients.take(x).expect("a gradient").to_vec();
        context.param_gradients(gradients);
        (y.value().to_vec(), dx, STATISTICS.map(|name| fixture.get(name)))
    };
    let alone = run(0);
    assert_eq!(run(1), alone);
    assert_eq!(run(3), alone);
}

/// Nothing of the batch's own enters the gradient: the statistics are constants.
#[test]
fn gradcheck_several_steps() {
    let device = Device::reference();
    let inputs = [
        random(&device, &[3, 4, 2], 14),
        random(&device, &[2], 15),
        random(&device, &[2], 16),
    ];
    for mode in [Mode::Train, Mode::Eval(Statistics::Running)] {
        for steps in [StepRows::PerStep(3), StepRows::Shared] {
            let comparisons = gradcheck(
                |tape, inputs| {
                    let mut fixture = fixture(tape.device(), 2, OnlineNormConfig { steps, ..PLAIN });
                    let ids = ["norm/gamma", "norm/beta"].map(|path| fixture.store.find(path).expect("one"));
                    let mut context = Context::new(tape, &mut fixture.store, mode, &mut fixture.rng);
                    context.bind(ids[0], inputs[1]);
                    context.bind(ids[1], inputs[2]);
                    vec![fixture.norm.sequence(&mut context, inputs[0], 0, None)]
                },
                &inputs,
            );
            assert!(comparisons.iter().all(|comparison| comparison.numeric_rms > 0.05));
        }
    }
}

#[test]
fn gradcheck_in_every_cell_at_every_site() {
    for (mode, steps, lengths) in [
        (Mode::Train, StepRows::PerStep(3), vec![]),
        (Mode::Train, StepRows::Shared, vec![3, 1, 3, 2, 2]),
        (Mode::Eval(Statistics::Running), StepRows::PerStep(2), vec![]),
    ] {
        let check = LayerCheck {
            mode,
            lengths,
            ..LayerCheck::default()
        };
        check_every_site(&check, |scope: &mut Scope<'_, f64>, features| {
            Box::new(OnlineNorm::new(
                scope,
                features,
                OnlineNormConfig { steps, ..PLAIN },
            ))
        });
    }
}

#[test]
#[should_panic(expected = "statistics `norm`: step 3 of a training sequence, but there are statistics for 3")]
fn a_training_step_without_a_row_panics() {
    let device = Device::reference();
    let x = random(&device, &[4, 2, 2], 17);
    output(&mut fixture(&device, 2, PLAIN), Mode::Train, &x);
}

#[test]
#[should_panic(expected = "online normalization `norm`: a backward decay of 1.5; 0 to 1 fit")]
fn a_decay_above_one_panics() {
    fixture(
        &Device::reference(),
        2,
        OnlineNormConfig {
            backward: Some(1.5),
            ..PLAIN
        },
    );
}

#[test]
#[should_panic(
    expected = "online normalization `norm`: sequence-wise statistics; per-step or shared ones fit"
)]
fn sequence_wise_statistics_panic() {
    fixture(
        &Device::reference(),
        2,
        OnlineNormConfig {
            steps: StepRows::SequenceWise,
            ..PLAIN
        },
    );
}
