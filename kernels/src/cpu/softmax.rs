//! Log-softmax and cross-entropy.

use super::threads::Threads;
use crate::Real;
use crate::dims::Rows;
use crate::simd::{Lanes, math};

pub(super) fn log_softmax<T: Real>(threads: &Threads, dims: Rows, x: &[T], y: &mut [T]) {
    let columns = dims.columns;
    if columns == 0 {
        return;
    }
    threads.rows(4 * x.len(), dims.rows, y, |first, y| {
        let x = &x[first * columns..][..y.len()];
        for (x, y) in x.chunks_exact(columns).zip(y.chunks_exact_mut(columns)) {
            log_softmax_row(x, y);
        }
    });
}

fn log_softmax_row<T: Real>(x: &[T], y: &mut [T]) {
    let max = x
        .iter()
        .fold(T::neg_infinity(), |max, &x| if x > max { x } else { max });
    let shift = T::Lanes::splat(max);
    let (whole, rest) = T::Lanes::split(x);
    let mut sums = T::Lanes::constant(0.0);
    for x in whole {
        sums += math::exp(x - shift);
    }
    let mut sum = sums.sum();
    if !rest.is_empty() {
        let mut last = [T::zero(); 16];
        math::exp(T::Lanes::load_partial(rest) - shift).store(&mut last);
        sum = last[..rest.len()].iter().fold(sum, |sum, &e| sum + e);
    }
    let log_sum = T::Lanes::splat(sum.ln());
    for j in (0..x.len()).step_by(T::Lanes::N) {
        ((T::Lanes::load_at(x, j) - shift) - log_sum).store_at(y, j);
    }
}

pub(super) fn log_softmax_backward<T: Real>(threads: &Threads, dims: Rows, y: &[T], dy: &[T], dx: &mut [T]) {
    let columns = dims.columns;
    if columns == 0 {
        return;
    }
    threads.rows(4 * dx.len(), dims.rows, dx, |first, dx| {
        for (r, dx) in dx.chunks_exact_mut(columns).enumerate() {
            let row = (first + r) * columns..(first + r + 1) * columns;
            let (y, dy) = (&y[row.clone()], &dy[row]);
            let (whole, rest) = T::Lanes::split(dy);
            let mut sum = T::Lanes::load_partial(rest);
            for dy in whole {
                sum += dy;
            }
            let sum = T::Lanes::splat(sum.sum());
            for j in (0..columns).step_by(T::Lanes::N) {
                let p = math::exp(T::Lanes::load_at(y, j));
                p.neg_mul_add(sum, T::Lanes::load_at(dy, j)).store_at(dx, j);
            }
        }
    });
}

/// Mean of `−log_probabilities[n, targets[n]]`.
pub(super) fn negative_log_likelihood<T: Real>(dims: Rows, log_probabilities: &[T], targets: &[u32]) -> T {
    let rows = log_probabilities.chunks_exact(dims.columns.max(1));
    let sum: f64 = rows
        .zip(targets)
        .map(|(row, &target)| -row[target as usize].as_f64())
        .sum();
    T::of(sum / dims.rows as f64)
}

pub(super) fn cross_entropy_backward<T: Real>(
    threads: &Threads,
    dims: Rows,
    log_probabilities: &[T],
    targets: &[u32],
    d_loss: T,
    d_logits: &mut [T],
) {
    let columns = dims.columns;
    if columns == 0 {
        return;
    }
    let share = d_loss / T::of(dims.rows as f64);
    let scale = T::Lanes::splat(share);
    threads.rows(4 * d_logits.len(), dims.rows, d_logits, |first, d_logits| {
        for (r, d) in d_logits.chunks_exact_mut(columns).enumerate() {
            let row = first + r;
            let log_p = &log_probabilities[row * columns..][..columns];
            for j in (0..columns).step_by(T::Lanes::N) {
                (math::exp(T::Lanes::load_at(log_p, j)) * scale).store_at(d, j);
            }
            let target = targets[row] as usize;
            d[target] = (log_p[target].exp() - T::one()) * share;
        }
    });
}
