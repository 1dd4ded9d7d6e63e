//! Taking a run up again from its checkpoint.

use std::path::{Path, PathBuf};

use kernels::Real;
use nn::checkpoint::{Checkpoint, CheckpointError};
use serde_json::Value;

use super::{Carried, Cursor, RunState, Trainer};
use crate::config::RunConfig;

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
}

impl<T: Real> Trainer<'_, T> {
    /// Takes all that [`save`](Trainer::save) has written from a file. Only the settings of training
    /// (batch size, clipping, length, seed) and of evaluation and the place of the data may differ from
    /// those of the run that wrote it.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or belongs to another run; nothing is changed then.
    pub fn restore(&mut self, path: &Path) -> Result<(), RestoreError> {
        let checkpoint = Checkpoint::read(path)?;
        let state: RunState = checkpoint.state()?;
        let [found, expected] = [&state.config, &self.config].map(essential);
        if let Some((field, found, expected)) = difference(&found, &expected) {
            return Err(RestoreError::OtherRun {
                path: path.to_owned(),
                field,
                found,
                expected,
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
        Ok(())
    }
}

/// What weights, statistics and optimizer belong to.
fn essential(config: &RunConfig) -> Value {
    let mut value = serde_json::to_value(config).expect("a configuration is a map with text as keys");
    let fields = value.as_object_mut().expect("a configuration is a map");
    fields.remove("training");
    fields.remove("evaluation");
    if let Some(task) = fields.get_mut("task").and_then(Value::as_object_mut) {
        task.remove("data");
    }
    value
}

/// The first field with different values, and both of them.
fn difference(a: &Value, b: &Value) -> Option<(String, Value, Value)> {
    let (Value::Object(a_fields), Value::Object(b_fields)) = (a, b) else {
        return (a != b).then(|| (String::new(), a.clone(), b.clone()));
    };
    let names = a_fields.keys().chain(b_fields.keys());
    names.into_iter().find_map(|name| {
        let (path, a, b) = difference(&a[name], &b[name])?;
        let separator = if path.is_empty() { "" } else { "." };
        Some((format!("{name}{separator}{path}"), a, b))
    })
}
