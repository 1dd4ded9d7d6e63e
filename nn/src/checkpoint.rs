//! Everything that a run is, in one file.
//!
//! Tensors are stored as `param/PATH`, `statistic/PATH` and `optimizer/PATH/SLOT`; the rest
//! (configuration, counters, random state) travels as JSON in the file's metadata. Equal states
//! give equal bytes.

use std::path::{Path, PathBuf};

use autodiff::Tensor;
use kernels::Real;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};
use crate::optimizer::Optimizer;
use crate::params::{Param, ParamId, ParamStore, Role};
use crate::tensors::{Conversion, NamedTensor, TensorFile, TensorsError, write_tensors};

/// Why a checkpoint could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file's content is damaged, or does not fit the model.
    #[error("checkpoint {}: {source}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TensorsError,
    },
    /// The state beside the tensors is damaged, or of another program.
    #[error(
        "checkpoint {}: its state does not parse: {reason}; use a file that this program's version has written",
        path.display()
    )]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What the metadata hold.
#[derive(Serialize, Deserialize)]
struct State<S> {
    /// Updates of the optimizer so far.
    optimizer_steps: u64,
    /// The caller's own state.
    run: S,
}

/// Writes parameters, statistics, optimizer and the caller's own `state` to `path`; the file that
/// was there before is replaced only when the new one is complete on disk.
///
/// # Errors
/// If the file cannot be written; the old one is then untouched.
pub fn save<T: Real>(
    path: &Path,
    store: &ParamStore<T>,
    optimizer: &Optimizer<T>,
    state: &impl Serialize,
) -> Result<(), CheckpointError> {
    let tensors: Vec<NamedTensor<T>> = entries(store, optimizer)
        .into_iter()
        .map(|(name, tensor)| NamedTensor {
            name,
            shape: tensor.shape().dims().to_vec(),
            data: tensor.to_vec(),
        })
        .collect();
    let state = State {
        optimizer_steps: optimizer.steps(),
        run: state,
    };
    let metadata = serde_json::to_string(&state).map_err(|error| CheckpointError::State {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let bytes = write_tensors(&tensors, &metadata).map_err(|source| CheckpointError::Content {
        path: path.to_owned(),
        source,
    })?;
    Ok(files::write_atomically(path, &bytes)?)
}

fn param_name<T: Real>(param: &Param<T>) -> String {
    match param.role {
        Role::Trainable => format!("param/{}", param.path),
        Role::Statistic => format!("statistic/{}", param.path),
    }
}

/// All tensors of a run with their names.
fn entries<'a, T: Real>(
    store: &'a ParamStore<T>,
    optimizer: &'a Optimizer<T>,
) -> Vec<(String, &'a Tensor<T>)> {
    let mut entries = Vec::new();
    for (id, param) in store.iter() {
        entries.push((param_name(param), &param.tensor));
        let slots = optimizer.state(id);
        entries.extend(slots.map(|(slot, tensor)| (format!("optimizer/{}/{slot}", param.path), tensor)));
    }
    entries
}

/// A checkpoint that was read from disk.
#[derive(Debug)]
pub struct Checkpoint {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Checkpoint {
    /// Reads a file; its content is looked at by [`state`](Self::state) and
    /// [`restore`](Self::restore).
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        Ok(Self {
            path: path.to_owned(),
            bytes: files::read(path)?,
        })
    }

    /// The caller's own state.
    ///
    /// # Errors
    /// If the file is damaged, or its state is of another kind.
    pub fn state<S: DeserializeOwned>(&self) -> Result<S, CheckpointError> {
        Ok(self.parse_state::<S>()?.run)
    }

    /// Puts all tensors back into a model and an optimizer of the same shape.
    ///
    /// # Errors
    /// If the file is damaged, or a name or shape differs; nothing is changed then.
    pub fn restore<T: Real>(
        &self,
        store: &mut ParamStore<T>,
        optimizer: &mut Optimizer<T>,
    ) -> Result<(), CheckpointError> {
        let steps = self.parse_state::<serde::de::IgnoredAny>()?.optimizer_steps;
        let entries = entries(store, optimizer);
        let expected = entries
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor.shape()));
        let shapes: Vec<_> = expected.collect();
        let file = self.parse()?;
        let expected = shapes.iter().map(|(name, shape)| (*name, shape.dims()));
        let values: Vec<Vec<T>> = file
            .read(expected, Conversion::Refuse)
            .map_err(|source| self.content(source))?;
        let mut values = values.into_iter();
        let mut next = move || values.next().expect("as many as were asked for");
        let ids: Vec<ParamId> = store.iter().map(|(id, _)| id).collect();
        for id in ids {
            set(store.get_mut(id), &next());
            optimizer
                .state_mut(id)
                .for_each(|(_, tensor)| set(tensor, &next()));
        }
        optimizer.set_steps(steps);
        Ok(())
    }

    fn parse(&self) -> Result<TensorFile<'_>, CheckpointError> {
        TensorFile::parse(&self.bytes).map_err(|source| self.content(source))
    }

    fn parse_state<S: DeserializeOwned>(&self) -> Result<State<S>, CheckpointError> {
        let file = self.parse()?;
        let fault = |reason: String| CheckpointError::State {
            path: self.path.clone(),
            reason,
        };
        let metadata = file.metadata().ok_or_else(|| fault("there is none".to_owned()))?;
        serde_json::from_str(metadata).map_err(|error| fault(error.to_string()))
    }

    fn content(&self, source: TensorsError) -> CheckpointError {
        CheckpointError::Content {
            path: self.path.clone(),
            source,
        }
    }
}

fn set<T: Real>(tensor: &mut Tensor<T>, values: &[T]) {
    let device = tensor.device().clone();
    device.backend().upload(values, tensor.view_mut());
}
