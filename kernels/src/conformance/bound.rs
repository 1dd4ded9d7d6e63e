//! The vocabulary of error bounds.

use crate::Real;

/// Unit roundoff: the largest relative error of one rounded operation.
pub(super) fn roundoff<T: Real>() -> f64 {
    T::epsilon().as_f64() / 2.0
}

/// Spacing of the denormal numbers: twice the largest absolute error of a result that underflows.
pub(super) fn denormal<T: Real>() -> f64 {
    (T::min_positive_value() * T::epsilon()).as_f64()
}

/// Unit in the last place of an exact result, the spacing of `T` around it.
pub(super) fn ulp<T: Real>(exact: f64) -> f64 {
    // All bits but the exponent cleared: the power of two at or below |exact|.
    let power = f64::from_bits(exact.to_bits() & 0x7ff0_0000_0000_0000);
    (power * T::epsilon().as_f64()).max(denormal::<T>())
}

/// Relative error after that many roundings: the device's in `T`, the oracle's in `f64`.
///
/// To first order; the terms of second order are below 1e-4 of it for all sizes that are checked,
/// and the counts are rounded up by more.
pub(super) fn roundings<T: Real>(device: f64, oracle: f64) -> f64 {
    device * roundoff::<T>() + oracle * roundoff::<f64>()
}

/// Relative error, against the sum of magnitudes, of a sum of `len` terms, each of which has
/// `more` roundings of its own.
///
/// A term takes part in `2√len` additions at most where rows are summed in `√len` blocks. Blocks of
/// a fixed size have longer chains on long axes, but rounding errors do not all point the same way;
/// a plain loop over a long axis, whose error grows linearly where they do, is told apart by the
/// case of equal terms.
pub(super) fn sum<T: Real>(len: usize, more: f64) -> f64 {
    let len = len as f64;
    let device = len.min(8.0 + 2.0 * len.sqrt());
    roundings::<T>(device + more, len + more)
}

/// Largest error of `exp`, `tanh`, `σ` and `ln`, in ulp of the exact result.
///
/// In `f64` the oracle's own error is added: 1 ulp for the functions of the standard library, and
/// 2 ulp for `σ`, an exponential and two more roundings.
pub(super) fn function_ulps<T: Real>(sigmoid: bool) -> f64 {
    match (T::NAME, sigmoid) {
        ("f32", _) => 2.0,
        (_, false) => 3.0 + 1.0,
        (_, true) => 3.0 + 2.0,
    }
}

/// How far `f` moves at most from `f(x)` where `x` moves by `error`, for a monotonous `f` of
/// numbers that cannot be negative.
pub(super) fn spread(f: impl Fn(f64) -> f64, x: f64, error: f64) -> f64 {
    let at = f(x);
    let below = (f((x - error).max(0.0)) - at).abs();
    let above = (f(x + error) - at).abs();
    below.max(above)
}

/// Mean of `magnitude(i)` over `0..len`.
pub(super) fn mean(len: usize, magnitude: impl Fn(usize) -> f64) -> f64 {
    (0..len).map(magnitude).sum::<f64>() / len as f64
}
