//! What a run is: everything that its results depend on, and nothing else.

mod check;
mod difference;
mod model;
mod reader;

use std::fmt;
use std::path::{Path, PathBuf};

use nn::optimizer::{OptimizerConfig, Schedule};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scores::Scores;
use crate::task::TaskConfig;
use crate::trainer::Score;

pub use check::ValueError;
pub(crate) use check::from_one_to;
pub use difference::Difference;
pub use model::{ModelConfig, RecurrentInit};
pub use reader::ReaderConfig;

/// How it is trained.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training examples; this or `steps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<usize>,
    /// Updates; this or `epochs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// Examples in a batch, for training, estimation and evaluation.
    pub batch: usize,
    /// Largest norm of all gradients together.
    pub clip: f64,
    /// Seed of initial weights, batches and noise.
    pub seed: u64,
    /// How the step size changes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub schedule: Schedule,
}

impl TrainingConfig {
    /// Number of updates, where an epoch has `per_epoch` of them.
    pub fn updates(&self, per_epoch: usize) -> usize {
        match (self.steps, self.epochs) {
            (Some(steps), _) => steps,
            (None, epochs) => epochs.unwrap_or(0).saturating_mul(per_epoch),
        }
    }
}

/// How it is measured while it is trained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvaluationConfig {
    /// Updates from one evaluation to the next; without it, those of an epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<usize>,
    /// Batches of training examples that population statistics are estimated from; without it, all of
    /// them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimation_batches: Option<usize>,
    /// Batches that are measured, the first ones of a part; without it, all of them. What is measured
    /// in the end, on the test examples, is always all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batches: Option<usize>,
    /// The statistics whose validation score says which model is the best one, that is measured in the
    /// end.
    #[serde(default)]
    pub select: Selector,
    /// Evaluations without a better validation score after which the run ends; without it, it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
}

/// The statistics whose validation score counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Selector {
    /// Those of the batches that are measured, as in the paper's code.
    Batch,
    /// Running averages.
    Running,
    /// Population estimates.
    #[default]
    Population,
}

impl Selector {
    /// The score that counts.
    pub fn of(self, scores: &Scores) -> Score {
        match self {
            Self::Batch => scores.batch,
            Self::Running => scores.running,
            Self::Population => scores.population,
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Batch => "batch",
            Self::Running => "running",
            Self::Population => "population",
        })
    }
}

/// How often a run is written to the disk. Results do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CheckpointsConfig {
    /// Updates from one checkpoint to the next; without it, only the minutes count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<usize>,
    /// Minutes after which the next occasion (an evaluation, or a hundred updates) is used.
    pub minutes: f64,
    /// How many are kept.
    pub keep: usize,
}

impl Default for CheckpointsConfig {
    fn default() -> Self {
        Self {
            every: None,
            minutes: 5.0,
            keep: 3,
        }
    }
}

/// How often one looks inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DiagnosticsConfig {
    /// Updates from one look to the next; 0 for none.
    pub every: usize,
}

impl Default for DiagnosticsConfig {
    fn default() -> Self {
        Self { every: 200 }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
    /// How it is measured.
    #[serde(default)]
    pub evaluation: EvaluationConfig,
    /// How one looks inside.
    #[serde(default)]
    pub diagnostics: DiagnosticsConfig,
    /// How often it is written to the disk.
    #[serde(default)]
    pub checkpoints: CheckpointsConfig,
}

/// A configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] nn::files::FileError),
    /// It is not a configuration.
    #[error("{origin}: {}; mend it, or give the config.toml that `train` has written", source.to_string().trim_end())]
    Syntax {
        /// The file or preset.
        origin: String,
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
    #[error("{origin}: {source}")]
    Value {
        /// The file or preset.
        origin: String,
        /// The value, and what would fit.
        source: ValueError,
    },
}

/// The text of a file.
///
/// # Errors
/// If it cannot be read, or is not text.
pub(crate) fn read_text(path: &Path) -> Result<String, ConfigError> {
    let bytes = nn::files::read(path)?;
    String::from_utf8(bytes).map_err(|error| ConfigError::Encoding {
        path: path.to_owned(),
        at: error.utf8_error().valid_up_to(),
    })
}

impl RunConfig {
    /// The first field in which the results of two runs differ, such as `model.hidden_size`, with both
    /// values: neither the place of the data matters nor how often checkpoints are written.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        Difference::between(&self.without_place(), &other.without_place())
    }

    /// All that results depend on: neither the place of the data nor how often checkpoints are written.
    pub(crate) fn without_place(&self) -> Value {
        let mut value = serde_json::to_value(self).expect("a configuration has text as keys");
        let fields = value.as_object_mut().expect("a configuration is a map");
        fields.remove("checkpoints");
        if let Some(task) = fields.get_mut("task").and_then(Value::as_object_mut) {
            task.remove("data");
        }
        value
    }

    /// Reads a configuration as a run directory holds it.
    ///
    /// # Errors
    /// If the file cannot be read, does not parse, or has a value that makes no sense.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::parse(&read_text(path)?, &format!("configuration {}", path.display()))
    }

    /// A configuration from its text; `origin` names it in errors.
    ///
    /// # Errors
    /// If it does not parse, or has a value that makes no sense.
    pub fn parse(text: &str, origin: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|source| ConfigError::Syntax {
            origin: origin.to_owned(),
            source: Box::new(source),
        })?;
        config.check().map_err(|source| ConfigError::Value {
            origin: origin.to_owned(),
            source,
        })?;
        Ok(config)
    }
}
