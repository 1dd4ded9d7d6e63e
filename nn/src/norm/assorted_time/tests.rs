use autodiff::{Comparison, Device, GradCheck, Tape, Tensor, Var, gradcheck};
use kernels::Unary;

use super::super::testing::{Fixture, assert_close, check_every_site, random};
use super::super::{LayerNorm, LayerNormConfig, Memory, Normalizer, Step};
use super::{AssortedTimeNorm, AssortedTimeNormConfig};
use crate::check::LayerCheck;
use crate::context::{Context, Mode};
use crate::params::Scope;

fn config(window: usize, groups: usize) -> AssortedTimeNormConfig {
    AssortedTimeNormConfig {
        window,
        groups,
        ..AssortedTimeNormConfig::default()
    }
}

fn fixture(
    device: &Device<f64>,
    features: usize,
    config: AssortedTimeNormConfig,
) -> Fixture<AssortedTimeNorm> {
    Fixture::new(device, |scope| AssortedTimeNorm::new(scope, features, config))
}

/// Which of the two ways.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Steps,
    Sequence,
}

const WAYS: [Way; 2] = [Way::Steps, Way::Sequence];

fn forward<'t>(
    norm: &impl Normalizer<f64>,
    context: &mut Context<'t, '_, f64>,
    x: Var<'t, f64>,
    way: Way,
) -> Var<'t, f64> {
    forward_from(norm, context, x, (0, way))
}

/// From a time step on.
fn forward_from<'t>(
    norm: &impl Normalizer<f64>,
    context: &mut Context<'t, '_, f64>,
    x: Var<'t, f64>,
    (from, way): (usize, Way),
) -> Var<'t, f64> {
    if way == Way::Sequence {
        return norm.sequence(context, x, from, None);
    }
    let first = Step::first(from, x.shape().extent(0));
    let mut memory = Memory::default();
    let steps = x.unbind().into_iter().enumerate();
    let steps: Vec<_> = steps
        .map(|(t, x)| norm.step(context, x, Step { t, ..first }, &mut memory))
        .collect();
    Var::stack(&steps)
}

fn value(fixture: &mut Fixture<impl Normalizer<f64>>, x: &Tensor<f64>, way: Way) -> Vec<f64> {
    let tape = Tape::inference(x.device());
    let mut context = Context::new(&tape, &mut fixture.store, Mode::Train, &mut fixture.rng);
    forward(&fixture.norm, &mut context, tape.constant(x.clone()), way)
        .value()
        .to_vec()
}

/// One example of two features, a window of two steps, ε = 0. Step 0: 1, 3 by themselves, mean 2,
/// variance 1. Step 1: mean 4, variance 5 of 1, 3, 5, 7. Step 2: mean 6, variance 1 of 5, 7, 5, 7.
#[test]
fn value_by_hand() {
    let device = Device::reference();
    let config = AssortedTimeNormConfig {
        epsilon: 0.0,
        ..config(2, 1)
    };
    let mut fixture = fixture(&device, 2, config);
    fixture.set("gamma", &[1.0, 2.0]);
    fixture.set("beta", &[0.0, 0.5]);
    let x = device.tensor([3, 1, 2], &[1.0, 3.0, 5.0, 7.0, 5.0, 7.0]);
    let root = 5.0_f64.sqrt();
    let want = [
        -1.0,
        2.0 + 0.5,
        1.0 / root,
        2.0 * 3.0 / root + 0.5,
        -1.0,
        2.0 + 0.5,
    ];
    for way in WAYS {
        // Some roundings of numbers below 4.
        assert_close(&value(&mut fixture, &x, way), &want, 1e-15 * 4.0);
    }
}

/// The definition, straight from the activations of the window.
fn by_definition(x: &Tensor<f64>, window: usize, groups: usize, epsilon: f64) -> Vec<f64> {
    let [of, batch, features] = [0, 1, 2].map(|axis| x.shape().extent(axis));
    let (x, width) = (x.to_vec(), features / groups);
    let at = |t: usize, b: usize, j: usize| x[(t * batch + b) * features + j];
    let mut y = Vec::new();
    for t in 0..of {
        for b in 0..batch {
            for j in 0..features {
                let group = j / width * width..(j / width + 1) * width;
                let steps = (t + 1).saturating_sub(window)..t + 1;
                let inside = steps.flat_map(|s| group.clone().map(move |j| (s, j)));
                let inside: Vec<f64> = inside.map(|(s, j)| at(s, b, j)).collect();
                let count = inside.len() as f64;
                let mean = inside.iter().sum::<f64>() / count;
                let var = inside.iter().map(|a| (a - mean).powi(2)).sum::<f64>() / count;
                y.push((at(t, b, j) - mean) / (var + epsilon).sqrt());
            }
        }
    }
    y
}

/// Windows of one step, of some, of as many as there are and of more; a mean that is large against
/// the deviations, of which a difference of squares would leave nothing.
#[test]
fn both_ways_are_the_definition() {
    let device = Device::reference();
    for (offset, tolerance) in [(0.0, 1e-13), (1e6, 1e-8)] {
        // Of 1e6 the last bit is 1e-10.
        let x = random(&device, &[7, 3, 6], 4).map(Unary::Shift(offset));
        for (window, groups) in [(1, 1), (3, 1), (3, 2), (7, 3), (20, 1)] {
            let want = by_definition(&x, window, groups, 1e-5);
            for way in WAYS {
                let got = value(&mut fixture(&device, 6, config(window, groups)), &x, way);
                assert_close(&got, &want, tolerance);
            }
        }
    }
}

#[test]
fn a_window_of_one_step_is_layer_normalization() {
    let device = Device::reference();
    let x = random(&device, &[4, 3, 5], 1);
    let mut layer = Fixture::new(&device, |scope| {
        LayerNorm::new(scope, 5, LayerNormConfig::default())
    });
    let want = value(&mut layer, &x, Way::Sequence);
    for way in WAYS {
        // The same formula in another order, of numbers below 4.
        assert_close(
            &value(&mut fixture(&device, 5, config(1, 1)), &x, way),
            &want,
            1e-14,
        );
    }
}

/// Mean 0 and variance 1 over the window: with a window of the whole sequence, over all that came.
#[test]
fn the_last_step_of_a_still_sequence_has_the_moments_of_its_window() {
    let device = Device::reference();
    let row = random(&device, &[1, 2, 6], 8);
    let x = row.broadcast_to([5, 2, 6]);
    let config = AssortedTimeNormConfig {
        epsilon: 0.0,
        ..config(3, 1)
    };
    let y = value(&mut fixture(&device, 6, config), &x, Way::Steps);
    for row in y.chunks(6) {
        let mean = row.iter().sum::<f64>() / 6.0;
        let square = row.iter().map(|y| y * y).sum::<f64>() / 6.0;
        assert_close(&[mean, square], &[0.0, 1.0], 1e-14);
    }
}

#[test]
fn a_column_without_variance_is_finite() {
    let device = Device::reference();
    let x = device.full([4, 2, 3], 7.0);
    for way in WAYS {
        assert_eq!(value(&mut fixture(&device, 3, config(3, 1)), &x, way), [0.0; 24]);
    }
}

fn gradients(window: usize, groups: usize, way: Way) -> Vec<Comparison> {
    let device = Device::reference();
    let inputs = [
        random(&device, &[5, 2, 4], 2),
        random(&device, &[4], 3),
        random(&device, &[4], 4),
    ];
    gradcheck(
        |tape, inputs| {
            let mut fixture = Fixture::new(tape.device(), |scope| {
                AssortedTimeNorm::new(scope, 4, config(window, groups))
            });
            let ids = ["norm/gamma", "norm/beta"].map(|path| fixture.store.find(path).expect("a parameter"));
            let mut context = Context::new(tape, &mut fixture.store, Mode::Train, &mut fixture.rng);
            context.bind(ids[0], inputs[1]);
            context.bind(ids[1], inputs[2]);
            vec![forward(&fixture.norm, &mut context, inputs[0], way)]
        },
        &inputs,
    )
}

#[test]
fn gradcheck_both_ways() {
    for way in WAYS {
        for (window, groups) in [(1, 1), (3, 1), (3, 2), (8, 1)] {
            for comparison in gradients(window, groups, way) {
                assert!(comparison.numeric_rms > 0.05, "{comparison}");
            }
        }
    }
}

#[test]
fn gradcheck_in_every_cell_at_every_site() {
    // Two values in a group that are nearly alike have a variance near ε, where the curvature is large:
    // the differences' own error, which falls with the square of the step, is 5e-6 at a step of 1e-5.
    let differences = GradCheck {
        step: 1e-6,
        ..GradCheck::default()
    };
    for (window, groups, lengths) in [(2, 1, vec![]), (3, 2, vec![3, 1, 3, 2, 2])] {
        let check = LayerCheck {
            lengths,
            differences,
            ..LayerCheck::default()
        };
        check_every_site(&check, |scope: &mut Scope<'_, f64>, features| {
            Box::new(AssortedTimeNorm::new(scope, features, config(window, groups)))
        });
    }
}

#[test]
#[should_panic(
    expected = "assorted-time normalization `norm`: 4 groups of 6 features; a number that divides"
)]
fn groups_divide_the_features() {
    fixture(&Device::reference(), 6, config(3, 4));
}

#[test]
#[should_panic(expected = "assorted-time normalization `norm`: a window of 0 steps; 1 or more fit")]
fn a_window_is_not_empty() {
    fixture(&Device::reference(), 6, config(0, 1));
}

/// Two steps from step 7 on.
fn later(window: usize, way: Way) -> Vec<f64> {
    let device = Device::reference();
    let mut fixture = fixture(&device, 6, config(window, 1));
    let tape = Tape::inference(&device);
    let mut context = Context::new(&tape, &mut fixture.store, Mode::Train, &mut fixture.rng);
    let x = tape.constant(random(&device, &[2, 3, 6], 1));
    forward_from(&fixture.norm, &mut context, x, (7, way))
        .value()
        .to_vec()
}

#[test]
#[should_panic(expected = "a sequence from time step 7 on, but its windows of 2 steps begin before that")]
fn a_step_whose_window_is_not_known_is_refused() {
    later(2, Way::Steps);
}

#[test]
#[should_panic(expected = "a sequence from time step 7 on, but its windows of 2 steps begin before that")]
fn a_sequence_whose_windows_are_not_known_is_refused() {
    later(2, Way::Sequence);
}

#[test]
fn windows_of_one_step_fit_anywhere() {
    let [steps, sequence] = WAYS.map(|way| later(1, way));
    assert_close(&steps, &sequence, 1e-14);
}
