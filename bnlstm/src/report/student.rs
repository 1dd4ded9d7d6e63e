//! Quantiles of Student's t distribution, for confidence intervals of means over few seeds.

/// The share of the distribution with `degrees` degrees of freedom that lies between `−t` and `t`.
///
/// With `θ = atan(t / √ν)` it is a finite sum (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4):
///
/// ```text
/// ν odd    2/π (θ + sin θ (cos θ + 2/3 cos³ θ + … + (2·4⋯(ν−3)) / (3·5⋯(ν−2)) cos^(ν−2) θ))
/// ν even   sin θ (1 + 1/2 cos² θ + … + (1·3⋯(ν−3)) / (2·4⋯(ν−2)) cos^(ν−2) θ)
/// ```
fn share_within(t: f64, degrees: usize) -> f64 {
    let theta = (t / (degrees as f64).sqrt()).atan();
    let (sine, cosine) = theta.sin_cos();
    let odd = degrees % 2 == 1;
    let (mut term, mut power) = if odd { (cosine, 1) } else { (1.0, 0) };
    let mut sum = 0.0;
    while power + 2 <= degrees {
        sum += term;
        power += 2;
        term *= cosine * cosine * (power as f64 - 1.0) / power as f64;
    }
    match odd {
        true => (theta + sine * sum) * 2.0 / std::f64::consts::PI,
        false => sine * sum,
    }
}

/// The `t` between whose negative and itself 95 % of the distribution with `degrees` degrees of freedom
/// lie: the half width of a 95 % confidence interval of a mean, in standard errors.
///
/// # Panics
/// If there are no degrees of freedom.
#[track_caller]
pub fn quantile_95(degrees: usize) -> f64 {
    assert!(
        degrees > 0,
        "quantile_95: 0 degrees of freedom have no distribution; 1 or more fit"
    );
    // The widest is that of one degree, 12.7; the share grows with t.
    let (mut low, mut high) = (0.0, 16.0);
    // Halved until the two are neighbours.
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        match share_within(middle, degrees) < 0.95 {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::quantile_95;

    /// Quantiles of 97.5 % as printed tables have them, to three decimals.
    #[test]
    fn quantiles_are_those_of_tables() {
        for (degrees, expected) in [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (5, 2.571),
            (6, 2.447),
            (9, 2.262),
            (10, 2.228),
            (19, 2.093),
            (30, 2.042),
            (60, 2.000),
            (120, 1.980),
        ] {
            let found = quantile_95(degrees);
            // Half of the last decimal of the table.
            assert!((found - expected).abs() <= 5e-4, "{degrees}: {found}");
        }
    }

    /// One and two degrees have closed forms: `tan(π (p − 1/2))`, and `√(2 a² / (1 − a²))` with the
    /// share `a`.
    #[test]
    fn few_degrees_have_closed_forms() {
        let one = (0.475 * std::f64::consts::PI).tan();
        let two = (2.0 * 0.95_f64.powi(2) / (1.0 - 0.95_f64.powi(2))).sqrt();
        // Rounding of the sum is 1e-16, and the share grows by 0.0025 for each t there.
        assert!((quantile_95(1) - one).abs() < 1e-12);
        assert!((quantile_95(2) - two).abs() < 1e-12);
    }

    /// Far out it is the normal distribution, with `t ≈ z + (z³ + z) / 4ν`.
    #[test]
    fn many_degrees_are_normal() {
        let z = 1.959_963_984_540_054_f64;
        let expected = z + (z.powi(3) + z) / (4.0 * 1e4);
        // The next term is of the order of 3 / ν².
        assert!((quantile_95(10_000) - expected).abs() < 1e-7);
    }

    #[test]
    #[should_panic(expected = "0 degrees of freedom")]
    fn no_degrees_panic() {
        quantile_95(0);
    }
}
