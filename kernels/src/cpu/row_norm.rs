//! Normalization of rows, in one group or several.

use std::array::from_fn;

use super::columns::{NormSlices, WIDTH, groups, load, store, sum_rows};
use super::threads::{ELEMENTS, Threads, tasks};
use crate::Real;
use crate::dims::{RowMoments, Rows};
use crate::simd::Lanes;

/// `Σ_j f(j)` over the vectors of a row, several sums at once.
#[inline(always)]
fn sum_vectors<V: Lanes, const S: usize>(columns: usize, f: impl Fn(usize) -> [V; S]) -> [V::Elem; S] {
    let vectors = columns.div_ceil(V::N);
    sum_rows(vectors, |j| f(j * V::N)).map(V::sum)
}

/// `x − mean` where there are columns, 0 in the lanes behind them.
#[inline(always)]
fn centred<V: Lanes>(x: &[V::Elem], j: usize, mean: V::Elem) -> V
where
    V::Elem: Real<Lanes = V>,
{
    match x.get(j..j + V::N) {
        Some(x) => V::load(x) - V::splat(mean),
        None => {
            let mut lanes = [mean; 16];
            lanes[..x.len() - j].copy_from_slice(&x[j..]);
            V::load(&lanes) - V::splat(mean)
        }
    }
}

/// Operands as slices, see [`crate::backend::RowNorm`].
#[derive(Clone, Copy)]
pub(super) struct Input<'a, T> {
    pub x: &'a [T],
    pub gamma: &'a [T],
    pub beta: Option<&'a [T]>,
}

/// Results as slices, see [`crate::backend::RowNormOutput`].
pub(super) struct Output<'a, T> {
    pub y: &'a mut [T],
    pub mean: &'a mut [T],
    pub inverse_deviation: &'a mut [T],
}

pub(super) fn forward<T: Real>(
    threads: &Threads,
    dims: Rows,
    moments: RowMoments,
    epsilon: T,
    input: Input<'_, T>,
    output: Output<'_, T>,
) {
    let Input { x, gamma, beta } = input;
    let Output {
        y,
        mean,
        inverse_deviation,
    } = output;
    let Rows { rows, columns } = dims;
    if columns == 0 {
        let nothing = if moments.centered { T::nan() } else { T::zero() };
        mean.fill(nothing);
        inverse_deviation.fill(T::nan());
        return;
    }
    let part = rows
        .div_ceil(tasks(rows * columns, ELEMENTS, threads.count()))
        .max(1);
    let RowMoments { groups, centered } = moments;
    let size = columns / groups;
    let statistics = mean
        .chunks_mut(part * groups)
        .zip(inverse_deviation.chunks_mut(part * groups));
    let outputs = y.chunks_mut(part * columns).zip(statistics);
    let parts = x.chunks(part * columns).zip(outputs).collect();
    threads.run(parts, |(x, (y, (mean, inverse)))| {
        let pieces = x.chunks_exact(size).zip(y.chunks_exact_mut(size));
        let statistics = mean.iter_mut().zip(inverse);
        for (i, ((x, y), (mean, inverse))) in pieces.zip(statistics).enumerate() {
            let features = i % groups * size..(i % groups + 1) * size;
            let gamma = &gamma[features.clone()];
            let beta = beta.map(|beta| &beta[features]);
            (*mean, *inverse) = row_statistics(x, centered, epsilon);
            for j in (0..size).step_by(T::Lanes::N) {
                let gamma = T::Lanes::load_at(gamma, j);
                let beta = beta.map_or(T::Lanes::constant(0.0), |beta| T::Lanes::load_at(beta, j));
                let normalized = centred::<T::Lanes>(x, j, *mean) * T::Lanes::splat(*inverse);
                normalized.mul_add(gamma, beta).store_at(y, j);
            }
        }
    });
}

/// Mean and `1 / √(var + ε)`, by the same shifted two passes as the moments of a batch; not
/// centered, the mean square in one pass.
fn row_statistics<T: Real>(x: &[T], centered: bool, epsilon: T) -> (T, T) {
    let count = T::of(x.len() as f64);
    if !centered {
        let [squares] = sum_vectors(x.len(), |j| {
            let x = T::Lanes::load_at(x, j);
            [x * x]
        });
        return (T::zero(), T::one() / (squares / count + epsilon).sqrt());
    }
    let start = if x[0].is_finite() { x[0] } else { T::zero() };
    let [sum] = sum_vectors(x.len(), |j| [centred::<T::Lanes>(x, j, start)]);
    let mean = start + sum / count;
    let [rest, squares] = sum_vectors(x.len(), |j| {
        let d = centred::<T::Lanes>(x, j, mean);
        [d, d * d]
    });
    let var = (squares - rest * rest / count) / count;
    let var = if var < T::zero() { T::zero() } else { var };
    (mean, T::one() / (var + epsilon).sqrt())
}

/// What the backward pass needs, as slices.
#[derive(Clone, Copy)]
pub(super) struct Saved<'a, T> {
    pub x: &'a [T],
    pub mean: &'a [T],
    pub inverse_deviation: &'a [T],
    pub gamma: &'a [T],
}

pub(super) fn backward<T: Real>(
    threads: &Threads,
    dims: Rows,
    moments: RowMoments,
    saved: Saved<'_, T>,
    dy: &[T],
    gradients: NormSlices<'_, T>,
) {
    let NormSlices { dx, d_gamma, d_beta } = gradients;
    let Rows { rows, columns } = dims;
    if columns == 0 {
        return;
    }
    let RowMoments { groups, centered } = moments;
    let size = columns / groups;
    threads.rows(dx.len(), rows, dx, |first, dx| {
        for (i, dx) in dx.chunks_exact_mut(size).enumerate() {
            let i = first * groups + i;
            let gamma = &saved.gamma[i % groups * size..][..size];
            let piece = Piece {
                x: &saved.x[i * size..][..size],
                dy: &dy[i * size..][..size],
                gamma,
                mean: saved.mean[i],
                inverse: saved.inverse_deviation[i],
            };
            piece_gradient(piece, centered, dx);
        }
    });
    // Columns are few and rows are many: sums down the columns, a share of the columns a task.
    let piece = Rows { rows, columns: size };
    for (group, d_gamma) in d_gamma.chunks_exact_mut(size).enumerate() {
        column_sums(threads, piece, d_gamma, |r, column| {
            let row = r * columns + group * size..r * columns + (group + 1) * size;
            let (x, dy) = (
                load::<T::Lanes>(&saved.x[row.clone()], column),
                load::<T::Lanes>(&dy[row], column),
            );
            let mean = T::Lanes::splat(saved.mean[r * groups + group]);
            let inverse = T::Lanes::splat(saved.inverse_deviation[r * groups + group]);
            from_fn(|j| dy[j] * ((x[j] - mean) * inverse))
        });
    }
    if let Some(d_beta) = d_beta {
        column_sums(threads, dims, d_beta, |r, column| {
            load::<T::Lanes>(&dy[r * columns..(r + 1) * columns], column)
        });
    }
}

/// One group of one row, with its moments.
#[derive(Clone, Copy)]
struct Piece<'a, T> {
    x: &'a [T],
    dy: &'a [T],
    gamma: &'a [T],
    mean: T,
    inverse: T,
}

fn piece_gradient<T: Real>(piece: Piece<'_, T>, centered: bool, dx: &mut [T]) {
    let columns = dx.len();
    let inverse = T::Lanes::splat(piece.inverse);
    let count = T::of(columns as f64);
    let at = |j: usize| {
        let normalized = centred::<T::Lanes>(piece.x, j, piece.mean) * inverse;
        (
            T::Lanes::load_at(piece.dy, j) * T::Lanes::load_at(piece.gamma, j),
            normalized,
        )
    };
    let [sum, product] = sum_vectors(columns, |j| {
        let (u, normalized) = at(j);
        [u, u * normalized]
    });
    let sum = if centered { sum / count } else { T::zero() };
    let (sum, product) = (T::Lanes::splat(sum), T::Lanes::splat(product / count));
    for j in (0..columns).step_by(T::Lanes::N) {
        let (u, normalized) = at(j);
        let d = normalized.neg_mul_add(product, u - sum);
        (d * inverse).store_at(dx, j);
    }
}

fn column_sums<T: Real>(
    threads: &Threads,
    dims: Rows,
    to: &mut [T],
    term: impl Fn(usize, usize) -> [T::Lanes; WIDTH] + Send + Sync,
) {
    let width = WIDTH * T::Lanes::N;
    let tasks = tasks(dims.rows * dims.columns, ELEMENTS, threads.count());
    let share = dims.columns.div_ceil(tasks).next_multiple_of(width);
    let parts = to.chunks_mut(share).enumerate().collect();
    threads.run(parts, |(i, to): (usize, &mut [T])| {
        for column in groups::<T::Lanes>(to.len()) {
            let sum = sum_rows(dims.rows, |r| term(r, i * share + column));
            store(sum, to, column);
        }
    });
}
