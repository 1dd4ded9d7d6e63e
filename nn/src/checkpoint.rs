//! Everything that a run is, in one file.
//!
//! Tensors are stored as `param/PATH`, `statistic/PATH` and `optimizer/PATH/SLOT`, those of the best
//! model so far as `best/param/PATH` and `best/statistic/PATH`; the rest (configuration, counters,
//! random state) travels as JSON in the file's metadata. Equal states give equal bytes, and a checksum
//! over all of it finds bytes that have changed on the disk.

use std::ops::Range;
use std::path::{Path, PathBuf};

use autodiff::Tensor;
use kernels::Real;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};
use crate::optimizer::Optimizer;
use crate::params::{Param, ParamId, ParamStore, Role};
use crate::tensors::{Conversion, NamedTensor, TensorFile, TensorsError, checksum, write_tensors};

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
    /// Some bytes are not those that were written.
    #[error(
        "checkpoint {}: its checksum is {found}, but {expected} was written: the file has changed on the \
         disk; use another checkpoint",
        path.display()
    )]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The checksum that was written.
        expected: String,
        /// That of what is there.
        found: String,
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
    /// Of the tensors and of this text, in which it stands as [`NO_CHECKSUM`] then; the first field, so
    /// that its place is known.
    checksum: String,
    /// Updates of the optimizer so far.
    optimizer_steps: u64,
    /// The caller's own state.
    run: S,
}

/// What the text begins with.
const BEFORE_CHECKSUM: &str = "{\"checksum\":\"";
const NO_CHECKSUM: &str = "00000000";

/// Where the checksum stands in the text.
const CHECKSUM: Range<usize> = BEFORE_CHECKSUM.len()..BEFORE_CHECKSUM.len() + NO_CHECKSUM.len();

/// The tensors of a model as they were at some time. Taking one copies nothing.
#[derive(Clone, Debug)]
pub struct Snapshot<T: Real> {
    tensors: Vec<Tensor<T>>,
}

impl<T: Real> Snapshot<T> {
    /// Of all parameters and statistics.
    pub fn of(store: &ParamStore<T>) -> Self {
        let tensors = store.iter().map(|(_, param)| param.tensor.clone());
        Self {
            tensors: tensors.collect(),
        }
    }

    /// Puts them back into the store that they are from.
    ///
    /// # Panics
    /// If the store has another number of tensors.
    #[track_caller]
    pub fn put_back(&self, store: &mut ParamStore<T>) {
        let (found, expected) = (self.tensors.len(), store.len());
        assert!(
            found == expected,
            "put_back: a snapshot of {found} tensors for a store of {expected}"
        );
        let ids: Vec<ParamId> = store.iter().map(|(id, _)| id).collect();
        for (id, tensor) in ids.into_iter().zip(&self.tensors) {
            *store.get_mut(id) = tensor.clone();
        }
    }
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
    let bytes = to_bytes(path, store, optimizer, None, state)?;
    Ok(files::write_atomically(path, &bytes)?)
}

/// The bytes that [`save`] writes, with the `best` model so far if there is one; errors name `path`.
///
/// # Errors
/// If the state has no form in JSON, or is too large for the format.
pub fn to_bytes<T: Real>(
    path: &Path,
    store: &ParamStore<T>,
    optimizer: &Optimizer<T>,
    best: Option<&Snapshot<T>>,
    state: &impl Serialize,
) -> Result<Vec<u8>, CheckpointError> {
    let tensors: Vec<NamedTensor<T>> = entries(store, optimizer, best)
        .into_iter()
        .map(|(name, tensor)| NamedTensor {
            name,
            shape: tensor.shape().dims().to_vec(),
            data: tensor.to_vec(),
        })
        .collect();
    let state = State {
        checksum: NO_CHECKSUM.to_owned(),
        optimizer_steps: optimizer.steps(),
        run: state,
    };
    let mut metadata = serde_json::to_string(&state).map_err(|error| CheckpointError::State {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let mut checksum = checksum(&tensors);
    checksum.update(metadata.as_bytes());
    metadata.replace_range(CHECKSUM, &format!("{:08x}", checksum.finalize()));
    write_tensors(&tensors, &metadata).map_err(|source| CheckpointError::Content {
        path: path.to_owned(),
        source,
    })
}

fn param_name<T: Real>(param: &Param<T>) -> String {
    match param.role {
        Role::Trainable => format!("param/{}", param.path),
        Role::Statistic => format!("statistic/{}", param.path),
    }
}

/// What the names of the best model's tensors begin with.
const BEST: &str = "best/";

/// All tensors of a run with their names.
fn entries<'a, T: Real>(
    store: &'a ParamStore<T>,
    optimizer: &'a Optimizer<T>,
    best: Option<&'a Snapshot<T>>,
) -> Vec<(String, &'a Tensor<T>)> {
    let mut entries = Vec::new();
    for (id, param) in store.iter() {
        entries.push((param_name(param), &param.tensor));
        let slots = optimizer.state(id);
        entries.extend(slots.map(|(slot, tensor)| (format!("optimizer/{}/{slot}", param.path), tensor)));
    }
    if let Some(best) = best {
        let names = store
            .iter()
            .map(|(_, param)| format!("{BEST}{}", param_name(param)));
        entries.extend(names.zip(&best.tensors));
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
        Ok(Self::of_bytes(path, files::read(path)?))
    }

    /// The same from the bytes of a file; errors name `path`.
    pub fn of_bytes(path: &Path, bytes: Vec<u8>) -> Self {
        Self {
            path: path.to_owned(),
            bytes,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
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
        let best = self.has_best()?.then(|| Snapshot::of(store));
        let values = self.tensors(&entries(store, optimizer, best.as_ref()))?;
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

    /// The best model so far, of the shape of `store`, if the file has one.
    ///
    /// # Errors
    /// If the file is damaged, or a name or shape differs.
    pub fn best<T: Real>(
        &self,
        store: &ParamStore<T>,
        optimizer: &Optimizer<T>,
    ) -> Result<Option<Snapshot<T>>, CheckpointError> {
        if !self.has_best()? {
            return Ok(None);
        }
        let mut best = Snapshot::of(store);
        let values = self.tensors(&entries(store, optimizer, Some(&best)))?;
        // The best model's tensors are the last ones.
        let first = values.len() - best.tensors.len();
        for (tensor, values) in best.tensors.iter_mut().zip(&values[first..]) {
            set(tensor, values);
        }
        Ok(Some(best))
    }

    fn has_best(&self) -> Result<bool, CheckpointError> {
        let file = self.parse()?;
        Ok(file.shapes().any(|(name, _)| name.starts_with(BEST)))
    }

    /// The elements of all tensors, which have to be those that are asked for.
    fn tensors<T: Real>(&self, entries: &[(String, &Tensor<T>)]) -> Result<Vec<Vec<T>>, CheckpointError> {
        let shapes: Vec<_> = entries
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor.shape()))
            .collect();
        let expected = shapes.iter().map(|(name, shape)| (*name, shape.dims()));
        self.parse()?
            .read(expected, Conversion::Refuse)
            .map_err(|source| self.content(source))
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
        let state: State<S> = serde_json::from_str(metadata).map_err(|error| fault(error.to_string()))?;
        // A name that has changed is told by the names, more clearly.
        if metadata.get(CHECKSUM) != Some(state.checksum.as_str()) {
            return Err(fault("it does not begin with a checksum".to_owned()));
        }
        let mut found = file.checksum();
        let unsigned = metadata.replacen(&state.checksum, NO_CHECKSUM, 1);
        found.update(unsigned.as_bytes());
        let found = format!("{:08x}", found.finalize());
        match found == state.checksum {
            true => Ok(state),
            false => Err(CheckpointError::Checksum {
                path: self.path.clone(),
                expected: state.checksum,
                found,
            }),
        }
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
