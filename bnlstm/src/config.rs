//! What a run is: everything that its results depend on, and nothing else.

mod check;

use std::path::{Path, PathBuf};

use nn::init::{Gates, Initializer};
use nn::lstm::{GATE_G, LstmConfig};
use nn::optimizer::OptimizerConfig;
use serde::{Deserialize, Serialize};

use crate::cell::Cell;
use crate::normalization::{ParseError, Sites, Text};
use crate::regularization::Regularization;
use crate::task::{Sizes, TaskConfig};

pub use check::ValueError;

/// How `W_h` is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum RecurrentInit {
    /// Identity in the block of the candidate g, orthogonal in the others: what the paper's code
    /// does for MNIST.
    IdentityG,
    /// Orthogonal in every gate's block.
    Orthogonal,
}

/// The model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenModel", into = "WrittenModel")]
pub struct ModelConfig {
    /// The cell, and which normalization stands at which of its sites.
    pub normalization: Sites,
    /// What is dropped, held or penalized in training.
    pub regularization: Regularization,
    /// `H`, number of units.
    pub hidden_size: usize,
    /// How `W_h` is drawn.
    pub recurrent_init: RecurrentInit,
    /// Where the bias of the forget gate starts.
    pub forget_bias: f64,
    /// Standard deviation of the noise that is added to `h_0`.
    pub initial_noise: f64,
}

/// The model as a file has it: what the text of its normalization means depends on the cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenModel {
    #[serde(default)]
    cell: Cell,
    hidden_size: usize,
    normalization: Text,
    #[serde(default)]
    regularization: Regularization,
    recurrent_init: RecurrentInit,
    forget_bias: f64,
    initial_noise: f64,
}

impl TryFrom<WrittenModel> for ModelConfig {
    type Error = ParseError;

    fn try_from(model: WrittenModel) -> Result<Self, ParseError> {
        Ok(Self {
            normalization: model.normalization.resolve(model.cell)?,
            regularization: model.regularization,
            hidden_size: model.hidden_size,
            recurrent_init: model.recurrent_init,
            forget_bias: model.forget_bias,
            initial_noise: model.initial_noise,
        })
    }
}

impl From<ModelConfig> for WrittenModel {
    fn from(model: ModelConfig) -> Self {
        Self {
            cell: model.normalization.cell(),
            hidden_size: model.hidden_size,
            normalization: model.normalization.into(),
            regularization: model.regularization,
            recurrent_init: model.recurrent_init,
            forget_bias: model.forget_bias,
            initial_noise: model.initial_noise,
        }
    }
}

impl ModelConfig {
    /// The LSTM for a task of the given sizes.
    pub fn lstm(&self, sizes: Sizes) -> LstmConfig {
        let orthogonal = Gates::alike(4, Initializer::Orthogonal { gain: 1.0 });
        LstmConfig {
            forget_bias: self.forget_bias,
            initial_noise: self.initial_noise,
            recurrent_weight: match self.recurrent_init {
                RecurrentInit::IdentityG => Gates::orthogonal_but_identity(4, GATE_G),
                RecurrentInit::Orthogonal => orthogonal,
            },
            ..LstmConfig::new(sizes.input_size, self.hidden_size)
        }
    }
}

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
