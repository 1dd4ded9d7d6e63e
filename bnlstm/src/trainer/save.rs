//! Writing all that a run is.

use std::path::Path;

use kernels::Real;
use nn::checkpoint::{self, CheckpointError, Snapshot};
use nn::files;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Trainer;
use super::carried::WrittenStates;
use super::cursor::Place;
use super::training::WrittenSums;
use crate::config::RunConfig;

/// State of a run beside its tensors.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RunState {
    pub(super) config: RunConfig,
    /// Of the task's examples.
    pub(super) digest: u32,
    pub(super) updates: usize,
    pub(super) place: Place,
    pub(super) carried: WrittenStates,
    pub(super) noise: ChaCha8Rng,
    pub(super) sums: WrittenSums,
    pub(super) first_loss: Option<f64>,
}

/// All that a checkpoint has beside tensors: the trainer's state, and that of whoever trains.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Written<S> {
    pub(super) trainer: RunState,
    pub(super) beside: S,
}

impl<T: Real> Trainer<'_, T> {
    /// Writes all that the run is after its last update to a file: weights, statistics, optimizer,
    /// configuration, number of updates, place in the training examples, carried states, and the
    /// generators of batches and noise. A trainer that restores it goes on with the same bits as this
    /// one.
    ///
    /// # Errors
    /// If the file cannot be written; one that was there before is then untouched.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let bytes = self.to_bytes(path, None, &())?;
        Ok(files::write_atomically(path, &bytes)?)
    }

    /// The bytes of such a file, with the best model so far and what the caller wants to keep `beside`;
    /// errors name `path`.
    ///
    /// # Errors
    /// If it has no form in JSON.
    pub fn to_bytes(
        &self,
        path: &Path,
        best: Option<&Snapshot<T>>,
        beside: &impl Serialize,
    ) -> Result<Vec<u8>, CheckpointError> {
        let trainer = RunState {
            config: self.config.clone(),
            digest: self.digest,
            updates: self.updates,
            place: self.cursor.place().clone(),
            carried: WrittenStates::of(&self.carried),
            noise: self.noise.clone(),
            sums: self.sums.written(),
            first_loss: self.first_loss,
        };
        let state = Written { trainer, beside };
        checkpoint::to_bytes(path, &self.store, &self.optimizer, best, &state)
    }
}
