//! Options that several commands share.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use nn::optimizer::{Denominator, OptimizerConfig};
use serde_json::Value;

use super::Failure;
use crate::cell::Cell;
use crate::config::{RecurrentInit, RunConfig, ValueError};
use crate::normalization::{ParseError, Sites};
use crate::presets::{PRESETS, Preset};
use crate::regularization::Regularization;
use crate::settings::Settings;
use crate::task::TaskName;
use crate::text::nearest;

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

/// What a run starts from.
#[derive(Args, Clone, Debug, Default)]
pub struct BaseOptions {
    /// A configuration that comes with the program; `bnlstm presets` has all of them [default:
    /// digits-quick].
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// A task, in the form that ends in minutes: the preset TASK-quick.
    #[arg(long, value_enum, conflicts_with = "preset")]
    task: Option<TaskName>,
    /// The config.toml of a run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["preset", "task"])]
    config: Option<PathBuf>,
}

impl BaseOptions {
    /// The configuration that options are added to.
    ///
    /// # Errors
    /// If there is no such preset, or the file cannot be used.
    pub fn settings(&self) -> Result<Settings, Failure> {
        if let Some(path) = &self.config {
            return Ok(Settings::read(path)?);
        }
        let of_task = self.task.map(TaskName::preset);
        let name = self.preset.as_deref().or(of_task).unwrap_or(DEFAULT_PRESET);
        Ok(Settings::of_preset(find_preset("--preset", name)?))
    }
}

/// What is changed without a preset.
const DEFAULT_PRESET: &str = "digits-quick";

/// A preset by its name.
///
/// # Errors
/// If there is none.
pub(crate) fn find_preset(option: &'static str, name: &str) -> Result<&'static Preset, ValueError> {
    Preset::find(name).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
        let nearest = nearest(name, &names);
        let remedy = match nearest {
            Some(nearest) => format!("did you mean `{nearest}`? `bnlstm presets` lists all of them"),
            None => "there is no such preset; `bnlstm presets` lists all of them".to_owned(),
        };
        ValueError::new(option, name, remedy)
    })
}

/// What a model is, but for its normalization.
#[derive(Args, Clone, Debug, Default)]
pub struct ModelOptions {
    /// The recurrent cell.
    #[arg(long, value_enum)]
    cell: Option<Cell>,
    /// What is dropped, held or penalized in training: `zoneout(h=0.05,c=0.5)+weight-drop`.
    #[arg(long, value_name = "TEXT")]
    regularization: Option<String>,
    /// Layers upon each other.
    #[arg(long)]
    layers: Option<usize>,
    /// Read in both directions in every layer.
    #[arg(long)]
    bidirectional: bool,
    /// Units of each cell.
    #[arg(long)]
    hidden_size: Option<usize>,
    /// How the recurrent weights start.
    #[arg(long, value_enum)]
    recurrent_init: Option<RecurrentInit>,
    /// Where the bias of the forget gate starts.
    #[arg(long, allow_negative_numbers = true)]
    forget_bias: Option<f64>,
    /// Standard deviation of noise on the initial hidden state.
    #[arg(long, allow_negative_numbers = true)]
    initial_noise: Option<f64>,
}

impl ModelOptions {
    /// Sets what is given.
    ///
    /// # Errors
    /// What is wrong with the text of the regularizers, and where, or a number that is none.
    pub fn apply(&self, settings: &mut Settings) -> Result<(), Failure> {
        if let Some(cell) = self.cell {
            settings.set("model.cell", cell.name());
        }
        if let Some(text) = &self.regularization {
            let parsed: Result<Regularization, _> = text.parse();
            let full = parsed.map_err(TextOption::named("--regularization"))?;
            settings.set("model.regularization", full.to_string());
        }
        set_count(settings, "model.layers", self.layers);
        if self.bidirectional {
            settings.set("model.bidirectional", true);
        }
        set_count(settings, "model.hidden_size", self.hidden_size);
        if let Some(init) = self.recurrent_init {
            settings.set("model.recurrent_init", value_name(&init));
        }
        set_number(settings, "model.forget_bias", self.forget_bias)?;
        set_number(settings, "model.initial_noise", self.initial_noise)?;
        Ok(())
    }
}

/// Sets the normalization of the cell that the settings have.
///
/// # Errors
/// What is wrong with its text, and where.
pub fn set_normalization(
    settings: &mut Settings,
    option: &'static str,
    text: &str,
) -> Result<(), TextOption> {
    let sites = Sites::parse(cell(settings), text).map_err(TextOption::named(option))?;
    settings.set("model.normalization", sites.to_string());
    Ok(())
}

/// The cell that the settings have.
pub fn cell(settings: &mut Settings) -> Cell {
    let named = settings.get("model.cell").and_then(|name| name.as_str());
    let cell = named.and_then(|name| Cell::ALL.into_iter().find(|cell| cell.name() == name));
    cell.unwrap_or_default()
}

/// What a run is, but for its model and its seed.
#[derive(Args, Clone, Debug, Default)]
pub struct RunOptions {
    /// Directory of data files, which `bnlstm data` lists [default: that of the environment variable
    /// BNLSTM_DATA, for tasks that read files].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A text file for the task charlm to learn the characters of, in UTF-8.
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    text: Option<PathBuf>,
    /// Leave malformed files of the CNN questions out, and count them, instead of stopping at the first.
    #[arg(long)]
    lenient: bool,
    /// Read the pixels of images in one random order instead of scan order.
    #[arg(long)]
    permuted: bool,
    /// Seed of that order [default: 1].
    #[arg(long, requires = "permuted")]
    permutation_seed: Option<u64>,
    /// Update rule.
    #[arg(long, value_enum)]
    optimizer: Option<OptimizerName>,
    /// Step size.
    #[arg(long, allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    /// Passes over the training examples.
    #[arg(long)]
    epochs: Option<usize>,
    /// Updates, in place of passes.
    #[arg(long, conflicts_with = "epochs")]
    steps: Option<usize>,
    /// Examples in a batch.
    #[arg(long)]
    batch: Option<usize>,
    /// Largest norm of all gradients together.
    #[arg(long, allow_negative_numbers = true)]
    clip: Option<f64>,
    /// Updates from one evaluation to the next [default: what the configuration says, or those of an
    /// epoch].
    #[arg(long, value_name = "UPDATES")]
    evaluate_every: Option<usize>,
    /// Any field of the configuration: `task.delay=50`, `optimizer.beta2=0.99`.
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    set: Vec<String>,
}

impl RunOptions {
    /// Sets what is given; single fields last.
    ///
    /// # Errors
    /// A path that is no text, a number that is none, or a field without a value.
    pub fn apply(&self, settings: &mut Settings) -> Result<(), Failure> {
        if let Some(data) = self.data.as_deref() {
            settings.set("task.data", absolute("--data", data)?);
        }
        if let Some(text) = self.text.as_deref() {
            let task = settings.get("task.name").and_then(Value::as_str);
            if let Some(task) = task.filter(|&task| task != "charlm") {
                let remedy = format!("the task {task} reads no text; add --task charlm");
                return Err(ValueError::new("--text", text.display(), remedy).into());
            }
            settings.set("task.corpus", "file");
            settings.set("task.text", absolute("--text", text)?);
        }
        if self.lenient {
            settings.set("task.lenient", true);
        }
        if self.permuted {
            settings.remove("task.order");
            let seed = self.permutation_seed.unwrap_or(1);
            settings.set("task.order.permuted.permutation_seed", seed);
        }
        if let Some(optimizer) = self.optimizer {
            let rate = settings.get("optimizer.learning_rate").and_then(Value::as_f64);
            let rule = optimizer.config(rate.unwrap_or(1e-3));
            let fields = serde_json::to_value(rule).expect("a rule is a map with text as keys");
            settings.set("optimizer", fields);
        }
        set_number(settings, "optimizer.learning_rate", self.learning_rate)?;
        if self.epochs.is_some() || self.steps.is_some() {
            settings.remove("training.epochs");
            settings.remove("training.steps");
        }
        set_count(settings, "training.epochs", self.epochs);
        set_count(settings, "training.steps", self.steps);
        set_count(settings, "training.batch", self.batch);
        set_number(settings, "training.clip", self.clip)?;
        set_count(settings, "evaluation.every", self.evaluate_every);
        self.set.iter().try_for_each(|text| settings.assign(text))?;
        Ok(())
    }
}

impl OptimizerName {
    /// The rule with its usual settings.
    fn config(self, learning_rate: f64) -> OptimizerConfig {
        let rmsprop = |decay, epsilon, denominator| OptimizerConfig::RmsProp {
            learning_rate,
            decay,
            epsilon,
            momentum: 0.0,
            centred: false,
            denominator,
        };
        let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8);
        match self {
            Self::Sgd => OptimizerConfig::Sgd {
                learning_rate,
                momentum: 0.9,
            },
            Self::Rmsprop => rmsprop(0.9, 1e-8, Denominator::RootPlusEpsilon),
            Self::RmspropAuthors => rmsprop(0.5, 1e-5, Denominator::MaxOfRootAndEpsilon),
            Self::Adam => OptimizerConfig::Adam {
                learning_rate,
                beta1,
                beta2,
                epsilon,
            },
            Self::Adamw => OptimizerConfig::AdamW {
                learning_rate,
                beta1,
                beta2,
                epsilon,
                weight_decay: 0.01,
            },
        }
    }
}

fn set_count(settings: &mut Settings, field: &str, value: Option<usize>) {
    if let Some(value) = value {
        settings.set(field, value);
    }
}

fn set_number(settings: &mut Settings, field: &'static str, value: Option<f64>) -> Result<(), ValueError> {
    value.map_or(Ok(()), |value| settings.set_number(field, value))
}

/// The name of a value in options and configurations.
fn value_name(value: &impl ValueEnum) -> String {
    let possible = value.to_possible_value().expect("no value is hidden");
    possible.get_name().to_owned()
}

/// The configuration, with the directory that BNLSTM_DATA names where the task reads one and has none.
///
/// # Errors
/// If a field is unknown, missing or of the wrong kind, or a value makes no sense.
pub fn run_config(settings: &Settings) -> Result<RunConfig, Failure> {
    let config = settings.config()?;
    if config.task.wants_data()
        && let Some(data) = data_of_environment()?
    {
        let mut settings = settings.clone();
        settings.set("task.data", data);
        return Ok(settings.config()?);
    }
    Ok(config)
}

/// The directory that BNLSTM_DATA names, if it names one.
///
/// # Errors
/// If its path is no text.
pub fn data_of_environment() -> Result<Option<String>, ValueError> {
    let data = std::env::var_os(DATA_VARIABLE);
    data.map(|data| absolute(DATA_VARIABLE, Path::new(&data)))
        .transpose()
}

/// The environment variable that names a directory of data files.
const DATA_VARIABLE: &str = "BNLSTM_DATA";

/// An absolute path, as a configuration keeps it: `eval` finds it from anywhere.
fn absolute(option: &'static str, path: &Path) -> Result<String, ValueError> {
    let error = |remedy: &str| ValueError::new(option, path.display(), remedy);
    let absolute = std::path::absolute(path).map_err(|_| error("give the path of a directory"))?;
    match absolute.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(error("config.toml is text, so give a path in UTF-8")),
    }
}

/// An error unless a score that is to be reached is a number.
///
/// # Errors
/// If it is none.
pub fn check_target(target: Option<f64>) -> Result<(), ValueError> {
    match target.filter(|target| !target.is_finite()) {
        Some(target) => Err(ValueError::new("--target", target, "give a finite number")),
        None => Ok(()),
    }
}
