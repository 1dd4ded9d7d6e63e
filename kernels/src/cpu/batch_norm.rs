//! Moments over the batch and batch normalization.

use std::array::from_fn;

use super::columns::{NormSlices, WIDTH, groups, load, store, sum_rows};
use super::threads::Threads;
use crate::Real;
use crate::dims::Columns;
use crate::simd::Lanes;

/// Operands as slices, see [`crate::backend::BatchNorm`].
#[derive(Clone, Copy)]
pub(super) struct Input<'a, T> {
    pub x: &'a [T],
    pub mean: &'a [T],
    pub var: &'a [T],
    pub gamma: &'a [T],
    pub beta: Option<&'a [T]>,
}

pub(super) fn moments<T: Real>(threads: &Threads, dims: Columns, x: &[T], mean: &mut [T], var: &mut [T]) {
    let Columns {
        groups,
        batch,
        features,
    } = dims;
    if groups * features == 0 {
        return;
    }
    // Mean and variance of a group side by side, so that one part belongs to one task.
    let mut both = vec![T::zero(); groups * 2 * features];
    threads.rows(x.len(), groups, &mut both, |first, both| {
        for (g, both) in both.chunks_exact_mut(2 * features).enumerate() {
            let x = &x[(first + g) * batch * features..][..batch * features];
            let (mean, var) = both.split_at_mut(features);
            group_moments(batch, x, mean, var);
        }
    });
    let halves = both.chunks_exact(2 * features);
    let outputs = mean
        .chunks_exact_mut(features)
        .zip(var.chunks_exact_mut(features));
    for (both, (mean, var)) in halves.zip(outputs) {
        mean.copy_from_slice(&both[..features]);
        var.copy_from_slice(&both[features..]);
    }
}

/// Sums of deviations from the first row give the mean, sums of deviations from the mean the
/// variance; what rounding left in the mean is taken out of the variance.
fn group_moments<T: Real>(batch: usize, x: &[T], mean: &mut [T], var: &mut [T]) {
    let features = mean.len();
    if batch == 0 {
        mean.fill(T::nan());
        var.fill(T::nan());
        return;
    }
    let row = |r: usize| &x[r * features..(r + 1) * features];
    let count = T::Lanes::splat(T::of(batch as f64));
    for column in groups::<T::Lanes>(features) {
        let start = load::<T::Lanes>(row(0), column).map(finite_or_zero);
        let sum = sum_rows(batch, |r| {
            let x = load::<T::Lanes>(row(r), column);
            from_fn::<_, WIDTH, _>(|j| x[j] - start[j])
        });
        let m: [T::Lanes; WIDTH] = from_fn(|j| start[j] + sum[j] / count);
        let sums: [T::Lanes; 2 * WIDTH] = sum_rows(batch, |r| {
            let x = load::<T::Lanes>(row(r), column);
            from_fn(|s| {
                let d = x[s % WIDTH] - m[s % WIDTH];
                if s < WIDTH { d } else { d * d }
            })
        });
        let v = from_fn(|j| {
            let rest = sums[j] * sums[j] / count;
            ((sums[WIDTH + j] - rest) / count).at_least(T::Lanes::constant(0.0))
        });
        store(m, mean, column);
        store(v, var, column);
    }
}

/// Infinite or NaN lanes become 0: `x − ∞` would turn an infinite mean into NaN.
#[inline(always)]
pub(super) fn finite_or_zero<V: Lanes>(x: V) -> V {
    let zero = V::constant(0.0);
    (x * zero).nan().choose(zero, x)
}

/// `1 / √(var + ε)`
#[inline(always)]
fn inverse_deviation<V: Lanes>(var: V, epsilon: V) -> V {
    V::constant(1.0) / (var + epsilon).sqrt()
}

/// Calls `f(group, first_row, rows)` for parts of `y [G, B, F]` that lie within one group.
fn group_rows<T: Real>(
    threads: &Threads,
    dims: Columns,
    y: &mut [T],
    f: impl Fn(usize, usize, &mut [T]) + Send + Sync,
) {
    let group = dims.batch * dims.features;
    if dims.groups * group == 0 {
        return;
    }
    if dims.groups >= threads.count() {
        threads.rows(y.len(), dims.groups, y, |first, y| {
            for (g, y) in y.chunks_exact_mut(group).enumerate() {
                f(first + g, 0, y);
            }
        });
    } else {
        for (g, y) in y.chunks_exact_mut(group).enumerate() {
            threads.rows(group, dims.batch, y, |first, y| f(g, first, y));
        }
    }
}

pub(super) fn forward<T: Real>(
    threads: &Threads,
    dims: Columns,
    epsilon: T,
    input: Input<'_, T>,
    y: &mut [T],
) {
    let Columns { batch, features, .. } = dims;
    let epsilon = T::Lanes::splat(epsilon);
    group_rows(threads, dims, y, |g, first, y| {
        let x = &input.x[(g * batch + first) * features..][..y.len()];
        let statistics = g * features..(g + 1) * features;
        let (mean, var) = (&input.mean[statistics.clone()], &input.var[statistics]);
        for column in groups::<T::Lanes>(features) {
            let mean = load::<T::Lanes>(mean, column);
            let var = load::<T::Lanes>(var, column);
            let gamma = load::<T::Lanes>(input.gamma, column);
            let beta = input
                .beta
                .map_or([T::Lanes::constant(0.0); WIDTH], |beta| load(beta, column));
            let scale: [T::Lanes; WIDTH] = from_fn(|j| gamma[j] * inverse_deviation(var[j], epsilon));
            for (x, y) in x.chunks_exact(features).zip(y.chunks_exact_mut(features)) {
                let x = load::<T::Lanes>(x, column);
                store(
                    from_fn(|j| (x[j] - mean[j]).mul_add(scale[j], beta[j])),
                    y,
                    column,
                );
            }
        }
    });
}

/// Per column of one group: the sums, and what they make of `dx`.
const SCALE: usize = 0;
const OFFSET: usize = 1;
const SLOPE: usize = 2;
const D_GAMMA: usize = 3;
const D_BETA: usize = 4;
const PARTS: usize = 5;

pub(super) fn backward<T: Real>(
    threads: &Threads,
    dims: Columns,
    epsilon: T,
    input: Input<'_, T>,
    dy: &[T],
    gradients: NormSlices<'_, T>,
) {
    let NormSlices { dx, d_gamma, d_beta } = gradients;
    let Columns {
        groups: count,
        batch,
        features,
    } = dims;
    let mut columns = vec![T::zero(); count * PARTS * features];
    let size = batch * features;
    if features > 0 {
        threads.rows(dy.len(), count, &mut columns, |first, columns| {
            for (g, columns) in columns.chunks_exact_mut(PARTS * features).enumerate() {
                let g = first + g;
                let (x, dy) = (&input.x[g * size..][..size], &dy[g * size..][..size]);
                let statistics = g * features..(g + 1) * features;
                let (mean, var) = (&input.mean[statistics.clone()], &input.var[statistics]);
                let input = Input {
                    x,
                    mean,
                    var,
                    ..input
                };
                group_sums(batch, epsilon, input, dy, columns);
            }
        });
    }
    let part = |g: usize, part: usize| &columns[(g * PARTS + part) * features..][..features];
    group_rows(threads, dims, dx, |g, first, dx| {
        let range = (g * batch + first) * features..(g * batch + first) * features + dx.len();
        let (x, dy) = (&input.x[range.clone()], &dy[range]);
        let mean = &input.mean[g * features..(g + 1) * features];
        for column in groups::<T::Lanes>(features) {
            let mean = load::<T::Lanes>(mean, column);
            let [scale, offset, slope] = [SCALE, OFFSET, SLOPE].map(|p| load::<T::Lanes>(part(g, p), column));
            let rows = x.chunks_exact(features).zip(dy.chunks_exact(features));
            for (dx, (x, dy)) in dx.chunks_exact_mut(features).zip(rows) {
                let (x, dy) = (load::<T::Lanes>(x, column), load::<T::Lanes>(dy, column));
                let d = from_fn(|j| {
                    let centred = dy[j].mul_add(scale[j], -offset[j]);
                    (x[j] - mean[j]).neg_mul_add(slope[j], centred)
                });
                store(d, dx, column);
            }
        }
    });
    sum_groups(count, |g| part(g, D_GAMMA), d_gamma);
    if let Some(d_beta) = d_beta {
        sum_groups(count, |g| part(g, D_BETA), d_beta);
    }
}

/// `dx = scale · dy − offset − slope · (x − mean)` with the sums over the batch worked in.
fn group_sums<T: Real>(batch: usize, epsilon: T, input: Input<'_, T>, dy: &[T], columns: &mut [T]) {
    let features = input.mean.len();
    let epsilon = T::Lanes::splat(epsilon);
    let count = T::Lanes::splat(T::of(batch as f64));
    let row = |m: usize| m * features..(m + 1) * features;
    for column in groups::<T::Lanes>(features) {
        let mean = load::<T::Lanes>(input.mean, column);
        let var = load::<T::Lanes>(input.var, column);
        let gamma = load::<T::Lanes>(input.gamma, column);
        let inverse = var.map(|var| inverse_deviation(var, epsilon));
        let sums: [T::Lanes; 2 * WIDTH] = sum_rows(batch, |r| {
            let x = load::<T::Lanes>(&input.x[row(r)], column);
            let dy = load::<T::Lanes>(&dy[row(r)], column);
            from_fn(|s| {
                let j = s % WIDTH;
                if s < WIDTH {
                    dy[j]
                } else {
                    dy[j] * ((x[j] - mean[j]) * inverse[j])
                }
            })
        });
        for j in 0..WIDTH {
            let (d_beta, d_gamma) = (sums[j], sums[WIDTH + j]);
            let scale = gamma[j] * inverse[j];
            let values = [
                (SCALE, scale),
                (OFFSET, scale * (d_beta / count)),
                (SLOPE, scale * inverse[j] * (d_gamma / count)),
                (D_GAMMA, d_gamma),
                (D_BETA, d_beta),
            ];
            for (part, value) in values {
                value.store_at(&mut columns[row(part)], column + j * T::Lanes::N);
            }
        }
    }
}

fn sum_groups<'a, T: Real>(count: usize, part: impl Fn(usize) -> &'a [T], to: &mut [T]) {
    for column in groups::<T::Lanes>(to.len()) {
        let sum = sum_rows(count, |g| load::<T::Lanes>(part(g), column));
        store(sum, to, column);
    }
}
