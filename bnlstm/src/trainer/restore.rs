//! Taking a run up again from its checkpoint.

use std::path::{Path, PathBuf};

use kernels::Real;
use nn::checkpoint::{Checkpoint, CheckpointError, Snapshot};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::save::{RunState, Written};
use super::{Carried, Cursor, Sums, Trainer};
use crate::config::{Difference, RunConfig};

/// A run cannot be taken up from a file.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file cannot be read, is damaged, or does not fit the model.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The file is of a run with another task, model or optimizer.
    #[error(
        "checkpoint {}: it was written with {field} = {found}, but this run has {expected}; use the \
         config.toml that it was written with",
        path.display()
    )]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// The first field that differs, such as `model.hidden_size`.
        field: String,
        /// Its value in the file.
        found: Value,
        /// Its value here.
        expected: Value,
    },
    /// The run that wrote the file has learned from other examples.
    #[error(
        "checkpoint {}: it was written with other data of the task {task} than there are now; put those back, \
         or name their place in config.toml",
        path.display()
    )]
    OtherData {
        /// The file.
        path: PathBuf,
        /// The task.
        task: String,
    },
}

/// What whoever has trained kept [beside](Trainer::to_bytes) the trainer's state.
///
/// # Errors
/// If the file is damaged, or has something else there.
pub fn beside<S: DeserializeOwned>(checkpoint: &Checkpoint) -> Result<S, CheckpointError> {
    Ok(checkpoint.state::<Written<S>>()?.beside)
}

/// What the run was that has written a checkpoint.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its configuration.
    pub config: RunConfig,
    /// The [checksum](crate::task::Task::digest) of the examples that it has learned from.
    pub digest: u32,
}

impl Origin {
    /// Of a checkpoint.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn of(checkpoint: &Checkpoint) -> Result<Self, CheckpointError> {
        let RunState { config, digest, .. } = checkpoint.state::<Written<IgnoredAny>>()?.trainer;
        Ok(Self { config, digest })
    }
}

impl<T: Real> Trainer<'_, T> {
    /// Takes all that [`save`](Trainer::save) has written from a file. Only the settings of training
    /// (batch size, clipping, length, seed), of evaluation, diagnostics and checkpoints and the place of
    /// the data may differ from those of the run that wrote it.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or belongs to another run; nothing is changed then.
    pub fn restore(&mut self, path: &Path) -> Result<(), RestoreError> {
        self.restore_from(&Checkpoint::read(path)?)
    }

    /// The same from a file that was read already.
    ///
    /// # Errors
    /// If it is damaged, or belongs to another run; nothing is changed then.
    pub fn restore_from(&mut self, checkpoint: &Checkpoint) -> Result<(), RestoreError> {
        let state: RunState = checkpoint.state::<Written<IgnoredAny>>()?.trainer;
        let [found, expected] = [&state.config, &self.config].map(essential);
        if let Some(difference) = Difference::between(&found, &expected) {
            return Err(RestoreError::OtherRun {
                path: checkpoint.path().to_owned(),
                field: difference.field,
                found: difference.first,
                expected: difference.second,
            });
        }
        checkpoint.restore(&mut self.store, &mut self.optimizer)?;
        self.updates = state.updates;
        self.cursor = Cursor::at(state.place, self.task, self.config.training.batch);
        let carried = state.carried.on(self.store.device());
        // Batches of another size have their streams elsewhere in the text.
        let goes_on = carried.has_rows(self.config.training.batch);
        self.carried = if goes_on { carried } else { Carried::default() };
        self.noise = state.noise;
        self.sums = Sums::read(state.sums, self.store.device());
        self.seen.clear();
        self.first_loss = state.first_loss;
        Ok(())
    }

    /// The same as [`restore`](Self::restore), but for the parameters and statistics, which are those of
    /// the best model so far, if there is one.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or belongs to another run.
    pub fn restore_best(&mut self, path: &Path) -> Result<(), RestoreError> {
        let checkpoint = Checkpoint::read(path)?;
        self.restore_from(&checkpoint)?;
        if let Some(best) = self.best_of(&checkpoint)? {
            self.put_back(&best);
        }
        Ok(())
    }

    /// The best model that the run had found when it wrote a checkpoint, if it had found one.
    ///
    /// # Errors
    /// If the file is damaged, or of another model.
    pub fn best_of(&self, checkpoint: &Checkpoint) -> Result<Option<Snapshot<T>>, CheckpointError> {
        checkpoint.best(&self.store, &self.optimizer)
    }
}

/// What weights, statistics and optimizer belong to.
fn essential(config: &RunConfig) -> Value {
    let mut value = serde_json::to_value(config).expect("a configuration is a map with text as keys");
    let fields = value.as_object_mut().expect("a configuration is a map");
    fields.remove("training");
    fields.remove("evaluation");
    fields.remove("diagnostics");
    fields.remove("checkpoints");
    if let Some(task) = fields.get_mut("task").and_then(Value::as_object_mut) {
        task.remove("data");
    }
    value
}
