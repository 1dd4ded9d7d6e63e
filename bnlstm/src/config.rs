//! What a run is: everything that its results depend on, and nothing else.

use std::path::{Path, PathBuf};

use nn::init::{Gates, Initializer};
use nn::lstm::{GATE_G, LstmConfig};
use nn::optimizer::OptimizerConfig;
use serde::{Deserialize, Serialize};

use crate::normalization::Sites;
use crate::task::{Sizes, TaskConfig};

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
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// `H`, number of units.
    pub hidden_size: usize,
    /// Which normalization at which site.
    pub normalization: Sites,
    /// How `W_h` is drawn.
    pub recurrent_init: RecurrentInit,
    /// Where the bias of the forget gate starts.
    pub forget_bias: f64,
    /// Standard deviation of the noise that is added to `h_0`.
    pub initial_noise: f64,
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
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
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
    #[error("configuration {}: {source}", path.display())]
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
    #[error("{field} = {value}: {remedy}")]
    Value {
        /// The field, such as `training.batch`.
        field: &'static str,
        /// What it is.
        value: String,
        /// What would fit.
        remedy: String,
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
        config.check()?;
        Ok(config)
    }

    /// Looks for values that make no sense.
    ///
    /// # Errors
    /// The first one, with what would fit.
    pub fn check(&self) -> Result<(), ConfigError> {
        let Self { model, training, .. } = self;
        positive("model.hidden_size", model.hidden_size as f64)?;
        at_least_zero("model.initial_noise", model.initial_noise)?;
        finite("model.forget_bias", model.forget_bias)?;
        positive("training.epochs", training.epochs as f64)?;
        positive("training.batch", training.batch as f64)?;
        positive("training.clip", training.clip)?;
        positive("optimizer.learning_rate", self.optimizer.learning_rate())
    }

    /// Looks for batches without a variance, given the number of training examples.
    ///
    /// # Errors
    /// If a normalization over the batch would meet a batch of one example.
    pub fn check_batches(&self, examples: usize) -> Result<(), ConfigError> {
        let batch = self.training.batch;
        let rest = examples % batch;
        if !self.model.normalization.has_statistics() || (batch > 1 && rest != 1) {
            return Ok(());
        }
        let remedy = if batch == 1 {
            "batch normalization needs at least 2 examples in a batch".to_owned()
        } else {
            format!(
                "{examples} training examples leave a last batch of one, which has no variance; try {}",
                batch + 1
            )
        };
        Err(fault("training.batch", batch, remedy))
    }
}

fn fault(field: &'static str, value: impl ToString, remedy: impl Into<String>) -> ConfigError {
    ConfigError::Value {
        field,
        value: value.to_string(),
        remedy: remedy.into(),
    }
}

fn finite(field: &'static str, value: f64) -> Result<(), ConfigError> {
    let fits = value.is_finite();
    fits.then_some(())
        .ok_or_else(|| fault(field, value, "give a finite number"))
}

fn at_least_zero(field: &'static str, value: f64) -> Result<(), ConfigError> {
    let fits = value.is_finite() && value >= 0.0;
    fits.then_some(())
        .ok_or_else(|| fault(field, value, "give a finite number that is not negative"))
}

fn positive(field: &'static str, value: f64) -> Result<(), ConfigError> {
    let fits = value.is_finite() && value > 0.0;
    fits.then_some(())
        .ok_or_else(|| fault(field, value, "give a finite number above 0"))
}
