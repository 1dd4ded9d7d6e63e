//! Layer normalization.

use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use super::batch_norm::{moment_bounds, underflow};
use super::bound::{mean, roundings, spread, sum};
use super::host::{Case, Host, Outputs, check_all};
use super::values::{Kind, Values, rounded, size, values};
use crate::Real;
use crate::backend::{Backend, LayerNorm, LayerNormOutput, LayerNormSaved, NormGradients};
use crate::dims::Rows;

const EPSILON: f64 = 1e-5;

/// Checks `layer_norm` and `layer_norm_backward`.
///
/// Conditioning: mean and variance are off by what is derived at
/// [`batch_norm`](super::batch_norm()); a mean that is off by `δ` moves the whole row by
/// `δ / √(var + epsilon)`.
pub fn layer_norm<T: Real>(backend: &dyn Backend<T>) {
    let dims = || {
        let columns = select(&[0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 64, 129, 513][..]);
        (size(), columns).prop_map(|(rows, columns)| Rows { rows, columns })
    };
    let forward = (dims(), values(&[Kind::Special]), any::<bool>());
    let forward = forward.prop_map(|(dims, values, beta)| Forward { dims, values, beta });
    check_all(backend, 150, forward);
    let backward = (dims(), values(&[Kind::Missing]), any::<bool>());
    let backward = backward.prop_map(|(dims, values, beta)| Backward { dims, values, beta });
    check_all(backend, 150, backward);
}

/// The operands, rounded to the type under test.
struct Operands {
    x: Vec<f64>,
    gamma: Vec<f64>,
    beta: Vec<f64>,
    dy: Vec<f64>,
    mean: Vec<f64>,
    inverse_deviation: Vec<f64>,
    columns: usize,
}

impl Operands {
    fn new(dims: Rows, values: Values, round: fn(f64) -> f64) -> Self {
        let take = |values: Values, stream, len| -> Vec<f64> {
            values.take(stream, len).into_iter().map(round).collect()
        };
        let x = take(values, 0, dims.rows * dims.columns);
        let (mut means, mut inverses) = (vec![], vec![]);
        for r in 0..dims.rows {
            let row = |f: usize| x[r * dims.columns + f];
            let center = mean(dims.columns, row);
            let var = mean(dims.columns, |f| (row(f) - center).powi(2));
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
            columns: dims.columns,
        }
    }

    fn x_hat(&self, r: usize, f: usize) -> f64 {
        (self.x[r * self.columns + f] - self.mean[r]) * self.inverse_deviation[r]
    }

    fn dy(&self, r: usize, f: usize) -> f64 {
        self.dy[r * self.columns + f]
    }
}

#[derive(Debug)]
struct Forward {
    dims: Rows,
    values: Values,
    beta: bool,
}

impl Case for Forward {
    fn operation(&self) -> &'static str {
        "layer_norm"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let operands = Operands::new(self.dims, self.values, host.round);
        let x = host.input(&operands.x);
        let (gamma, beta) = (host.input(&operands.gamma), host.input(&operands.beta));
        let mut y = host.output(operands.x.len());
        let mut mean = host.output(self.dims.rows);
        let mut inverse_deviation = host.output(self.dims.rows);
        let input = LayerNorm {
            x: x.view(),
            gamma: gamma.view(),
            beta: self.beta.then(|| beta.view()),
        };
        let output = LayerNormOutput {
            y: y.view_mut(),
            mean: mean.view_mut(),
            inverse_deviation: inverse_deviation.view_mut(),
        };
        host.backend
            .layer_norm(self.dims, host.scalar(EPSILON), input, output);
        vec![
            ("y", host.values(&y)),
            ("mean", host.values(&mean)),
            ("inverse_deviation", host.values(&inverse_deviation)),
        ]
    }

    fn allowed<T: Real>(&self, _: &Outputs) -> Vec<Vec<f64>> {
        let Rows { rows, columns } = self.dims;
        let operands = Operands::new(self.dims, self.values, rounded::<T>);
        let (mut y, mut means, mut inverses) = (vec![], vec![], vec![]);
        for r in 0..rows {
            let row = |f: usize| operands.x[r * columns + f];
            let center = mean(columns, row);
            let var = mean(columns, |f| (row(f) - center).powi(2));
            let (shift, var_error) = moment_bounds::<T>(columns, row, var);
            let inverse = |var: f64| 1.0 / (var + rounded::<T>(EPSILON)).sqrt();
            let exact = inverse(var);
            let inverse_error = spread(inverse, var, var_error) + roundings::<T>(4.0, 4.0) * exact;
            let largest = exact + inverse_error;
            for f in 0..columns {
                let centred = (row(f) - center).abs();
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
    dims: Rows,
    values: Values,
    beta: bool,
}

impl Case for Backward {
    fn operation(&self) -> &'static str {
        "layer_norm_backward"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let operands = Operands::new(self.dims, self.values, host.round);
        let put = |values: &Vec<f64>| host.input(values);
        let (x, gamma, dy) = (put(&operands.x), put(&operands.gamma), put(&operands.dy));
        let (mean, inverse_deviation) = (put(&operands.mean), put(&operands.inverse_deviation));
        let mut dx = host.output(operands.x.len());
        let mut d_gamma = host.output(self.dims.columns);
        let mut d_beta = host.output(self.dims.columns);
        let saved = LayerNormSaved {
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
        host.backend
            .layer_norm_backward(self.dims, saved, dy.view(), gradients);
        let mut outputs = vec![("dx", host.values(&dx)), ("d_gamma", host.values(&d_gamma))];
        if self.beta {
            outputs.push(("d_beta", host.values(&d_beta)));
        }
        outputs
    }

    /// As for batch normalization, with the sums of `dx` over a row.
    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        let Rows { rows, columns } = self.dims;
        let operands = Operands::new(self.dims, self.values, rounded::<T>);
        let mut dx = vec![];
        for r in 0..rows {
            let inverse = operands.inverse_deviation[r];
            let u = |f: usize| (operands.gamma[f] * operands.dy(r, f)).abs();
            let x_hat = |f: usize| operands.x_hat(r, f).abs();
            let plain = mean(columns, u);
            let projected = mean(columns, |f| u(f) * x_hat(f));
            for f in 0..columns {
                let magnitude = inverse * (u(f) + plain + x_hat(f) * projected);
                let steps = (1.0 + x_hat(f)) * (1.0 + inverse);
                dx.push(sum::<T>(columns, 20.0) * magnitude + underflow::<T>(steps * inverse));
            }
        }
        let over = |f: usize, magnitude: &dyn Fn(usize) -> f64| -> f64 {
            sum::<T>(rows, 6.0)
                * (0..rows)
                    .map(|r| operands.dy(r, f).abs() * magnitude(r))
                    .sum::<f64>()
        };
        let inverses = operands.inverse_deviation.iter();
        let absolute = rows as f64 * underflow::<T>(inverses.copied().fold(0.0, f64::max));
        let d_gamma = (0..columns).map(|f| absolute + over(f, &|r| operands.x_hat(r, f).abs()));
        let d_beta = (0..columns).map(|f| over(f, &|_| 1.0));
        let mut bounds = vec![dx, d_gamma.collect(), d_beta.collect()];
        bounds.truncate(want.len());
        bounds
    }
}
