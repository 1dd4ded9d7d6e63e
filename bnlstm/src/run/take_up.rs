//! Taking a run up where it was stopped.

use std::path::Path;

use kernels::Real;
use kernels::simd::simd_report;
use nn::checkpoint::{Checkpoint, CheckpointError, Snapshot};
use nn::files;
use serde::{Deserialize, Serialize};

use super::log::Log;
use super::selection::Best;
use super::{Job, RunError};
use crate::device::DeviceKind;
use crate::metrics::{DivergedAt, Line};
use crate::run_directory::Mark;
use crate::trainer::{Origin, RestoreError, Trainer, beside};

/// What a checkpoint of a run has beside the trainer's state.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Beside {
    /// The best model so far.
    pub(super) best: Best,
    /// How far the metrics went.
    pub(super) metrics: Mark,
    /// What computed: results have the same bits on the same kind of device only.
    pub(super) device: String,
}

/// A run as it was found.
pub(super) struct Found<T: Real> {
    pub(super) log: Log,
    pub(super) best: Best,
    pub(super) model: Option<Snapshot<T>>,
    /// The checkpoint; none of a run that never wrote one.
    pub(super) checkpoint: Option<Checkpoint>,
    /// What is to be told: files that cannot be used, and what was used instead.
    pub(super) remarks: Vec<String>,
    /// How it has diverged, if it has.
    pub(super) diverged: Option<DivergedAt>,
}

/// What computes, as far as bits depend on it: not on the number of threads.
pub(super) fn device(job: &Job<'_>) -> String {
    match job.device.kind {
        DeviceKind::Cpu => format!("cpu with {}", simd_report()),
        DeviceKind::Reference => DeviceKind::Reference.name().to_owned(),
    }
}

/// Looks for the newest sound checkpoint whose metrics are there, and restores `trainer` from it.
pub(super) fn take_up<T: Real>(job: &Job<'_>, trainer: &mut Trainer<'_, T>) -> Result<Found<T>, RunError> {
    let metrics = files::read(job.directory.metrics()).unwrap_or_default();
    let candidates = job.directory.checkpoints();
    let mut remarks = Vec::new();
    let mut damaged = Vec::new();
    for path in &candidates {
        match look_at(job, path, &metrics) {
            Ok((checkpoint, beside)) => {
                let found = restore(job, trainer, checkpoint, beside, &metrics, remarks)?;
                for path in damaged {
                    job.directory.put_damaged_aside(path)?;
                }
                return Ok(found);
            }
            Err(Unfit::Other(error)) => return Err(error),
            // The same for all of them.
            Err(Unfit::Metrics(reason)) => {
                if !remarks.contains(&reason) {
                    remarks.push(reason);
                }
            }
            Err(Unfit::Damaged(reason)) => {
                remarks.push(reason);
                damaged.push(path);
            }
        }
    }
    if !candidates.is_empty() {
        return Err(RunError::NoCheckpoint {
            path: job.directory.root().to_owned(),
            reasons: remarks.join("; "),
        });
    }
    // Whoever finds no checkpoint begins with what this says.
    job.directory.write_config(job.config)?;
    Ok(Found {
        log: Log::after(job.directory, &[], 0)?,
        best: Best::default(),
        model: None,
        checkpoint: None,
        remarks,
        diverged: None,
    })
}

/// Why a checkpoint is not the one to go on from.
enum Unfit {
    /// It is damaged; an earlier one may be whole.
    Damaged(String),
    /// The metrics of its time are damaged; those of an earlier one may be whole.
    Metrics(String),
    /// No other one would do.
    Other(RunError),
}

impl From<CheckpointError> for Unfit {
    fn from(error: CheckpointError) -> Self {
        Self::Damaged(error.to_string())
    }
}

fn look_at(job: &Job<'_>, path: &Path, metrics: &[u8]) -> Result<(Checkpoint, Beside), Unfit> {
    let checkpoint = Checkpoint::read(path)?;
    let origin = Origin::of(&checkpoint)?;
    if let Some(difference) = origin.config.difference(job.config) {
        return Err(Unfit::Other(RunError::Restore(RestoreError::OtherRun {
            path: path.to_owned(),
            field: difference.field,
            found: difference.first,
            expected: difference.second,
        })));
    }
    if origin.digest != job.task.digest() {
        return Err(Unfit::Other(RunError::Restore(RestoreError::OtherData {
            path: path.to_owned(),
            task: job.config.task.to_string(),
        })));
    }
    let beside: Beside = beside(&checkpoint)?;
    if beside.metrics.split(metrics).is_none() {
        return Err(Unfit::Metrics(format!(
            "{}: it is not as it was when the checkpoint was written: lines are missing or have changed",
            job.directory.metrics().display()
        )));
    }
    Ok((checkpoint, beside))
}

fn restore<T: Real>(
    job: &Job<'_>,
    trainer: &mut Trainer<'_, T>,
    checkpoint: Checkpoint,
    beside: Beside,
    metrics: &[u8],
    mut remarks: Vec<String>,
) -> Result<Found<T>, RunError> {
    trainer.restore_from(&checkpoint)?;
    let (kept, after) = beside.metrics.split(metrics).expect("looked at before");
    if !remarks.is_empty() {
        let path = checkpoint.path().display();
        remarks.push(format!(
            "going on from {path}, after update {}",
            trainer.updates()
        ));
    }
    let device = device(job);
    if beside.device != device {
        remarks.push(format!(
            "it was computed on {}, and goes on on {device}: the last digits are others",
            beside.device
        ));
    }
    let diverged = match serde_json::from_slice(after) {
        Ok(Line::Diverged(diverged)) => Some(diverged),
        _ => None,
    };
    let kept = if diverged.is_some() { metrics } else { kept };
    Ok(Found {
        log: Log::after(job.directory, kept, trainer.updates())?,
        best: beside.best,
        model: trainer.best_of(&checkpoint)?,
        checkpoint: Some(checkpoint),
        remarks,
        diverged,
    })
}
