//! Mean and standard deviation over seeds.

use std::fmt;

/// Mean and sample standard deviation of the values that several seeds gave.
///
/// Prints as `97.31 ± 0.24`, or the mean alone if there was one seed; the precision of the format
/// applies to both numbers.
///
/// ```
/// use bnlstm::mean_std::MeanStd;
///
/// let accuracy = MeanStd::of(&[96.0, 98.0, 97.0]);
/// assert_eq!(format!("{accuracy:.1}"), "97.0 ± 1.0");
/// assert_eq!(format!("{:.1}", MeanStd::of(&[96.0])), "96.0");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanStd {
    /// Arithmetic mean.
    pub mean: f64,
    /// √(Σ (value − mean)² / (n − 1)), or nothing for a single value.
    pub standard_deviation: Option<f64>,
}

impl MeanStd {
    /// Computes both, in two passes.
    ///
    /// # Panics
    /// If there are no values.
    #[track_caller]
    pub fn of(values: &[f64]) -> Self {
        assert!(
            !values.is_empty(),
            "the mean of no values is not defined: pass at least one"
        );
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let standard_deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
        Self {
            mean,
            standard_deviation,
        }
    }

    /// Whether this mean is larger by more than the spread of both: by more than the sum of the
    /// standard deviations.
    ///
    /// ```
    /// use bnlstm::mean_std::MeanStd;
    ///
    /// let wide = MeanStd::of(&[60.0, 70.0]);
    /// assert!(wide.exceeds(MeanStd::of(&[50.0, 51.0])));
    /// assert!(!wide.exceeds(MeanStd::of(&[58.0, 62.0])));
    /// ```
    pub fn exceeds(self, other: Self) -> bool {
        let spread = |value: Self| value.standard_deviation.unwrap_or(0.0);
        self.mean - other.mean > spread(self) + spread(other)
    }
}

impl fmt::Display for MeanStd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.mean.fmt(f)?;
        if let Some(standard_deviation) = self.standard_deviation {
            f.write_str(" ± ")?;
            standard_deviation.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MeanStd;

    #[test]
    fn uses_the_sample_standard_deviation() {
        let found = MeanStd::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        // Σ (value − 5)² = 32 over n − 1 = 7.
        let expected = (32.0f64 / 7.0).sqrt();
        assert_eq!(
            found,
            MeanStd {
                mean: 5.0,
                standard_deviation: Some(expected)
            }
        );
        assert_eq!(format!("{found:.2}"), "5.00 ± 2.14");
    }

    #[test]
    fn a_large_mean_does_not_hide_a_small_spread() {
        let found = MeanStd::of(&[1e9, 1e9 + 1.0, 1e9 + 2.0]);
        assert_eq!(
            found,
            MeanStd {
                mean: 1e9 + 1.0,
                standard_deviation: Some(1.0)
            }
        );
    }

    #[test]
    fn one_value_has_no_spread() {
        let found = MeanStd::of(&[0.25]);
        assert_eq!(
            found,
            MeanStd {
                mean: 0.25,
                standard_deviation: None
            }
        );
        assert_eq!(found.to_string(), "0.25");
    }

    #[test]
    fn a_diverged_seed_is_not_hidden() {
        let found = MeanStd::of(&[1.0, f64::NAN]);
        assert!(found.mean.is_nan());
        assert_eq!(format!("{found:.1}"), "NaN ± NaN");
    }

    #[test]
    #[should_panic(expected = "the mean of no values")]
    fn no_values_panic() {
        MeanStd::of(&[]);
    }
}
