//! The bounds of log-softmax.

use super::bound::{function_ulps, roundings, sum};
use crate::Real;

/// Largest error of every element of `y = (x − m) − ln Σ exp(x − m)`, for one row `x`.
///
/// * `d = x − m` has one rounding of itself, and the last difference one of the result;
/// * the sum, which is 1 or more, has the errors of its terms `exp(d)`: their own, and what the
///   rounding of `d` does to them, `|d| exp(d)`; the logarithm turns its relative error into an
///   absolute one, and adds its own.
pub(super) fn bounds<T: Real>(x: &[f64]) -> Vec<f64> {
    let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let differences: Vec<f64> = x.iter().map(|x| x - largest).collect();
    let total: f64 = differences.iter().map(|d| d.exp()).sum();
    // 0 · ∞ is 0 here: a term that vanishes has no error.
    let moved = |d: &f64| {
        if d.is_finite() { d.abs() * d.exp() } else { 0.0 }
    };
    let moved = differences.iter().map(moved).sum::<f64>() / total;
    let ulps = 2.0 * function_ulps::<T>(false);
    let of_sum = sum::<T>(x.len(), ulps) + roundings::<T>(moved, moved);
    let of_logarithm = roundings::<T>(ulps, ulps) * total.ln();
    let bound = |d: &f64| {
        let result = d.abs() + total.ln();
        of_sum + of_logarithm + roundings::<T>(2.0, 2.0) * result
    };
    differences.iter().map(bound).collect()
}
