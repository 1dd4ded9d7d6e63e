//! Means of functions of a Gaussian variable.

/// Beyond as many standard deviations there is less than 1e-18 of the probability.
const REACH: f64 = 9.0;
/// Steps of the sum in one standard deviation, for a deviation of up to 1.
const RESOLUTION: f64 = 6.0;
/// Beyond this deviation the steps grow no finer.
const MOST_DEVIATION: f64 = 30.0;

/// `E[f(z)]` for `z ~ N(mean, deviation²)` and a bounded `f` made of `tanh z` and `σ(z)`.
///
/// A sum over equidistant points. It converges exponentially: with steps of `s` it is wrong by about
/// `exp(−2π a / s)` if `f` has no pole nearer to the real axis than `a` (Trefethen and Weideman 2014,
/// *The exponentially convergent trapezoidal rule*, theorem 5.1). The poles of `tanh` are `π/2` away,
/// which the deviation divides and the number of points makes up for: `exp(−6 π²) ≈ 2e-26`. Functions
/// that are almost steps, with deviations above 30, are left with an error of `exp(−1776 / deviation)`,
/// and of 0.0022, the weight of the point in the middle, at the most.
pub(super) fn expectation(mean: f64, deviation: f64, f: impl Fn(f64) -> f64) -> f64 {
    let step = 1.0 / (RESOLUTION * deviation.abs().clamp(1.0, MOST_DEVIATION));
    let points = (REACH / step).ceil() as i64;
    let (mut sum, mut weights) = (0.0, 0.0);
    for point in -points..=points {
        let z = point as f64 * step;
        let weight = (-0.5 * z * z).exp();
        sum += weight * f(mean + deviation * z);
        weights += weight;
    }
    sum / weights
}

/// `σ(z)`
pub(super) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of some hundred terms of order 1.
    const ROUNDING: f64 = 1e-13;

    #[test]
    fn moments_of_the_variable() {
        for (mean, deviation) in [(0.0, 1.0), (1.0, 0.1), (-0.5, 2.0), (2.0, 0.0)] {
            let second = expectation(mean, deviation, |z| z * z);
            let variance: f64 = deviation * deviation;
            let fourth = expectation(mean, deviation, |z| (z - mean).powi(4));
            assert!((second - mean * mean - variance).abs() < ROUNDING);
            assert!((fourth - 3.0 * variance * variance).abs() < 100.0 * ROUNDING);
        }
    }

    /// `σ(z) + σ(−z) = 1`, so the mean of `σ` is 1/2 around 0.
    #[test]
    fn sigmoid_is_symmetric() {
        for deviation in [0.5, 3.0, 40.0, 1e9] {
            assert!((expectation(0.0, deviation, sigmoid) - 0.5).abs() < ROUNDING);
        }
    }

    /// `tanh²` is almost always 1.
    #[test]
    fn steep_functions_are_close() {
        for deviation in [1e3, -1e6, 1e9] {
            let got = expectation(0.5, deviation, |z| z.tanh().powi(2));
            // One point may lie around 0, and a width of 2 is taken away from 1.
            let tolerance = 0.0022 + 2.0 / f64::abs(deviation);
            assert!((got - 1.0).abs() < tolerance, "{deviation}: {got}");
        }
    }

    /// Steps ten times as fine change nothing.
    #[test]
    fn the_points_are_enough() {
        for deviation in [0.3_f64, 1.0, 8.0_f64.sqrt(), 30.0] {
            for f in [|z: f64| z.tanh().powi(2), |z: f64| sigmoid(z).powi(2)] {
                let step = 0.1 / (RESOLUTION * deviation.max(1.0));
                let weighted = |z: f64| (-0.5 * z * z).exp() * f(1.0 + deviation * z);
                let points = (REACH / step) as i64;
                let sum: f64 = (-points..=points).map(|k| weighted(k as f64 * step)).sum();
                let fine = sum * step / (2.0 * std::f64::consts::PI).sqrt();
                let got = expectation(1.0, deviation, f);
                assert!((got - fine).abs() < ROUNDING, "{deviation}: {got}, not {fine}");
            }
        }
    }
}
