//! Columns and rows without variance: finite values, bounded gradients.

use autodiff::{Device, Shape, Tape, Tensor};
use bnlstm::cell::Site;
use bnlstm::list::combinations;
use bnlstm::normalization::VARIANTS;
use kernels::Unary;
use nn::context::{Context, Mode};
use nn::params::Role;
use proptest::prelude::*;

use crate::support::{
    D, H, How, Single, T_MAX, Trial, assert_finite, config, designs, devices, features, model, random,
};

const GAMMA: f64 = 0.7;
const EPSILON: f64 = 1e-5;
/// Norm below which the columns of a weight are divided by this instead.
const LEAST_COLUMN_NORM: f64 = 1e-6;

/// How much longer a gradient can become, `‖dx‖₂ / ‖dy‖₂`, on its way through the values of a site,
/// through the weight and through the vector that is multiplied.
struct Bound {
    values: f64,
    weight: f64,
    operand: f64,
}

impl Bound {
    fn of_values(values: f64) -> Self {
        Self {
            values,
            weight: 1.0,
            operand: 1.0,
        }
    }
}

/// Each normalization with its bound.
///
/// The gradient through moments of the values is `γ/√(var + ε)` times a projection of `dy`, or less:
/// the mean is removed, and a part along the normalized values. That is `γ/√ε` at most.
fn bounds(name: &str) -> Vec<(String, Bound)> {
    let with = |options: &str| format!("{name}(gamma={GAMMA},eps={EPSILON:e}{options})");
    let through_moments = GAMMA / EPSILON.sqrt();
    match name {
        "none" => vec![],
        "batch" | "layer" | "rms" | "group" => vec![(with(""), Bound::of_values(through_moments))],
        // Times r, which is 1 at the start and 3 at most.
        "batch-renorm" => vec![
            (with(""), Bound::of_values(through_moments)),
            (
                with(",start=0,ramp=0,rmax=3"),
                Bound::of_values(3.0 * through_moments),
            ),
        ],
        // Each step is in the windows of so many.
        "assorted-time" => vec![(with(",window=2"), Bound::of_values(2.0 * through_moments))],
        // The variance before may be 0, as it is here; no gradient has been controlled yet.
        "online" => vec![(with(""), Bound::of_values(through_moments))],
        // tanh' is 1 at most.
        "dyt" => vec![(
            format!("dyt(gamma={GAMMA},alpha=3)"),
            Bound::of_values(3.0 * GAMMA),
        )],
        "weight" => vec![(
            format!("weight(gamma={GAMMA})"),
            Bound {
                weight: GAMMA / LEAST_COLUMN_NORM,
                ..Bound::of_values(1.0)
            },
        )],
        "norm-propagation" => vec![(
            format!("norm-propagation(gamma={GAMMA})"),
            Bound {
                weight: GAMMA / LEAST_COLUMN_NORM,
                ..Bound::of_values(1.0)
            },
        )],
        "cosine" => vec![(
            with(""),
            Bound {
                values: GAMMA,
                weight: 1.0 / LEAST_COLUMN_NORM,
                operand: 1.0 / EPSILON,
            },
        )],
        name => panic!("how long can the gradient through `{name}` become? say it here"),
    }
}

/// `x` of which some columns and some rows hold one number each.
fn flat(device: &Device<f64>, shape: Shape, [columns, rows]: [u64; 2], number: f64) -> Tensor<f64> {
    let mut values = random(device, shape, 3).to_vec();
    for (i, value) in values.iter_mut().enumerate() {
        let (row, column) = (i / shape.last(), i % shape.last());
        if columns >> (column % 64) & 1 == 1 || rows >> (row % 64) & 1 == 1 {
            *value = number;
        }
    }
    device.tensor(shape, &values)
}

fn norm(x: &Tensor<f64>) -> f64 {
    x.map(Unary::Square).to_vec().iter().sum::<f64>().sqrt()
}

/// Through which part of a normalizer.
#[derive(Clone, Copy, Debug)]
enum Part {
    Values,
    Weight,
    Operand,
}

fn check(device: &Device<f64>, text: &str, part: Part, x: &Tensor<f64>, bound: f64, seed: u64) {
    let mut single = Single::new(device, text, Site::X);
    // What has no variance for long has none in the running averages.
    if let Some(id) = single.store.find("norm/running_var") {
        single.store.get_mut(id).map_in_place(Unary::Scale(0.0));
    }
    let tape = Tape::new(device);
    let mut context = Context::new(&tape, &mut single.store, Mode::Train, &mut single.rng);
    let leaf = tape.leaf(x.clone());
    let y = match part {
        Part::Values => single.norm.sequence(&mut context, leaf, 0, None),
        Part::Weight => single.norm.weight(&mut context, leaf),
        Part::Operand => single.norm.operand(&mut context, leaf),
    };
    let what = format!("{text}, {part:?}");
    assert_finite(&what, &y.value());
    let dy = random(device, y.shape(), seed);
    let dx = tape
        .backward_from(&[(y, dy.clone())])
        .take(leaf)
        .expect("a gradient");
    let (dx, dy) = (norm(&dx), norm(&dy));
    // Where the bound is reached, up to rounding.
    assert!(
        dx <= bound * dy * (1.0 + 1e-12),
        "{what}: {dx} from {dy}, above {bound} times that"
    );
}

proptest! {
    #![proptest_config(config(24))]

    #[test]
    fn what_has_no_variance_has_bounded_gradients(
        some in any::<[u64; 2]>(), all in any::<bool>(), number in prop_oneof![Just(0.0), -1e6_f64..1e6],
        batch in 2_usize..5, seed in any::<u64>(),
    ) {
        let some = if all { [u64::MAX; 2] } else { some };
        let values: Shape = [T_MAX, batch, features(Site::X)].into();
        for device in devices() {
            for (text, bound) in VARIANTS.iter().flat_map(|variant| bounds(variant.name)) {
                let x = flat(&device, values, some, number);
                check(&device, &text, Part::Values, &x, bound.values, seed);
                let w = flat(&device, [D, features(Site::X)].into(), some, 0.0);
                check(&device, &text, Part::Weight, &w, bound.weight, seed);
                let v = flat(&device, [T_MAX, batch, D].into(), some, 0.0);
                check(&device, &text, Part::Operand, &v, bound.operand, seed);
            }
        }
    }
}

/// States, gradients and statistics of a training pass over equal examples are finite, with weights as
/// they are and with nothing but zeros.
#[test]
fn a_batch_of_equal_examples_has_finite_gradients() {
    assert!(combinations().count() > 100);
    for device in devices() {
        let r = random(&device, [T_MAX, 4, H], 3);
        for (cell, text) in designs() {
            for zeros in [false, true] {
                let mut trial = Trial::of(&device, &model(cell, &text, H));
                let one = random(&device, [T_MAX, 1, D], 2);
                let mut x = one.broadcast_to([T_MAX, 4, D]);
                if zeros {
                    x = device.zeros(x.shape());
                    let ids = trial
                        .store
                        .iter()
                        .filter(|(_, param)| param.role == Role::Trainable);
                    let ids: Vec<_> = ids.map(|(id, _)| id).collect();
                    for id in ids {
                        trial.store.get_mut(id).map_in_place(Unary::Scale(0.0));
                    }
                }
                let outcome = trial.run(Mode::Train, How::Fast, &x, None, &r);
                for (name, tensor) in outcome.named(trial.statistics()) {
                    assert_finite(&format!("{cell} {text}, zeros {zeros}: {name}"), &tensor);
                }
            }
        }
    }
}
