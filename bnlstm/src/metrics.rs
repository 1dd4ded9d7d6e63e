//! The lines of `metrics.jsonl` and `timings.jsonl`: all that was seen of a run.
//!
//! A run that was stopped and taken up again has the same `metrics.jsonl`, byte for byte, as one that
//! was not; what no run repeats, the time that it took, is in `timings.jsonl`.

use std::path::{Path, PathBuf};

use nn::files::{self, FileError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::diagnostics::Diagnostics;
use crate::scores::Scores;

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// An evaluation.
    Evaluated(Record),
    /// A look at gradients, gates and statistics.
    Diagnosed(Diagnosed),
    /// The end.
    Measured(Measured),
    /// The other end.
    Diverged(DivergedAt),
}

/// What was seen at an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Updates so far.
    pub update: usize,
    /// Epochs so far.
    pub epoch: f64,
    /// Step size of the last update.
    pub learning_rate: f64,
    /// Mean training loss since the last evaluation, in nats or squared.
    #[serde(deserialize_with = "crate::number::or_nan")]
    pub train_loss: f64,
    /// Mean norm of the gradient before clipping since the last evaluation.
    #[serde(deserialize_with = "crate::number::or_nan")]
    pub gradient_norm: f64,
    /// Scores on the validation examples.
    pub valid: Scores,
}

/// What a look inside has shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosed {
    /// Updates so far.
    pub update: usize,
    /// What was seen.
    pub diagnostics: Diagnostics,
}

/// The end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Updates of the whole run.
    pub update: usize,
    /// Updates after which the model that was measured stood: the best one on the validation examples.
    pub selected: usize,
    /// Scores on the test examples.
    pub test: Scores,
}

/// The end of a run that has diverged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DivergedAt {
    /// The first update that went wrong.
    pub update: usize,
    /// What was wrong with it.
    pub diverged: String,
}

/// Seconds of some updates, a line of `timings.jsonl`. On a device that works while the program goes on,
/// the time of a phase is that of handing the work over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Updates so far; a line is about those since the line before.
    pub update: usize,
    /// Making batches.
    pub data: f64,
    /// From inputs to the loss.
    pub forward: f64,
    /// From the loss to the gradients.
    pub backward: f64,
    /// Clipping and the update itself.
    pub optimizer: f64,
    /// Estimation of population statistics and evaluation.
    pub evaluation: f64,
    /// Looks inside.
    pub diagnostics: f64,
}

impl Timing {
    /// Seconds of the updates alone.
    pub fn training(&self) -> f64 {
        self.data + self.forward + self.backward + self.optimizer
    }
}

/// A file of lines cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A line is not what it should be.
    #[error("{}: line {line} {reason}; give a run directory that this version of the program has written", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// The whole lines of a file; one at the end that is still being written is left out.
///
/// # Errors
/// If the file cannot be read, or a line does not parse.
pub fn read<L: DeserializeOwned>(path: &Path) -> Result<Vec<L>, MetricsError> {
    let bytes = files::read(path)?;
    let whole = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |end| end + 1);
    let lines = bytes[..whole].split_inclusive(|&byte| byte == b'\n');
    let parse = |(index, line): (usize, &[u8])| {
        serde_json::from_slice(line).map_err(|error| MetricsError::Line {
            path: path.to_owned(),
            line: index + 1,
            reason: error.to_string(),
        })
    };
    lines.enumerate().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a program has written, as one reads it.
    fn again(line: &Line) -> Line {
        let text = serde_json::to_string(line).expect("lines are maps");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// A loss may overflow under one kind of statistics alone, and a gradient before an update does.
    #[test]
    fn numbers_that_are_not_finite_are_read_as_nan() {
        let score = |loss| crate::trainer::Score { loss, accuracy: 0.5 };
        let record = Record {
            update: 3,
            epoch: 0.5,
            learning_rate: 0.1,
            train_loss: f64::INFINITY,
            gradient_norm: f64::NAN,
            valid: Scores {
                batch: score(1.0),
                running: score(f64::NAN),
                population: score(2.0),
            },
        };
        let Line::Evaluated(found) = again(&Line::Evaluated(record.clone())) else {
            panic!("another line than {record:?}");
        };
        assert!(
            found.train_loss.is_nan() && found.gradient_norm.is_nan() && found.valid.running.loss.is_nan()
        );
        assert_eq!(
            (found.valid.batch, found.valid.population),
            (score(1.0), score(2.0))
        );
        let diagnostics = Diagnostics {
            gradient_norms: vec![1.0, f32::INFINITY],
            gates: Vec::new(),
            sites: Vec::new(),
            updates: Vec::new(),
        };
        let Line::Diagnosed(found) = again(&Line::Diagnosed(Diagnosed {
            update: 3,
            diagnostics,
        })) else {
            panic!("another line");
        };
        let norms = found.diagnostics.gradient_norms;
        assert!(norms[0] == 1.0 && norms[1].is_nan(), "{norms:?}");
    }
}
