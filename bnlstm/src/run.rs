//! A run from its first update to its measurement on the test examples.

use kernels::Real;
use serde::{Deserialize, Serialize};

use crate::config::RunConfig;
use crate::progress;
use crate::scores::Scores;
use crate::task::Split;
use crate::trainer::{Diverged, Trainer};

/// What was seen at an evaluation, as `metrics.jsonl` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Updates so far.
    pub update: usize,
    /// Epochs so far.
    pub epoch: f64,
    /// Mean training loss since the last evaluation, in nats or squared.
    pub train_loss: f64,
    /// Mean norm of the gradient before clipping since the last evaluation.
    pub gradient_norm: f64,
    /// Time of the updates since the last evaluation.
    pub train_seconds: f64,
    /// Scores on the validation examples.
    pub valid: Scores,
}

/// The end of a run, as the last line of `metrics.jsonl` has it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Updates of the whole run.
    pub update: usize,
    /// Scores on the test examples.
    pub test: Scores,
}

/// A run that could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError<E> {
    /// Its training has diverged.
    #[error("{0}")]
    Diverged(Diverged),
    /// Whoever was told of an evaluation has failed.
    #[error("{0}")]
    Told(E),
}

/// How many updates a run has in all, and from one evaluation to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// All updates.
    pub updates: usize,
    /// Those from one evaluation to the next.
    pub interval: usize,
}

impl Length {
    /// Of a run whose epochs have `per_epoch` updates.
    pub fn of(config: &RunConfig, per_epoch: usize) -> Self {
        Self {
            updates: config.training.updates(per_epoch),
            interval: config.evaluation.every.unwrap_or(per_epoch),
        }
    }
}

/// Trains until the end that the configuration names, from where `trainer` is; `each` is told of each
/// evaluation. Returns the scores on the test examples.
///
/// # Errors
/// If training diverges, or `each` fails.
pub fn carry_out<T: Real, E>(
    trainer: &mut Trainer<'_, T>,
    length: Length,
    bar: &mut progress::Task,
    mut each: impl FnMut(&Trainer<'_, T>, &Record) -> Result<(), E>,
) -> Result<Measured, RunError<E>> {
    while trainer.updates() < length.updates {
        let record = interval(trainer, length, bar).map_err(RunError::Diverged)?;
        bar.set_note(note(trainer, &record));
        bar.advance(1);
        each(trainer, &record).map_err(RunError::Told)?;
    }
    Ok(Measured {
        update: trainer.updates(),
        test: Scores::measure(trainer, Split::Test).expect("the population statistics were estimated"),
    })
}

/// The updates up to the next evaluation, and the evaluation.
fn interval<T: Real>(
    trainer: &mut Trainer<'_, T>,
    length: Length,
    bar: &mut progress::Task,
) -> Result<Record, Diverged> {
    let done = trainer.updates();
    // Evaluations come at the same updates in a run that was taken up again.
    let updates = (length.interval - done % length.interval).min(length.updates - done);
    let mut left = updates;
    let report = trainer.train(updates, || {
        left -= 1;
        // The last update is shown together with what the evaluation has come to.
        bar.advance(u64::from(left > 0));
    })?;
    trainer.estimate();
    Ok(Record {
        update: trainer.updates(),
        epoch: trainer.epochs(),
        train_loss: report.loss,
        gradient_norm: report.gradient_norm,
        train_seconds: report.time.as_secs_f64(),
        valid: Scores::measure(trainer, Split::Valid).expect("the population statistics were just estimated"),
    })
}

/// A number of epochs, with decimals only where it is not whole.
pub fn epochs(epochs: f64) -> String {
    match epochs.fract() == 0.0 {
        true => format!("{epochs}"),
        false => format!("{epochs:.2}"),
    }
}

/// The newest numbers, for a line of progress.
pub fn note<T: Real>(trainer: &Trainer<'_, T>, record: &Record) -> String {
    let metric = trainer.task().metric();
    format!(
        "loss {:.3}, valid {:.*}{}",
        record.train_loss,
        metric.decimals(),
        metric.of(&record.valid.population),
        metric.unit()
    )
}
