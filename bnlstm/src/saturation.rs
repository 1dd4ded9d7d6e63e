//! What tanh lets through: its derivative for inputs of a given spread (Cooijmans et al. 2016,
//! section 4 and figure 1b).
//!
//! With `γ` a normalization sets the standard deviation of what goes into tanh. The wider that is, the
//! more inputs are where tanh is flat, and the smaller the factor by which a gradient goes on.

use std::f64::consts::PI;

/// The mean of a random quantity, and the middle half of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Its mean.
    pub mean: f64,
    /// Its quantile of 25 %.
    pub lower: f64,
    /// Its quantile of 75 %.
    pub upper: f64,
}

/// `Φ⁻¹(7/8)`: `|z|` of a standard normal `z` is above it in a quarter of all cases.
const UPPER_QUARTILE: f64 = 1.150_349_380_376_008;
/// `Φ⁻¹(5/8)`: `|z|` is above it in three quarters of all cases.
const LOWER_QUARTILE: f64 = 0.318_639_363_964_375_1;

/// Nodes of the integral for each standard deviation.
const DENSITY: i32 = 32;
/// Standard deviations on each side of 0 that the integral goes over; beyond are 4e-33 of a normal
/// distribution.
const REACH: i32 = 12;
/// The widest inputs, for which the integral is as exact as stated.
const WIDEST: f64 = 4.0;

/// Mean and quartiles of `tanh'(x) = 1 − tanh²(x)` for `x ~ N(0, σ²)`.
///
/// ```text
/// mean  = ∫ tanh'(σ z) φ(z) dz
/// lower = tanh'(σ Φ⁻¹(7/8))        upper = tanh'(σ Φ⁻¹(5/8))
/// ```
///
/// `tanh'` is even and falls with `|x|`, so its quantiles are its values at those of `|x|`, the lower one
/// at the upper one. The integral is the trapezoidal rule with 32 nodes for each standard deviation. For a
/// function that is analytic within a strip of half width `a` around the real axis its error is below
/// `2 M / (exp(2π a · 32) − 1)`, `M` being the largest integral of the modulus along the strip (Trefethen
/// and Weideman 2014, theorem 5.1); the poles of `tanh'` are at `±iπ/2`, that is `a < π / 2σ`, and for
/// `σ ≤ 4` the error is below 1e-30: what is left is the rounding of some hundred additions.
///
/// ```
/// use bnlstm::saturation::tanh_derivative;
///
/// let [narrow, wide] = [0.1, 1.0].map(tanh_derivative);
/// assert!((narrow.mean - 0.990).abs() < 1e-3 && (wide.mean - 0.606).abs() < 1e-3);
/// ```
///
/// # Panics
/// If `sigma` is not from 0 to 4.
#[track_caller]
pub fn tanh_derivative(sigma: f64) -> Spread {
    assert!(
        (0.0..=WIDEST).contains(&sigma),
        "tanh_derivative: a standard deviation of {sigma}; 0 to {WIDEST} fit"
    );
    let derivative = |z: f64| (sigma * z).cosh().powi(-2);
    let step = 1.0 / f64::from(DENSITY);
    let nodes = (1..=REACH * DENSITY).map(|i| f64::from(i) * step);
    // Both sides of 0 are alike.
    let sides: f64 = nodes.map(|z| derivative(z) * (-z * z / 2.0).exp()).sum();
    Spread {
        mean: step * (1.0 + 2.0 * sides) / (2.0 * PI).sqrt(),
        lower: derivative(UPPER_QUARTILE),
        upper: derivative(LOWER_QUARTILE),
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;

    #[test]
    fn inputs_without_spread_go_through_whole() {
        let found = tanh_derivative(0.0);
        // The mean is the integral of the density itself, which is 1 but for rounding.
        assert!((found.mean - 1.0).abs() < 1e-14, "{found:?}");
        assert_eq!((found.lower, found.upper), (1.0, 1.0));
    }

    #[test]
    fn narrow_inputs_follow_the_series() {
        // tanh'(x) = 1 − x² + 2/3 x⁴ − 17/45 x⁶ + …, and E z² = 1, E z⁴ = 3, E z⁶ = 15.
        for sigma in [0.005, 0.01, 0.02_f64] {
            let s = sigma * sigma;
            let series = 1.0 - s + 2.0 * s * s - 17.0 / 3.0 * s * s * s;
            // The next term is 62/3 σ⁸.
            let bound = 21.0 * s.powi(4) + 1e-14;
            let found = tanh_derivative(sigma).mean;
            assert!((found - series).abs() < bound, "{sigma}: {found} {series}");
        }
    }

    /// Integration by parts: `E tanh'(σz) = E z tanh(σz) / σ`; by Simpson's rule.
    #[test]
    fn the_mean_is_that_of_another_integral() {
        for sigma in [0.1, 0.3, 0.7, 1.0, 2.0, 4.0_f64] {
            let f = |z: f64| z * (sigma * z).tanh() * (-z * z / 2.0).exp();
            let (intervals, reach) = (20_000, 12.0);
            let step = 2.0 * reach / f64::from(intervals);
            let weighted = (1..intervals).map(|i| {
                let weight = if i % 2 == 1 { 4.0 } else { 2.0 };
                weight * f(f64::from(i) * step - reach)
            });
            let integral = weighted.sum::<f64>() * step / 3.0 / (2.0 * PI).sqrt();
            let found = tanh_derivative(sigma).mean;
            // Simpson's rule is off by the fourth power of 0.0012 times a derivative below 1e3.
            let expected = integral / sigma;
            assert!(
                (found / expected - 1.0).abs() < 1e-9,
                "{sigma}: {found} {expected}"
            );
        }
    }

    /// Each within 5 standard errors of its own, which one in a million draws misses; the seed is fixed.
    #[test]
    fn samples_agree() {
        const SAMPLES: usize = 200_000;
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        for sigma in [0.1, 0.5, 1.0_f64] {
            let found = tanh_derivative(sigma);
            let samples: Vec<f64> = (0..SAMPLES)
                .map(|_| {
                    // Box and Muller 1958.
                    let [u, v]: [f64; 2] = [rng.random(), rng.random()];
                    let z = (-2.0 * (1.0 - u).ln()).sqrt() * (2.0 * PI * v).cos();
                    1.0 - (sigma * z).tanh().powi(2)
                })
                .collect();
            let n = SAMPLES as f64;
            let mean = samples.iter().sum::<f64>() / n;
            let variance = samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            assert!((mean - found.mean).abs() < 5.0 * (variance / n).sqrt(), "{sigma}");
            for (quantile, share) in [(found.lower, 0.25), (found.upper, 0.75)] {
                let below = samples.iter().filter(|&&x| x < quantile).count() as f64 / n;
                let error = (share * (1.0 - share) / n).sqrt();
                assert!(
                    (below - share).abs() < 5.0 * error,
                    "{sigma}: {below} below {share}"
                );
            }
        }
    }

    #[test]
    fn wider_inputs_let_less_through() {
        let all: Vec<Spread> = (0..=40).map(|i| tanh_derivative(f64::from(i) / 10.0)).collect();
        for pair in all.windows(2) {
            assert!(pair[1].mean < pair[0].mean);
            assert!(pair[1].lower < pair[0].lower && pair[1].upper < pair[0].upper);
            assert!(pair[1].lower < pair[1].mean && pair[1].lower < pair[1].upper);
        }
    }

    #[test]
    #[should_panic(expected = "a standard deviation of -1; 0 to 4 fit")]
    fn no_spread_is_negative() {
        tanh_derivative(-1.0);
    }
}
