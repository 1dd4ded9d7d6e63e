//! How good answers are.

use kernels::Real;
use serde::{Deserialize, Serialize};

use crate::task::Targets;

/// A number that is off by less than this is a right answer.
const RIGHT_NUMBER: f64 = 0.04;

/// Loss and accuracy over a part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Mean cross-entropy in nats, or mean squared error.
    #[serde(deserialize_with = "crate::number::or_nan")]
    pub loss: f64,
    /// Share of answers whose largest logit is that of the right class, or which are off by less than
    /// 0.04 (Hochreiter & Schmidhuber 1997, on the adding problem).
    #[serde(deserialize_with = "crate::number::or_nan")]
    pub accuracy: f64,
}

/// Sums over the answers of several batches.
#[derive(Debug, Default)]
pub(super) struct Tally {
    loss: f64,
    right: usize,
    answers: usize,
}

impl Tally {
    /// Adds the answers `outputs [N, C]` to `targets`.
    pub(super) fn add<T: Real>(&mut self, outputs: &[T], targets: &Targets) {
        let size = outputs.len() / targets.len().max(1);
        let rows = outputs.chunks_exact(size.max(1));
        match targets {
            Targets::Classes(classes) => rows.zip(classes).for_each(|(row, &class)| {
                self.loss += cross_entropy(row, class as usize);
                self.right += usize::from(largest(row) == Some(class as usize));
            }),
            Targets::Numbers(numbers) => rows.zip(numbers).for_each(|(row, &number)| {
                let error = row[0].as_f64() - f64::from(number);
                self.loss += error * error;
                self.right += usize::from(error.abs() < RIGHT_NUMBER);
            }),
        }
        self.answers += targets.len();
    }

    /// The means.
    pub(super) fn score(&self) -> Score {
        let answers = self.answers as f64;
        Score {
            loss: self.loss / answers,
            accuracy: self.right as f64 / answers,
        }
    }
}

/// `log Σ exp(logits) − logits[class]`
fn cross_entropy<T: Real>(logits: &[T], class: usize) -> f64 {
    let max = logits
        .iter()
        .fold(f64::NEG_INFINITY, |max, x| max.max(x.as_f64()));
    let sum: f64 = logits.iter().map(|x| (x.as_f64() - max).exp()).sum();
    max + sum.ln() - logits[class].as_f64()
}

/// Position of the largest logit; none if they are not numbers.
fn largest<T: Real>(logits: &[T]) -> Option<usize> {
    let numbers = logits.iter().enumerate().filter(|(_, x)| !x.is_nan());
    numbers
        .max_by(|(_, a), (_, b)| a.partial_cmp(b).expect("no NaN is left"))
        .map(|(i, _)| i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_scored_by_their_logits() {
        let mut tally = Tally::default();
        tally.add(&[0.0_f64, 3.0_f64.ln(), 0.0, 0.0], &Targets::Classes(vec![1, 1]));
        let score = tally.score();
        // −ln ¾ and −ln ½.
        assert!((score.loss - (4.0_f64 / 3.0 * 2.0).ln() / 2.0).abs() < 1e-15);
        // Of two equal logits the last one counts as the largest.
        assert_eq!(score.accuracy, 1.0);
    }

    #[test]
    fn numbers_are_scored_by_their_errors() {
        let mut tally = Tally::default();
        tally.add(&[1.0_f64, 0.53], &Targets::Numbers(vec![0.0, 0.5]));
        let score = tally.score();
        assert!((score.loss - (1.0 + 0.03 * 0.03) / 2.0).abs() < 1e-15);
        assert_eq!(score.accuracy, 0.5);
    }

    #[test]
    fn what_is_no_number_is_no_right_answer() {
        let mut tally = Tally::default();
        tally.add(&[f32::NAN, f32::NAN], &Targets::Classes(vec![1]));
        assert!(tally.score().loss.is_nan());
        assert_eq!(tally.score().accuracy, 0.0);
    }
}
