//! Batches without variance, and batches of one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use autodiff::{Device, Tape, Tensor, Var};
use nn::context::{Context, Mode};
use nn::norm::{
    BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Memory, Normalizer, Padding, Step, StepRows,
};
use nn::params::{ParamStore, Scope};
use proptest::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{
    D, Design, EPSILON, H, Kind, Norm, PER_STEP, T_MAX, Trial, config, designs, devices, random,
};

const GAMMA: f64 = 0.7;
const FEATURES: usize = 4;

fn norm_of(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}

/// `y` and `dx` for `x [B, F]` and `dy`, with every `γ` at [`GAMMA`].
fn pass(
    make: impl FnOnce(&mut Scope<'_, f64>) -> Box<dyn Normalizer<f64>>,
    x: &Tensor<f64>,
    dy: &Tensor<f64>,
    whole: bool,
) -> [Tensor<f64>; 2] {
    let mut store = ParamStore::new(x.device());
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let normalizer = make(&mut Scope::new(&mut store, &mut rng));
    let tape = Tape::new(x.device());
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    let x = tape.leaf(x.clone());
    let as_sequence = |x: Var<'_, f64>| x.shape().with_leading(1);
    let y = match whole {
        true => {
            let sequence = x.reshape(as_sequence(x));
            normalizer
                .sequence(&mut context, sequence, 0, None)
                .reshape(x.shape())
        }
        false => normalizer.step(&mut context, x, Step::new(0, 1), &mut Memory::default()),
    };
    let mut gradients = tape.backward_from(&[(y, dy.clone())]);
    [y.value(), gradients.take(x).expect("a gradient")]
}

fn batch(steps: StepRows) -> impl FnOnce(&mut Scope<'_, f64>) -> Box<dyn Normalizer<f64>> {
    move |scope| {
        let config = BatchNormConfig {
            gamma: GAMMA,
            epsilon: EPSILON,
            steps,
            ..BatchNormConfig::default()
        };
        Box::new(BatchNorm::new(scope, FEATURES, config))
    }
}

fn layer(scope: &mut Scope<'_, f64>) -> Box<dyn Normalizer<f64>> {
    let config = LayerNormConfig {
        gamma: GAMMA,
        epsilon: EPSILON,
        beta: true,
        ..LayerNormConfig::default()
    };
    Box::new(LayerNorm::new(scope, FEATURES, config))
}

/// The gradient of a normalization is `γ/√(var + ε)` times a projection of `dy`, or less: it removes
/// the mean and a part along the normalized values. So over the values that share their moments
/// `‖dx‖₂ ≤ γ/√ε ‖dy‖₂`, also where the variance is 0.
#[track_caller]
fn check_bound(
    group: impl Fn(&Tensor<f64>, usize) -> Vec<f64>,
    groups: usize,
    dx: &Tensor<f64>,
    dy: &Tensor<f64>,
) {
    for g in 0..groups {
        let [dx, dy] = [dx, dy].map(|x| norm_of(group(x, g).into_iter()));
        let bound = GAMMA / EPSILON.sqrt() * dy;
        // The bound is reached where dy has no mean: up to rounding.
        assert!(dx <= bound * (1.0 + 1e-12), "group {g}: {dx} above {bound}");
    }
}

fn column(x: &Tensor<f64>, f: usize) -> Vec<f64> {
    x.to_vec().into_iter().skip(f).step_by(FEATURES).collect()
}

fn line(x: &Tensor<f64>, b: usize) -> Vec<f64> {
    x.row(b).to_vec()
}

/// `[B, F]` of which the columns named by `bits` hold one number each.
fn with_constant_columns(device: &Device<f64>, rows: usize, bits: u8, number: f64) -> Tensor<f64> {
    let mut values = random(device, [rows, FEATURES], 3).to_vec();
    for (i, value) in values.iter_mut().enumerate() {
        if bits >> (i % FEATURES) & 1 == 1 {
            *value = number;
        }
    }
    device.tensor([rows, FEATURES], &values)
}

#[track_caller]
fn assert_finite(what: &str, x: &Tensor<f64>) {
    assert!(
        x.to_vec().iter().all(|x| x.is_finite()),
        "{what}: {:?}",
        x.to_vec()
    );
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn columns_without_variance_have_bounded_gradients(
        rows in 2_usize..6, bits in 1_u8..16, number in -1e6_f64..1e6, seed in any::<u64>(),
    ) {
        for device in devices() {
            let dy = random(&device, [rows, FEATURES], seed);
            let x = with_constant_columns(&device, rows, bits, number);
            for steps in [StepRows::PerStep(1), StepRows::Shared] {
                for whole in [true, false] {
                    let [y, dx] = pass(batch(steps), &x, &dy, whole);
                    assert_finite("y", &y);
                    check_bound(column, FEATURES, &dx, &dy);
                }
            }
            let [y, dx] = pass(batch(StepRows::SequenceWise), &x, &dy, true);
            assert_finite("y", &y);
            check_bound(column, FEATURES, &dx, &dy);
            // The same for examples of equal features.
            let x = device.full([rows, FEATURES], number);
            for whole in [true, false] {
                let [y, dx] = pass(layer, &x, &dy, whole);
                assert_finite("y", &y);
                check_bound(line, rows, &dx, &dy);
            }
        }
    }

    /// A batch of equal examples has no variance anywhere in a cell.
    #[test]
    fn a_batch_of_equal_examples_has_finite_gradients(design in designs(&NORMS), batch in 2_usize..5) {
        for device in devices() {
            let one = random(&device, [T_MAX, 1, D], 2);
            let x = one.broadcast_to([T_MAX, batch, D]);
            let r = random(&device, [T_MAX, batch, H], 3);
            let mut trial = Trial::of(&device, &design);
            let outcome = trial.run(Mode::Train, &x, None, &r);
            assert_finite("h", &outcome.h);
            assert_finite("gradient of x", &outcome.of_x);
            for (path, gradient) in &outcome.gradients {
                assert_finite(path, gradient);
            }
            for (path, statistic) in trial.statistics() {
                assert_finite(&path, &statistic);
            }
        }
    }
}

const NORMS: [Norm; 4] = [
    Norm::Layer,
    Norm::Batch(PER_STEP, Padding::Mask),
    Norm::Batch(StepRows::Shared, Padding::Mask),
    Norm::Batch(StepRows::SequenceWise, Padding::Mask),
];

/// What a training pass of one example panics with.
fn complaint(device: &Device<f64>, design: &Design, lengths: Option<&[usize]>) -> String {
    let mut trial = Trial::of(device, design);
    let x = random(device, [T_MAX, 1, D], 2);
    let pass = catch_unwind(AssertUnwindSafe(|| trial.states(Mode::Train, &x, lengths)));
    let message = pass.expect_err("a batch of one is refused");
    *message
        .downcast::<String>()
        .expect("a message with numbers in it")
}

#[test]
fn a_training_batch_of_one_is_refused_with_layer_and_step() {
    for device in devices() {
        for kind in Kind::ALL {
            for (i, site) in kind.sites().iter().enumerate() {
                for steps in [PER_STEP, StepRows::Shared] {
                    let design = Design {
                        sites: 1 << i,
                        ..Design::everywhere(kind, Norm::Batch(steps, Padding::Mask))
                    };
                    let want = format!(
                        "batch normalization `cell/norm_{}`, step 0: a training batch of one example",
                        site.name()
                    );
                    for lengths in [None, Some(&[T_MAX - 1][..])] {
                        let message = complaint(&device, &design, lengths);
                        assert!(message.starts_with(&want), "{kind:?}: {message}");
                    }
                }
            }
        }
    }
}
