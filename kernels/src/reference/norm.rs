//! Moments, batch normalization and normalization of rows.

use super::{read, sum, write};
use crate::Real;
use crate::backend::{BatchNorm, NormGradients, RowNorm, RowNormOutput, RowNormSaved};
use crate::dims::{Columns, RowMoments, Rows};

/// Mean and biased variance in two passes; NaN of an empty sequence.
fn mean_and_variance(values: impl Iterator<Item = f64> + Clone, count: usize) -> (f64, f64) {
    let count = count as f64;
    let mean = sum(values.clone()) / count;
    let var = sum(values.map(|x| (x - mean) * (x - mean))) / count;
    (mean, var)
}

pub(super) fn moments<T: Real>(dims: Columns, x: &[T], mean: &mut [T], var: &mut [T]) {
    let Columns {
        groups,
        batch,
        features,
    } = dims;
    for g in 0..groups {
        for f in 0..features {
            let column = (0..batch).map(|b| x[(g * batch + b) * features + f].as_f64());
            let (m, v) = mean_and_variance(column, batch);
            mean[g * features + f] = T::of(m);
            var[g * features + f] = T::of(v);
        }
    }
}

/// `beta + gamma · x̂`
fn affine<T: Real>(gamma: T, beta: Option<&[T]>, f: usize, x_hat: f64) -> T {
    let beta = beta.map_or(0.0, |beta| beta[f].as_f64());
    T::of(beta + gamma.as_f64() * x_hat)
}

pub(super) fn batch_norm<T: Real>(dims: Columns, epsilon: T, input: BatchNorm<'_, T>, y: &mut [T]) {
    let (x, gamma, beta) = (read(input.x), read(input.gamma), input.beta.map(read));
    let (mean, var) = (read(input.mean), read(input.var));
    for (i, (y, x)) in y.iter_mut().zip(x).enumerate() {
        let f = i % dims.features;
        let g = i / (dims.batch * dims.features);
        let statistics = g * dims.features + f;
        let deviation = (var[statistics].as_f64() + epsilon.as_f64()).sqrt();
        let x_hat = (x.as_f64() - mean[statistics].as_f64()) / deviation;
        *y = affine(gamma[f], beta, f, x_hat);
    }
}

pub(super) fn batch_norm_backward<T: Real>(
    dims: Columns,
    epsilon: T,
    input: BatchNorm<'_, T>,
    dy: &[T],
    gradients: NormGradients<'_, T>,
) {
    let Columns {
        groups,
        batch,
        features,
    } = dims;
    let (x, gamma) = (read(input.x), read(input.gamma));
    let (mean, var) = (read(input.mean), read(input.var));
    let (dx, d_gamma) = (write(gradients.dx), write(gradients.d_gamma));
    let mut d_beta = gradients.d_beta.map(write);
    for f in 0..features {
        let (mut total, mut total_projected) = (0.0, 0.0);
        for g in 0..groups {
            let deviation = (var[g * features + f].as_f64() + epsilon.as_f64()).sqrt();
            let at = |b: usize| (g * batch + b) * features + f;
            let dy = |b: usize| dy[at(b)].as_f64();
            let x_hat = |b: usize| (x[at(b)].as_f64() - mean[g * features + f].as_f64()) / deviation;
            // Σ dy and Σ dy ⊙ x̂ over the batch
            let plain = sum((0..batch).map(dy));
            let projected = sum((0..batch).map(|b| dy(b) * x_hat(b)));
            for b in 0..batch {
                let centred = dy(b) - plain / batch as f64 - x_hat(b) * projected / batch as f64;
                dx[at(b)] = T::of(gamma[f].as_f64() / deviation * centred);
            }
            total += plain;
            total_projected += projected;
        }
        d_gamma[f] = T::of(total_projected);
        if let Some(d_beta) = &mut d_beta {
            d_beta[f] = T::of(total);
        }
    }
}

/// Mean and variance of one group of a row.
fn row_statistics<T: Real>(x: &[T], centered: bool) -> (f64, f64) {
    let values = x.iter().map(|x| x.as_f64());
    if centered {
        return mean_and_variance(values, x.len());
    }
    (0.0, sum(values.map(|x| x * x)) / x.len() as f64)
}

pub(super) fn row_norm<T: Real>(
    dims: Rows,
    moments: RowMoments,
    epsilon: T,
    input: RowNorm<'_, T>,
    output: RowNormOutput<'_, T>,
) {
    let (x, gamma, beta) = (read(input.x), read(input.gamma), input.beta.map(read));
    let (y, mean) = (write(output.y), write(output.mean));
    let inverse_deviation = write(output.inverse_deviation);
    let size = dims.columns / moments.groups;
    for i in 0..dims.rows * moments.groups {
        let (x, y) = (&x[i * size..][..size], &mut y[i * size..][..size]);
        let (m, v) = row_statistics(x, moments.centered);
        let inverse = 1.0 / (v + epsilon.as_f64()).sqrt();
        let first = i % moments.groups * size;
        for (k, (x, y)) in x.iter().zip(y).enumerate() {
            let f = first + k;
            *y = affine(gamma[f], beta, f, (x.as_f64() - m) * inverse);
        }
        mean[i] = T::of(m);
        inverse_deviation[i] = T::of(inverse);
    }
}

pub(super) fn row_norm_backward<T: Real>(
    dims: Rows,
    moments: RowMoments,
    saved: RowNormSaved<'_, T>,
    dy: &[T],
    gradients: NormGradients<'_, T>,
) {
    let Rows { rows, columns } = dims;
    let size = columns / moments.groups;
    let (x, gamma) = (read(saved.x), read(saved.gamma));
    let (mean, inverse_deviation) = (read(saved.mean), read(saved.inverse_deviation));
    let dx = write(gradients.dx);
    let statistic = |r: usize, f: usize| r * moments.groups + f / size;
    let x_hat = |r: usize, f: usize| {
        let i = statistic(r, f);
        (x[r * columns + f].as_f64() - mean[i].as_f64()) * inverse_deviation[i].as_f64()
    };
    let dy = |r: usize, f: usize| dy[r * columns + f].as_f64();
    for r in 0..rows {
        let u = |f: usize| gamma[f].as_f64() * dy(r, f);
        for group in 0..moments.groups {
            let features = group * size..(group + 1) * size;
            let mean_u = match moments.centered {
                true => sum(features.clone().map(u)) / size as f64,
                false => 0.0,
            };
            let projected = sum(features.clone().map(|f| u(f) * x_hat(r, f))) / size as f64;
            for f in features {
                let centred = u(f) - mean_u - x_hat(r, f) * projected;
                dx[r * columns + f] = T::of(inverse_deviation[statistic(r, f)].as_f64() * centred);
            }
        }
    }
    let d_gamma = write(gradients.d_gamma);
    for (f, d_gamma) in d_gamma.iter_mut().enumerate() {
        *d_gamma = T::of(sum((0..rows).map(|r| dy(r, f) * x_hat(r, f))));
    }
    if let Some(d_beta) = gradients.d_beta.map(write) {
        for (f, d_beta) in d_beta.iter_mut().enumerate() {
            *d_beta = T::of(sum((0..rows).map(|r| dy(r, f))));
        }
    }
}
