//! Options that several commands share.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use nn::optimizer::{Denominator, OptimizerConfig};

use super::Failure;
use crate::cell::Cell;
use crate::config::{ModelConfig, RecurrentInit, RunConfig, TrainingConfig, ValueError};
use crate::normalization::{ParseError, Sites};
use crate::run_directory::RunDirectory;
use crate::task::{PixelOrder, TaskConfig};

/// Name of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TaskName {
    /// 8×8 images of handwritten digits, one pixel a step (embedded).
    Digits,
}

impl TaskName {
    /// Where its data are from.
    pub(crate) fn reference(self) -> &'static str {
        match self {
            Self::Digits => "Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits",
        }
    }
}

/// Name of an update rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OptimizerName {
    /// Stochastic gradient descent with momentum 0.9.
    Sgd,
    /// RMSProp with decay 0.9, as in PyTorch.
    Rmsprop,
    /// RMSProp as the paper's code has it: decay 0.5, divided by max(√s, 1e-5).
    RmspropAuthors,
    /// Adam with decays 0.9 and 0.999.
    Adam,
    /// AdamW with weight decay 0.01.
    Adamw,
}

impl OptimizerName {
    /// Where the rule is from.
    pub(crate) fn reference(self) -> &'static str {
        match self {
            Self::Sgd => "Polyak 1964; as torch.optim.SGD",
            Self::Rmsprop => "Tieleman & Hinton 2012; as torch.optim.RMSprop",
            Self::RmspropAuthors => "Cooijmans et al. 2016, in the code; as blocks.algorithms.RMSProp",
            Self::Adam => "Kingma & Ba 2015, arXiv 1412.6980",
            Self::Adamw => "Loshchilov & Hutter 2019, arXiv 1711.05101",
        }
    }
}

/// The text of an option was not understood.
#[derive(Debug, thiserror::Error)]
#[error("{option}: {source}")]
pub struct TextOption {
    option: &'static str,
    source: ParseError,
}

impl TextOption {
    /// Adds the option to an error.
    pub fn named(option: &'static str) -> impl FnOnce(ParseError) -> Self {
        move |source| Self { option, source }
    }
}

/// What a model is, but for its normalization.
#[derive(Args, Clone, Debug)]
pub struct ModelOptions {
    /// The recurrent cell.
    #[arg(long, value_enum, default_value = "lstm")]
    cell: Cell,
    /// What is dropped, held or penalized in training: `zoneout(h=0.05,c=0.5)+weight-drop`.
    #[arg(long, default_value = "none", value_name = "TEXT")]
    regularization: String,
    /// Layers upon each other.
    #[arg(long, default_value_t = 1)]
    layers: usize,
    /// Read in both directions in every layer.
    #[arg(long)]
    bidirectional: bool,
    /// Units of each cell.
    #[arg(long, default_value_t = 64)]
    hidden_size: usize,
    /// How the recurrent weights start.
    #[arg(long, value_enum, default_value = "identity-g")]
    recurrent_init: RecurrentInit,
    /// Where the bias of the forget gate starts.
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    forget_bias: f64,
    /// Standard deviation of noise on the initial hidden state.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    initial_noise: f64,
}

impl ModelOptions {
    /// The recurrent cell.
    pub fn cell(&self) -> Cell {
        self.cell
    }

    /// Reads the normalization of the cell that an option gives.
    ///
    /// # Errors
    /// What is wrong with its text, and where.
    pub fn normalization(&self, option: &'static str, text: &str) -> Result<Sites, TextOption> {
        Sites::parse(self.cell, text).map_err(TextOption::named(option))
    }

    /// The configuration with a normalization.
    ///
    /// # Errors
    /// What is wrong with the text of the regularizers, and where.
    pub fn config(&self, normalization: Sites) -> Result<ModelConfig, TextOption> {
        let regularization = self.regularization.parse();
        Ok(ModelConfig {
            normalization,
            regularization: regularization.map_err(TextOption::named("--regularization"))?,
            hidden_size: self.hidden_size,
            layers: self.layers,
            bidirectional: self.bidirectional,
            recurrent_init: self.recurrent_init,
            forget_bias: self.forget_bias,
            initial_noise: self.initial_noise,
        })
    }
}

/// What a run is, but for its model and its seed.
#[derive(Args, Clone, Debug)]
pub struct RunOptions {
    /// What is learned.
    #[arg(long, value_enum, default_value = "digits")]
    task: TaskName,
    /// Directory of digits8x8-images-idx3-ubyte and digits8x8-labels-idx1-ubyte, raw or .gz, to use
    /// instead of the embedded files.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Read the pixels in one random order instead of scan order.
    #[arg(long)]
    permuted: bool,
    /// Seed of that order.
    #[arg(long, default_value_t = 1, requires = "permuted")]
    permutation_seed: u64,
    /// Update rule.
    #[arg(long, value_enum, default_value = "rmsprop")]
    optimizer: OptimizerName,
    /// Step size.
    #[arg(long, default_value_t = 1e-3, allow_negative_numbers = true)]
    learning_rate: f64,
    /// Passes over the training examples.
    #[arg(long, default_value_t = 20)]
    epochs: usize,
    /// Examples in a batch.
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// Largest norm of all gradients together.
    #[arg(long, default_value_t = 1.0, allow_negative_numbers = true)]
    clip: f64,
}

impl RunOptions {
    /// The configuration with a model and a seed.
    ///
    /// # Errors
    /// A value that makes no sense.
    pub fn config(&self, model: ModelConfig, seed: u64) -> Result<RunConfig, Failure> {
        let config = RunConfig {
            task: self.task()?,
            model,
            optimizer: self.optimizer(),
            training: TrainingConfig {
                epochs: self.epochs,
                batch: self.batch,
                clip: self.clip,
                seed,
            },
        };
        config.check()?;
        Ok(config)
    }

    fn task(&self) -> Result<TaskConfig, ValueError> {
        let permutation_seed = self.permutation_seed;
        let order = match self.permuted {
            true => PixelOrder::Permuted { permutation_seed },
            false => PixelOrder::Scan,
        };
        let data = self.data.as_deref().map(data_directory).transpose()?;
        Ok(match self.task {
            TaskName::Digits => TaskConfig::Digits { data, order },
        })
    }

    fn optimizer(&self) -> OptimizerConfig {
        let learning_rate = self.learning_rate;
        let rmsprop = |decay, epsilon, denominator| OptimizerConfig::RmsProp {
            learning_rate,
            decay,
            epsilon,
            momentum: 0.0,
            centred: false,
            denominator,
        };
        let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8);
        match self.optimizer {
            OptimizerName::Sgd => OptimizerConfig::Sgd {
                learning_rate,
                momentum: 0.9,
            },
            OptimizerName::Rmsprop => rmsprop(0.9, 1e-8, Denominator::RootPlusEpsilon),
            OptimizerName::RmspropAuthors => rmsprop(0.5, 1e-5, Denominator::MaxOfRootAndEpsilon),
            OptimizerName::Adam => OptimizerConfig::Adam {
                learning_rate,
                beta1,
                beta2,
                epsilon,
            },
            OptimizerName::Adamw => OptimizerConfig::AdamW {
                learning_rate,
                beta1,
                beta2,
                epsilon,
                weight_decay: 0.01,
            },
        }
    }
}

/// The absolute path of a directory, as a configuration keeps it: `eval` finds it from anywhere.
fn data_directory(path: &Path) -> Result<PathBuf, ValueError> {
    let error = |remedy: &str| ValueError::new("--data", path.display(), remedy);
    let absolute = std::path::absolute(path).map_err(|_| error("give the path of a directory"))?;
    match absolute.to_str() {
        Some(_) => Ok(absolute),
        None => Err(error("config.toml is text, so give a path in UTF-8")),
    }
}

/// Where results go.
#[derive(Args, Clone, Debug, Default)]
pub struct OutputOptions {
    /// Directory for the results [default: the next free runs/COMMAND-NUMBER].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the files of an earlier run in that directory.
    #[arg(long, requires = "out")]
    force: bool,
}

impl OutputOptions {
    /// Makes the directory.
    ///
    /// # Errors
    /// If it holds something already, or cannot be written to.
    pub fn create(&self, command: &str) -> Result<RunDirectory, Failure> {
        Ok(match &self.out {
            Some(out) => RunDirectory::create(out, self.force)?,
            None => RunDirectory::create_numbered(Path::new("runs"), command)?,
        })
    }
}
