//! Log-softmax and cross-entropy.

use proptest::prelude::Strategy;
use proptest::sample::select;

use super::bound::{denormal, function_ulps, mean, roundings, sum};
use super::host::{Case, Host, Outputs, check_all};
use super::log_softmax::bounds;
use super::values::{Kind, Values, rounded, size, values};
use crate::Real;
use crate::backend::Backend;
use crate::dims::Rows;

/// Checks `log_softmax`, `log_softmax_backward`, `cross_entropy` and `cross_entropy_backward`.
///
/// Rows with NaN or +∞ are NaN; a logit of −∞ has the log-probability −∞, and makes the loss
/// infinite where, and only where, it is the target.
pub fn loss<T: Real>(backend: &dyn Backend<T>) {
    let dims = || {
        let columns = select(&[0, 1, 2, 3, 7, 8, 9, 10, 15, 16, 17, 33, 65, 300][..]);
        (size(), columns).prop_map(|(rows, columns)| Rows { rows, columns })
    };
    let cases = || (dims(), values(&[Kind::Special, Kind::Special]));
    check_all(
        backend,
        150,
        cases().prop_map(|(dims, values)| Softmax { dims, values }),
    );
    let losses = cases().prop_map(|(mut dims, values)| {
        if dims.columns == 0 {
            // Without a class there is no target.
            dims.rows = 0;
        }
        CrossEntropy { dims, values }
    });
    check_all(backend, 200, losses);
}

/// `[N, C]`, ordinary ones at times far apart.
fn logits(dims: Rows, values: Values) -> Vec<f64> {
    let mut logits = values.take(0, dims.rows * dims.columns);
    logits.iter_mut().step_by(5).for_each(|x| *x *= 20.0);
    logits
}

/// The bounds of all rows.
fn log_softmax_bounds<T: Real>(dims: Rows, values: Values) -> Vec<f64> {
    let logits: Vec<f64> = logits(dims, values).into_iter().map(rounded::<T>).collect();
    logits.chunks(dims.columns.max(1)).flat_map(bounds::<T>).collect()
}

#[derive(Debug)]
struct Softmax {
    dims: Rows,
    values: Values,
}

impl Softmax {
    /// Log-probabilities as operands, rounded to the type under test.
    fn y(&self, round: fn(f64) -> f64) -> Vec<f64> {
        let x = self
            .values
            .of(Kind::Ordinary)
            .take(1, self.dims.rows * self.dims.columns);
        let rows = x.chunks(self.dims.columns.max(1));
        let rows = rows.flat_map(|row| {
            let total: f64 = row.iter().map(|x| x.exp()).sum();
            row.iter().map(move |x| x - total.ln())
        });
        rows.map(round).collect()
    }

    fn dy(&self) -> Vec<f64> {
        let kind = match self.values.kind {
            Kind::Special => Kind::Missing,
            kind => kind,
        };
        self.values.of(kind).take(2, self.dims.rows * self.dims.columns)
    }
}

impl Case for Softmax {
    fn operation(&self) -> &'static str {
        "log_softmax and log_softmax_backward"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let x = host.input(&logits(self.dims, self.values));
        let mut y = host.output(self.dims.rows * self.dims.columns);
        host.backend.log_softmax(self.dims, x.view(), y.view_mut());
        let (given, dy) = (host.input(&self.y(host.round)), host.input(&self.dy()));
        let mut dx = host.output(self.dims.rows * self.dims.columns);
        host.backend
            .log_softmax_backward(self.dims, given.view(), dy.view(), dx.view_mut());
        vec![("y", host.values(&y)), ("dx", host.values(&dx))]
    }

    /// Backward: an exponential, a sum and a product, which is rounded as often as `dy` is.
    fn allowed<T: Real>(&self, _: &Outputs) -> Vec<Vec<f64>> {
        let columns = self.dims.columns;
        let dy: Vec<f64> = self.dy().into_iter().map(rounded::<T>).collect();
        let relative = sum::<T>(columns, 2.0 * function_ulps::<T>(false) + 2.0);
        let dx = self.y(rounded::<T>).into_iter().enumerate().map(|(i, y)| {
            let row = i / columns * columns;
            let all: f64 = dy[row..row + columns].iter().map(|dy| dy.abs()).sum();
            relative * y.exp() * all + roundings::<T>(1.0, 1.0) * dy[i].abs() + 2.0 * denormal::<T>()
        });
        vec![log_softmax_bounds::<T>(self.dims, self.values), dx.collect()]
    }
}

#[derive(Debug)]
struct CrossEntropy {
    dims: Rows,
    values: Values,
}

impl CrossEntropy {
    const D_LOSS: f64 = -1.3;

    fn targets(&self) -> Vec<u32> {
        self.values.indices(3, self.dims.rows, self.dims.columns)
    }
}

impl Case for CrossEntropy {
    fn operation(&self) -> &'static str {
        "cross_entropy and cross_entropy_backward"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let logits = logits(self.dims, self.values);
        let x = host.input(&logits);
        let targets = host.indices(&self.targets());
        let mut y = host.output(logits.len());
        let mut loss = host.output(1);
        host.backend
            .cross_entropy(self.dims, x.view(), &targets, y.view_mut(), loss.view_mut());
        // Log-probabilities of other logits, since those of an own result would differ.
        let other = Softmax {
            dims: self.dims,
            values: self.values,
        };
        let given = host.input(&other.y(host.round));
        let d_loss = host.input(&[Self::D_LOSS]);
        let mut d_logits = host.output(logits.len());
        host.backend.cross_entropy_backward(
            self.dims,
            given.view(),
            &targets,
            d_loss.view(),
            d_logits.view_mut(),
        );
        vec![
            ("log_probabilities", host.values(&y)),
            ("loss", host.values(&loss)),
            ("d_logits", host.values(&d_logits)),
        ]
    }

    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        let Rows { rows, columns } = self.dims;
        let log_probabilities = log_softmax_bounds::<T>(self.dims, self.values);
        let targets = self.targets();
        let picked = |n: usize| n * columns + targets[n] as usize;
        let of_picked = mean(rows, |n| log_probabilities[picked(n)]);
        let of_mean = sum::<T>(rows, 3.0) * mean(rows, |n| want[0].1[picked(n)].abs());

        let ulps = 2.0 * function_ulps::<T>(false);
        let other = Softmax {
            dims: self.dims,
            values: self.values,
        };
        let share = (Self::D_LOSS / rows as f64).abs();
        let y = other.y(rounded::<T>).into_iter().enumerate();
        let d_logits = y.map(|(i, y)| {
            // The difference from 1 may cancel: its error is that of both.
            let onehot = if i == picked(i / columns) { 1.0 } else { 0.0 };
            let magnitude = ulps * y.exp() + 4.0 * (y.exp() - onehot).abs();
            share * (roundings::<T>(magnitude, magnitude) + denormal::<T>())
        });
        vec![log_probabilities, vec![of_picked + of_mean], d_logits.collect()]
    }
}
