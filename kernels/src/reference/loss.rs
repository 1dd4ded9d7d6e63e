//! Log-softmax and cross-entropy.

use super::sum;
use crate::Real;
use crate::dims::Rows;
use crate::functions::Binary;

/// `y = (x − m) − log Σ exp(x − m)` with the row's largest element `m`, so that nothing overflows.
///
/// A row with NaN or +∞ is NaN altogether, one of −∞ alone too.
pub(super) fn log_softmax<T: Real>(dims: Rows, x: &[T], y: &mut [T]) {
    for r in 0..dims.rows {
        let row = r * dims.columns..(r + 1) * dims.columns;
        let (x, y) = (&x[row.clone()], &mut y[row]);
        let largest = x.iter().map(|x| x.as_f64());
        let largest = largest.fold(f64::NEG_INFINITY, |a, b| Binary::Max.apply(a, b));
        let total = sum(x.iter().map(|x| (x.as_f64() - largest).exp()));
        for (y, x) in y.iter_mut().zip(x) {
            *y = T::of(x.as_f64() - largest - total.ln());
        }
    }
}

pub(super) fn log_softmax_backward<T: Real>(dims: Rows, y: &[T], dy: &[T], dx: &mut [T]) {
    for r in 0..dims.rows {
        let row = r * dims.columns..(r + 1) * dims.columns;
        let total = sum(dy[row.clone()].iter().map(|dy| dy.as_f64()));
        for i in row {
            dx[i] = T::of(dy[i].as_f64() - y[i].as_f64().exp() * total);
        }
    }
}

/// `−mean_n log_probabilities[n, targets[n]]`
pub(super) fn negative_log_likelihood<T: Real>(dims: Rows, log_probabilities: &[T], targets: &[u32]) -> T {
    let picked = targets.iter().enumerate();
    let picked = picked.map(|(n, &class)| log_probabilities[n * dims.columns + class as usize]);
    T::of(-sum(picked.map(T::as_f64)) / dims.rows as f64)
}

pub(super) fn cross_entropy_backward<T: Real>(
    dims: Rows,
    log_probabilities: &[T],
    targets: &[u32],
    d_loss: T,
    d_logits: &mut [T],
) {
    for (n, &target) in targets.iter().enumerate() {
        for class in 0..dims.columns {
            let i = n * dims.columns + class;
            let onehot = if class == target as usize { 1.0 } else { 0.0 };
            let difference = log_probabilities[i].as_f64().exp() - onehot;
            d_logits[i] = T::of(difference * d_loss.as_f64() / dims.rows as f64);
        }
    }
}
