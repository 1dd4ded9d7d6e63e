//! What a run is: everything that its results depend on, and nothing else.

mod check;
mod model;

use std::path::{Path, PathBuf};

use nn::optimizer::OptimizerConfig;
use serde::{Deserialize, Serialize};

use crate::task::TaskConfig;

pub use check::ValueError;
pub(crate) use check::from_one_to;
pub use model::{ModelConfig, RecurrentInit};

/// How it is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training examples.
    pub epochs: usize,
    /// Examples in a batch, for training, estimation and evaluation.
    pub batch: usize,
    /// Largest norm of all gradients together.
    pub clip: f64,
    /// Seed of initial weights, batches and noise.
    pub seed: u64,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// What is learned.
    pub task: TaskConfig,
    /// The model.
    pub model: ModelConfig,
    /// The update rule.
    pub optimizer: OptimizerConfig,
    /// How it is trained.
    pub training: TrainingConfig,
}

/// A configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] nn::files::FileError),
    /// The file is not a configuration.
    #[error(
        "configuration {}: {}; mend it, or give the config.toml that `train` has written",
        path.display(),
        source.to_string().trim_end()
    )]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
    /// The file is not text.
    #[error("configuration {}: byte {at} is not UTF-8; save the file as plain text", path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// Position of the first bad byte.
        at: usize,
    },
    /// A value makes no sense.
    #[error("configuration {}: {source}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The value, and what would fit.
        source: ValueError,
    },
}

impl RunConfig {
    /// Reads a configuration as a run directory holds it.
    ///
    /// # Errors
    /// If the file cannot be read, does not parse, or has a value that makes no sense.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let bytes = nn::files::read(path)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| ConfigError::Encoding {
            path: path.to_owned(),
            at: error.valid_up_to(),
        })?;
        let config: Self = toml::from_str(text).map_err(|source| ConfigError::Syntax {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        config.check().map_err(|source| ConfigError::Value {
            path: path.to_owned(),
            source,
        })?;
        Ok(config)
    }
}
