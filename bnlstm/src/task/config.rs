//! Which task, as a configuration has it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    AddingConfig, CharlmConfig, CopyConfig, DigitsConfig, Metric, PmnistConfig, QaConfig, SmnistConfig, Task,
    TaskError,
};
use crate::config::ValueError;

/// Name of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TaskName {
    /// 8×8 images of handwritten digits, one pixel a step (embedded).
    Digits,
    /// MNIST, one pixel a step in scan order.
    Smnist,
    /// MNIST, one pixel a step in a permuted order.
    Pmnist,
    /// The next character of a text (the King James text is embedded).
    Charlm,
    /// The entity that a question about a story asks for (generated stories without any files).
    Qa,
    /// Symbols to be repeated after a long time (generated).
    Copy,
    /// Two marked numbers among many, to be added (generated).
    Adding,
}

impl TaskName {
    /// Where it is from.
    pub fn reference(self) -> &'static str {
        match self {
            Self::Digits => "Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits",
            Self::Smnist | Self::Pmnist => "Le, Jaitly & Hinton 2015, arXiv 1504.00941",
            Self::Charlm => "Cooijmans et al. 2016, section 5.2; Mikolov et al. 2012",
            Self::Qa => "Hermann et al. 2015, arXiv 1506.03340; Cooijmans et al. 2016, section 5.4",
            Self::Copy => "Arjovsky, Shah & Bengio 2016, arXiv 1511.06464, section 4.1",
            Self::Adding => "Hochreiter & Schmidhuber 1997; Le, Jaitly & Hinton 2015, arXiv 1504.00941",
        }
    }

    /// The preset that ends in minutes.
    pub fn preset(self) -> &'static str {
        match self {
            Self::Digits => "digits-quick",
            Self::Smnist => "smnist-quick",
            Self::Pmnist => "pmnist-quick",
            Self::Charlm => "charlm-quick",
            Self::Qa => "qa-quick",
            Self::Copy => "copy-quick",
            Self::Adding => "adding-quick",
        }
    }
}

/// Which task, and how it is presented.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum TaskConfig {
    /// 8×8 images of handwritten digits, one pixel a step.
    Digits(DigitsConfig),
    /// 28×28 images, one pixel a step in scan order.
    Smnist(SmnistConfig),
    /// 28×28 images, one pixel a step in an order of its own.
    Pmnist(PmnistConfig),
    /// The next character of a text.
    Charlm(CharlmConfig),
    /// The entity that a question about a story asks for.
    Qa(QaConfig),
    /// Symbols to be repeated after a long time.
    Copy(CopyConfig),
    /// Two marked numbers among many, whose sum is asked for.
    Adding(AddingConfig),
}

/// The configuration of one task, which prints as what titles call it.
pub(super) trait TaskSettings: fmt::Display {
    /// Looks for values that make no sense.
    fn check(&self) -> Result<(), ValueError>;

    /// Makes the data ready.
    fn load(&self) -> Result<Box<dyn Task>, TaskError>;

    /// Whether it reads files of a directory of data, and has none.
    fn wants_data(&self) -> bool {
        false
    }
}

impl TaskConfig {
    fn settings(&self) -> &dyn TaskSettings {
        match self {
            TaskConfig::Digits(settings) => settings,
            TaskConfig::Smnist(settings) => settings,
            TaskConfig::Pmnist(settings) => settings,
            TaskConfig::Charlm(settings) => settings,
            TaskConfig::Qa(settings) => settings,
            TaskConfig::Copy(settings) => settings,
            TaskConfig::Adding(settings) => settings,
        }
    }

    /// Looks for values that make no sense.
    ///
    /// # Errors
    /// The first one, with what would fit.
    pub fn check(&self) -> Result<(), ValueError> {
        self.settings().check()
    }

    /// Makes the data ready.
    ///
    /// # Errors
    /// If the data cannot be read.
    pub fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        self.settings().load()
    }

    /// How answers are measured in reports, as the [task](Task::metric) says once its data are there.
    pub fn metric(&self) -> Metric {
        match self {
            TaskConfig::Digits(_) | TaskConfig::Smnist(_) | TaskConfig::Pmnist(_) | TaskConfig::Copy(_) => {
                Metric::Accuracy
            }
            TaskConfig::Charlm(_) => Metric::BitsPerCharacter,
            TaskConfig::Qa(_) => Metric::ErrorRate,
            TaskConfig::Adding(_) => Metric::SquaredError,
        }
    }

    /// Whether it reads files of a directory of data, and has none.
    pub fn wants_data(&self) -> bool {
        self.settings().wants_data()
    }

    /// Whether every step is to tell the input of the next one.
    pub fn asks_what_comes_next(&self) -> bool {
        matches!(self, TaskConfig::Charlm(_))
    }

    /// Whether a story is read and a question about it is asked.
    pub fn asks_questions(&self) -> bool {
        matches!(self, TaskConfig::Qa(_))
    }
}

impl fmt::Display for TaskConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings().fmt(f)
    }
}

pub(super) fn at_least_two(field: &'static str, value: usize) -> Result<(), ValueError> {
    match value {
        0 | 1 => Err(ValueError::new(field, value, "give at least 2")),
        _ => Ok(()),
    }
}
