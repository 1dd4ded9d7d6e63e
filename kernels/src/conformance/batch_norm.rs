//! Moments over the batch axis and batch normalization.

use proptest::prelude::{Strategy, any};

use super::bound::{denormal, mean, roundings, sum};
use super::host::{Case, Host, Outputs, check_all};
use super::values::{Kind, Values, rounded, size, values};
use crate::Real;
use crate::backend::{Backend, BatchNorm, NormGradients};
use crate::dims::Columns;

const EPSILON: f64 = 1e-5;

/// Checks `moments`, `batch_norm` and `batch_norm_backward`.
///
/// Conditioning: a mean is off by `δ ≤ s(B) mean|x|`, with `s(B)` the relative error of a sum over
/// the batch; or, where deviations from one of the elements are summed, by `s(B)` times their mean
/// magnitude. Two passes give `Σ (x − mean − δ)² / B = var + δ²`, so that is what a variance is
/// off by, besides roundings relative to itself; `E[x²] − E[x]²` would be off by `mean(x²) s(B)`,
/// 1e12 times as much as the variance for a mean of 1e6 and a spread of 1.
///
/// A normalization with given statistics has a few roundings relative to `gamma ⊙ x̂` and to `beta`,
/// which rules out to fold the mean into a shift.
pub fn batch_norm<T: Real>(backend: &dyn Backend<T>) {
    let groups = || proptest::sample::select(&[0, 1, 1, 2, 3][..]);
    let dims = || {
        let extents = (groups(), size(), size());
        extents.prop_map(|(groups, batch, features)| Columns {
            groups,
            batch,
            features,
        })
    };
    let moments = (dims(), values(&[Kind::Special]));
    check_all(
        backend,
        150,
        moments.prop_map(|(dims, values)| Moments { dims, values }),
    );
    let forward = (dims(), values(&[Kind::Special]), any::<bool>());
    let forward = forward.prop_map(|(dims, values, beta)| Forward { dims, values, beta });
    check_all(backend, 150, forward);
    let backward = (dims(), values(&[Kind::Missing]), any::<bool>());
    let backward = backward.prop_map(|(dims, values, beta)| Backward { dims, values, beta });
    check_all(backend, 150, backward);
}

fn len(dims: Columns) -> usize {
    dims.groups * dims.batch * dims.features
}

/// Element `b` of column `f` of group `g`.
fn at(dims: Columns, g: usize, b: usize, f: usize) -> usize {
    (g * dims.batch + b) * dims.features + f
}

/// Group, example and feature of every element.
fn elements(dims: Columns) -> impl Iterator<Item = (usize, usize, usize)> {
    let examples = (0..dims.groups).flat_map(move |g| (0..dims.batch).map(move |b| (g, b)));
    examples.flat_map(move |(g, b)| (0..dims.features).map(move |f| (g, b, f)))
}

#[derive(Debug)]
struct Moments {
    dims: Columns,
    values: Values,
}

impl Case for Moments {
    fn operation(&self) -> &'static str {
        "moments"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let x = host.input(&self.values.take(0, len(self.dims)));
        let statistics = self.dims.groups * self.dims.features;
        let (mut mean, mut var) = (host.output(statistics), host.output(statistics));
        host.backend
            .moments(self.dims, x.view(), mean.view_mut(), var.view_mut());
        vec![("mean", host.values(&mean)), ("var", host.values(&var))]
    }

    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        let Columns {
            groups,
            batch,
            features,
        } = self.dims;
        let x = self.values.rounded::<T>(0, len(self.dims));
        let (mut means, mut vars) = (vec![], vec![]);
        for statistic in 0..groups * features {
            let (g, f) = (statistic / features, statistic % features);
            let column = |b: usize| x[at(self.dims, g, b, f)];
            let (mean, var) = moment_bounds::<T>(batch, column, want[1].1[statistic]);
            means.push(mean);
            vars.push(var);
        }
        vec![means, vars]
    }
}

/// Largest errors of a mean and of a variance, see [`batch_norm`].
pub(super) fn moment_bounds<T: Real>(len: usize, x: impl Fn(usize) -> f64, var: f64) -> (f64, f64) {
    let center = mean(len, &x);
    let plain = mean(len, |i| x(i).abs());
    // Sums of deviations from any one of the elements.
    let farthest = (0..len).map(|i| (x(i) - center).abs()).fold(0.0, f64::max);
    let shifted = mean(len, |i| (x(i) - center).abs()) + farthest;
    let shift = sum::<T>(len, 3.0) * plain.max(shifted) + denormal::<T>();
    let square = shift * shift;
    // Squares may underflow.
    (
        shift,
        sum::<T>(len, 6.0) * (var + square) + square + 2.0 * denormal::<T>(),
    )
}

/// The operands of a normalization, rounded to the type under test; the statistics are those of `x`.
struct Operands {
    x: Vec<f64>,
    mean: Vec<f64>,
    var: Vec<f64>,
    gamma: Vec<f64>,
    beta: Vec<f64>,
    dy: Vec<f64>,
    epsilon: f64,
}

impl Operands {
    fn new(dims: Columns, values: Values, round: fn(f64) -> f64) -> Self {
        let take = |values: Values, stream, len| -> Vec<f64> {
            values.take(stream, len).into_iter().map(round).collect()
        };
        let x = take(values, 0, len(dims));
        let (mut means, mut vars) = (vec![], vec![]);
        for statistic in 0..dims.groups * dims.features {
            let (g, f) = (statistic / dims.features, statistic % dims.features);
            let column = |b: usize| x[at(dims, g, b, f)];
            let center = mean(dims.batch, column);
            means.push(round(center));
            vars.push(round(mean(dims.batch, |b| (column(b) - center).powi(2))));
        }
        let ordinary = values.of(Kind::Ordinary);
        let cotangent = if values.kind == Kind::Missing {
            values
        } else {
            ordinary
        };
        Self {
            x,
            mean: means,
            var: vars,
            gamma: take(ordinary, 1, dims.features),
            beta: take(ordinary, 2, dims.features),
            dy: take(cotangent, 3, len(dims)),
            epsilon: round(EPSILON),
        }
    }

    /// `1 / √(var + epsilon)`
    fn inverse(&self, statistic: usize) -> f64 {
        1.0 / (self.var[statistic] + self.epsilon).sqrt()
    }
}

/// Calls `f` with the five operands of [`BatchNorm`] on a device.
fn with_input<E: Real, R>(
    host: &Host<'_, E>,
    operands: &Operands,
    beta: bool,
    f: impl FnOnce(BatchNorm<'_, E>) -> R,
) -> R {
    let put = |values: &Vec<f64>| host.input(values);
    let (x, mean, var) = (put(&operands.x), put(&operands.mean), put(&operands.var));
    let (gamma, shift) = (put(&operands.gamma), put(&operands.beta));
    f(BatchNorm {
        x: x.view(),
        mean: mean.view(),
        var: var.view(),
        gamma: gamma.view(),
        beta: beta.then(|| shift.view()),
    })
}

#[derive(Debug)]
struct Forward {
    dims: Columns,
    values: Values,
    beta: bool,
}

impl Case for Forward {
    fn operation(&self) -> &'static str {
        "batch_norm"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let operands = Operands::new(self.dims, self.values, host.round);
        let mut y = host.output(len(self.dims));
        let epsilon = host.scalar(EPSILON);
        with_input(host, &operands, self.beta, |input| {
            host.backend.batch_norm(self.dims, epsilon, input, y.view_mut());
        });
        vec![("y", host.values(&y))]
    }

    /// A difference, a sum, a root, a quotient, two products and a sum, of which the root halves
    /// the error of what it is taken of.
    fn allowed<T: Real>(&self, _: &Outputs) -> Vec<Vec<f64>> {
        let operands = Operands::new(self.dims, self.values, rounded::<T>);
        let bound = |(i, (g, _, f)): (usize, (usize, usize, usize))| {
            let statistic = g * self.dims.features + f;
            let centred = operands.x[i] - operands.mean[statistic];
            let scaled = operands.gamma[f] * centred * operands.inverse(statistic);
            let magnitude = scaled.abs() + operands.beta[f].abs();
            roundings::<T>(7.0, 7.0) * magnitude + underflow::<T>(operands.inverse(statistic))
        };
        vec![elements(self.dims).enumerate().map(bound).collect()]
    }
}

/// Error of a denormal intermediate result that is multiplied by a factor of ordinary operands.
pub(super) fn underflow<T: Real>(factor: f64) -> f64 {
    10.0 * (1.0 + factor) * denormal::<T>()
}

#[derive(Debug)]
struct Backward {
    dims: Columns,
    values: Values,
    beta: bool,
}

impl Case for Backward {
    fn operation(&self) -> &'static str {
        "batch_norm_backward"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let operands = Operands::new(self.dims, self.values, host.round);
        let dy = host.input(&operands.dy);
        let mut dx = host.output(len(self.dims));
        let mut d_gamma = host.output(self.dims.features);
        let mut d_beta = host.output(self.dims.features);
        with_input(host, &operands, self.beta, |input| {
            let gradients = NormGradients {
                dx: dx.view_mut(),
                d_gamma: d_gamma.view_mut(),
                d_beta: self.beta.then(|| d_beta.view_mut()),
            };
            let epsilon = host.scalar(EPSILON);
            host.backend
                .batch_norm_backward(self.dims, epsilon, input, dy.view(), gradients);
        });
        let mut outputs = vec![("dx", host.values(&dx)), ("d_gamma", host.values(&d_gamma))];
        if self.beta {
            outputs.push(("d_beta", host.values(&d_beta)));
        }
        outputs
    }

    /// `x̂` has 5 roundings; each part of `dx` is allowed a sum over the batch and 20 roundings
    /// of the three magnitudes that it is made of, as they may cancel.
    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        let dims = self.dims;
        let operands = Operands::new(dims, self.values, rounded::<T>);
        let inverse = |g: usize, f: usize| operands.inverse(g * dims.features + f);
        let x_hat = |g: usize, b: usize, f: usize| {
            let centred = operands.x[at(dims, g, b, f)] - operands.mean[g * dims.features + f];
            centred * inverse(g, f)
        };
        let dy = |g: usize, b: usize, f: usize| operands.dy[at(dims, g, b, f)].abs();
        let projected = |g: usize, b: usize, f: usize| dy(g, b, f) * x_hat(g, b, f).abs();

        let dx = elements(dims).map(|(g, b, f)| {
            let factor = (operands.gamma[f] * inverse(g, f)).abs();
            let plain = mean(dims.batch, |b| dy(g, b, f));
            let along = x_hat(g, b, f).abs() * mean(dims.batch, |b| projected(g, b, f));
            let magnitude = factor * (dy(g, b, f) + plain + along);
            let steps = (1.0 + x_hat(g, b, f).abs()) * (1.0 + inverse(g, f));
            sum::<T>(dims.batch, 20.0) * magnitude + underflow::<T>(steps * factor)
        });
        let over = |magnitude: &dyn Fn(usize, usize, usize) -> f64, f: usize| -> f64 {
            let examples = (0..dims.groups).flat_map(|g| (0..dims.batch).map(move |b| (g, b)));
            examples.map(|(g, b)| magnitude(g, b, f)).sum()
        };
        // The sums over the groups are added once more.
        let relative = sum::<T>(dims.batch, 6.0 + dims.groups as f64);
        let features = 0..dims.features;
        let d_gamma = features.clone().map(|f| {
            let steps = (dims.groups * dims.batch) as f64;
            let largest = (0..dims.groups).map(|g| inverse(g, f)).fold(0.0, f64::max);
            relative * over(&projected, f) + steps * underflow::<T>(largest)
        });
        let d_beta = features.map(|f| relative * over(&dy, f));
        let mut bounds = vec![dx.collect(), d_gamma.collect(), d_beta.collect()];
        bounds.truncate(want.len());
        bounds
    }
}
