//! How answers are measured.

use std::f64::consts::LN_2;
use std::fmt;

use crate::trainer::Score;

/// What a report shows of a [`Score`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Share of right answers in %.
    Accuracy,
    /// Share of wrong answers in %.
    ErrorRate,
    /// Cross-entropy in bits for each character.
    BitsPerCharacter,
    /// Mean squared error.
    SquaredError,
}

impl Metric {
    /// Its value.
    pub fn of(self, score: &Score) -> f64 {
        match self {
            Metric::Accuracy => 100.0 * score.accuracy,
            Metric::ErrorRate => 100.0 * (1.0 - score.accuracy),
            Metric::BitsPerCharacter => score.loss / LN_2,
            Metric::SquaredError => score.loss,
        }
    }

    /// Its unit, with a space before it where there is one.
    pub fn unit(self) -> &'static str {
        match self {
            Metric::Accuracy | Metric::ErrorRate => " %",
            Metric::BitsPerCharacter => " bits",
            Metric::SquaredError => "",
        }
    }

    /// Decimals that a report shows.
    pub fn decimals(self) -> usize {
        match self {
            Metric::Accuracy | Metric::ErrorRate => 1,
            Metric::BitsPerCharacter => 3,
            Metric::SquaredError => 4,
        }
    }

    /// Whether larger values are better.
    pub fn larger_is_better(self) -> bool {
        self == Metric::Accuracy
    }

    /// Whether `value` is at least as good as `target`.
    pub fn reaches(self, value: f64, target: f64) -> bool {
        match self.larger_is_better() {
            true => value >= target,
            false => value <= target,
        }
    }
}

impl fmt::Display for Metric {
    /// Its name with its unit, for axes and columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Metric::Accuracy => "accuracy %",
            Metric::ErrorRate => "error %",
            Metric::BitsPerCharacter => "bits per character",
            Metric::SquaredError => "squared error",
        })
    }
}
