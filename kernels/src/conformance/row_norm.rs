//! Normalization of rows.

use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use super::batch_norm::{moment_bounds, underflow};
use super::bound::{denormal, mean, roundings, spread, sum};
use super::host::{Case, Host, Outputs, check_all};
use super::values::{Kind, Values, rounded, size, values};
use crate::Real;
use crate::backend::{Backend, NormGradients, RowNorm, RowNormOutput, RowNormSaved};
use crate::dims::{RowMoments, Rows};

const EPSILON: f64 = 1e-5;

/// Checks `row_norm` and `row_norm_backward`, in one group, three, and as many as features.
///
/// Conditioning: mean and variance are off by what is derived at
/// [`batch_norm`](super::batch_norm()); a mean that is off by `δ` moves the whole group by
/// `δ / √(var + epsilon)`. A mean square is a sum without cancellation.
pub fn row_norm<T: Real>(backend: &dyn Backend<T>) {
    let forward = (layout(), values(&[Kind::Special]), any::<bool>());
    let forward = forward.prop_map(|(layout, values, beta)| Forward { layout, values, beta });
    check_all(backend, 300, forward);
    let backward = (layout(), values(&[Kind::Missing]), any::<bool>());
    let backward = backward.prop_map(|(layout, values, beta)| Backward { layout, values, beta });
    check_all(backend, 300, backward);
}

/// Rows, and how their moments are taken.
#[derive(Clone, Copy, Debug)]
struct Layout {
    dims: Rows,
    moments: RowMoments,
}

fn layout() -> impl Strategy<Value = Layout> {
    let sizes = select(&[0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 64, 129, 513][..]);
    let groups = select(&[Some(1), Some(3), None][..]);
    (size(), sizes, groups, any::<bool>()).prop_map(|(rows, size, groups, centered)| {
        // Groups of `size` elements, or one for each of so many features.
        let columns = size * groups.unwrap_or(1);
        let groups = groups.unwrap_or(columns.max(1));
        Layout {
            dims: Rows { rows, columns },
            moments: RowMoments { groups, centered },
        }
    })
}

impl Layout {
    /// Elements of a group.
    fn size(&self) -> usize {
        self.dims.columns / self.moments.groups
    }

    /// Number of groups of all rows.
    fn groups(&self) -> usize {
        self.dims.rows * self.moments.groups
    }

    /// First feature of group `i` of all rows.
    fn feature(&self, i: usize) -> usize {
        i % self.moments.groups * self.size()
    }

    /// Mean and variance of a group.
    fn moments(&self, group: impl Fn(usize) -> f64) -> (f64, f64) {
        let center = match self.moments.centered {
            true => mean(self.size(), &group),
            false => 0.0,
        };
        (center, mean(self.size(), |f| (group(f) - center).powi(2)))
    }

    /// Largest errors of both.
    fn moment_bounds<T: Real>(&self, group: impl Fn(usize) -> f64, var: f64) -> (f64, f64) {
        match self.moments.centered {
            true => moment_bounds::<T>(self.size(), group, var),
            // Squares may underflow.
            false => (0.0, sum::<T>(self.size(), 3.0) * var + 2.0 * denormal::<T>()),
        }
    }
}

/// The operands, rounded to the type under test.
struct Operands {
    x: Vec<f64>,
    gamma: Vec<f64>,
    beta: Vec<f64>,
    dy: Vec<f64>,
    mean: Vec<f64>,
    inverse_deviation: Vec<f64>,
    layout: Layout,
}

impl Operands {
    fn new(layout: Layout, values: Values, round: fn(f64) -> f64) -> Self {
        let take = |values: Values, stream, len| -> Vec<f64> {
            values.take(stream, len).into_iter().map(round).collect()
        };
        let Layout { dims, .. } = layout;
        let x = take(values, 0, dims.rows * dims.columns);
        let (mut means, mut inverses) = (vec![], vec![]);
        for i in 0..layout.groups() {
            let (center, var) = layout.moments(|f| x[i * layout.size() + f]);
            means.push(round(center));
            inverses.push(round(1.0 / (var + round(EPSILON)).sqrt()));
        }
        let ordinary = values.of(Kind::Ordinary);
        let cotangent = if values.kind == Kind::Missing {
            values
        } else {
            ordinary
        };
        Self {
            gamma: take(ordinary, 1, dims.columns),
            beta: take(ordinary, 2, dims.columns),
            dy: take(cotangent, 3, x.len()),
            x,
            mean: means,
            inverse_deviation: inverses,
            layout,
        }
    }

    /// Element `k` of group `i` of all rows, normalized.
    fn x_hat(&self, i: usize, k: usize) -> f64 {
        (self.x[i * self.layout.size() + k] - self.mean[i]) * self.inverse_deviation[i]
    }

    /// Its gradient.
    fn dy(&self, i: usize, k: usize) -> f64 {
        self.dy[i * self.layout.size() + k]
    }
}

#[derive(Debug)]
struct Forward {
    layout: Layout,
    values: Values,
    beta: bool,
}

impl Case for Forward {
    fn operation(&self) -> &'static str {
        "row_norm"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let operands = Operands::new(self.layout, self.values, host.round);
        let x = host.input(&operands.x);
        let (gamma, beta) = (host.input(&operands.gamma), host.input(&operands.beta));
        let mut y = host.output(operands.x.len());
        let mut mean = host.output(self.layout.groups());
        let mut inverse_deviation = host.output(self.layout.groups());
        let input = RowNorm {
            x: x.view(),
            gamma: gamma.view(),
            beta: self.beta.then(|| beta.view()),
        };
        let output = RowNormOutput {
            y: y.view_mut(),
            mean: mean.view_mut(),
            inverse_deviation: inverse_deviation.view_mut(),
        };
        let Layout { dims, moments } = self.layout;
        host.backend
            .row_norm(dims, moments, host.scalar(EPSILON), input, output);
        vec![
            ("y", host.values(&y)),
            ("mean", host.values(&mean)),
            ("inverse_deviation", host.values(&inverse_deviation)),
        ]
    }

    fn allowed<T: Real>(&self, _: &Outputs) -> Vec<Vec<f64>> {
        let (layout, size) = (self.layout, self.layout.size());
        let operands = Operands::new(layout, self.values, rounded::<T>);
        let (mut y, mut means, mut inverses) = (vec![], vec![], vec![]);
        for i in 0..layout.groups() {
            let group = |k: usize| operands.x[i * size + k];
            let (center, var) = layout.moments(group);
            let (shift, var_error) = layout.moment_bounds::<T>(group, var);
            let inverse = |var: f64| 1.0 / (var + rounded::<T>(EPSILON)).sqrt();
            let exact = inverse(var);
            let inverse_error = spread(inverse, var, var_error) + roundings::<T>(4.0, 4.0) * exact;
            let largest = exact + inverse_error;
            for k in 0..size {
                let f = layout.feature(i) + k;
                let centred = (group(k) - center).abs();
                let moved = shift * largest + centred * inverse_error;
                let rounded = roundings::<T>(4.0, 4.0) * (centred + shift) * largest;
                let scaled = operands.gamma[f].abs() * (moved + rounded);
                let shifted = roundings::<T>(1.0, 1.0) * operands.beta[f].abs();
                y.push(scaled + shifted + underflow::<T>(largest));
            }
            means.push(shift);
            inverses.push(inverse_error);
        }
        vec![y, means, inverses]
    }
}

#[derive(Debug)]
struct Backward {
    layout: Layout,
    values: Values,
    beta: bool,
}

impl Case for Backward {
    fn operation(&self) -> &'static str {
        "row_norm_backward"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let operands = Operands::new(self.layout, self.values, host.round);
        let put = |values: &Vec<f64>| host.input(values);
        let (x, gamma, dy) = (put(&operands.x), put(&operands.gamma), put(&operands.dy));
        let (mean, inverse_deviation) = (put(&operands.mean), put(&operands.inverse_deviation));
        let mut dx = host.output(operands.x.len());
        let mut d_gamma = host.output(self.layout.dims.columns);
        let mut d_beta = host.output(self.layout.dims.columns);
        let saved = RowNormSaved {
            x: x.view(),
            mean: mean.view(),
            inverse_deviation: inverse_deviation.view(),
            gamma: gamma.view(),
        };
        let gradients = NormGradients {
            dx: dx.view_mut(),
            d_gamma: d_gamma.view_mut(),
            d_beta: self.beta.then(|| d_beta.view_mut()),
        };
        let Layout { dims, moments } = self.layout;
        host.backend
            .row_norm_backward(dims, moments, saved, dy.view(), gradients);
        let mut outputs = vec![("dx", host.values(&dx)), ("d_gamma", host.values(&d_gamma))];
        if self.beta {
            outputs.push(("d_beta", host.values(&d_beta)));
        }
        outputs
    }

    /// As for batch normalization, with the sums of `dx` over a group.
    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        let (layout, size) = (self.layout, self.layout.size());
        let operands = Operands::new(layout, self.values, rounded::<T>);
        let mut dx = vec![];
        for i in 0..layout.groups() {
            let inverse = operands.inverse_deviation[i];
            let u = |k: usize| (operands.gamma[layout.feature(i) + k] * operands.dy(i, k)).abs();
            let x_hat = |k: usize| operands.x_hat(i, k).abs();
            let plain = mean(size, u);
            let projected = mean(size, |k| u(k) * x_hat(k));
            for k in 0..size {
                let magnitude = inverse * (u(k) + plain + x_hat(k) * projected);
                let steps = (1.0 + x_hat(k)) * (1.0 + inverse);
                dx.push(sum::<T>(size, 20.0) * magnitude + underflow::<T>(steps * inverse));
            }
        }
        let Rows { rows, columns } = layout.dims;
        let over = |f: usize, magnitude: &dyn Fn(usize, usize) -> f64| -> f64 {
            let group = |r: usize| r * layout.moments.groups + f / size;
            let terms = (0..rows).map(|r| {
                let (i, k) = (group(r), f % size);
                operands.dy(i, k).abs() * magnitude(i, k)
            });
            sum::<T>(rows, 6.0) * terms.sum::<f64>()
        };
        let inverses = operands.inverse_deviation.iter();
        let absolute = rows as f64 * underflow::<T>(inverses.copied().fold(0.0, f64::max));
        let d_gamma = (0..columns).map(|f| absolute + over(f, &|i, k| operands.x_hat(i, k).abs()));
        let d_beta = (0..columns).map(|f| over(f, &|_, _| 1.0));
        let mut bounds = vec![dx, d_gamma.collect(), d_beta.collect()];
        bounds.truncate(want.len());
        bounds
    }
}
