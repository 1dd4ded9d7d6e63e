//! How a text is cut into three parts.

use crate::data::DataError;

/// How far from 1 the sum of the fractions may be: what rounding three decimal fractions to binary
/// and two additions can make of it.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Fractions of a text for training, validation and test, in the order of the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fractions {
    train: f64,
    valid: f64,
    test: f64,
}

impl Fractions {
    /// Fractions for training, validation and test.
    ///
    /// # Errors
    /// If one of them is not above 0, or their sum is not 1.
    pub fn new(fractions: [f64; 3]) -> Result<Self, DataError> {
        let [train, valid, test] = fractions;
        let sum = train + valid + test;
        if fractions.iter().all(|&fraction| fraction > 0.0) && (sum - 1.0).abs() <= ROUNDING {
            Ok(Self { train, valid, test })
        } else {
            Err(DataError::Fractions { fractions })
        }
    }

    /// Fractions for training, validation and test.
    pub fn values(&self) -> [f64; 3] {
        [self.train, self.valid, self.test]
    }

    /// Where the validation and the test part of a text of `total` characters begin, each rounded to
    /// the nearest whole number.
    pub(super) fn cuts(&self, total: usize) -> [usize; 2] {
        let place = |fraction: f64| ((total as f64 * fraction).round() as usize).min(total);
        [place(self.train), place(self.train + self.valid)]
    }
}

/// As the usual split of text8: 90 %, 5 %, 5 %.
impl Default for Fractions {
    fn default() -> Self {
        Self {
            train: 0.9,
            valid: 0.05,
            test: 0.05,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_at_the_nearest_characters() {
        let usual = Fractions::default();
        assert_eq!(Fractions::new(usual.values()).unwrap(), usual);
        assert_eq!(usual.cuts(100_000_000), [90_000_000, 95_000_000]);
        assert_eq!(usual.cuts(20), [18, 19]);
        assert_eq!(usual.cuts(1), [1, 1]);
        let other = Fractions::new([0.7, 0.2, 0.1]).unwrap();
        assert_eq!(other.cuts(10), [7, 9]);
        assert_eq!(other.cuts(0), [0, 0]);
    }

    #[test]
    fn other_sums_and_empty_parts_are_refused() {
        for fractions in [
            [0.9, 0.1, 0.1],
            [0.9, 0.1, 0.0],
            [1.1, -0.05, -0.05],
            [f64::NAN, 0.5, 0.5],
        ] {
            let error = Fractions::new(fractions).unwrap_err();
            assert!(error.to_string().contains("their sum has to be 1"), "{error}");
        }
    }
}
