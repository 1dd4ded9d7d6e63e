//! At which size, and with which data, the paper is measured again.

use std::path::PathBuf;

use crate::config::{ConfigError, RunConfig};
use crate::data::directory::DataDirectory;
use crate::data::source::{self, Source};
use crate::presets::Preset;
use crate::settings::Settings;

use super::ReproduceError;

/// How large it all is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scale {
    /// Minutes: small models, with embedded data where there are no others.
    Quick,
    /// The sizes of the paper, with its data: hours to days.
    Paper,
}

/// Whose settings are used at the paper's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Settled {
    /// Those of the text.
    Paper,
    /// Those of the authors' code.
    Authors,
    /// The text's, with the differences to the code settled.
    Corrected,
}

impl Settled {
    fn name(self) -> &'static str {
        match self {
            Settled::Paper => "paper",
            Settled::Authors => "authors",
            Settled::Corrected => "corrected",
        }
    }
}

/// At which size, and with which data.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How large it all is.
    pub scale: Scale,
    /// Whose settings, at the paper's size.
    pub settled: Settled,
    /// The directory of data files.
    pub data: Option<PathBuf>,
    /// Whether malformed files of questions are left out, and no error.
    pub lenient: bool,
    /// Number of seeds, if it is not that of each target.
    pub seeds: Option<u64>,
}

/// Files that a task may read.
#[derive(Clone, Copy)]
pub enum Files {
    /// MNIST.
    Mnist,
    /// The Penn Treebank.
    PennTreebank,
    /// text8.
    Text8,
    /// The CNN questions.
    Cnn,
}

impl Files {
    fn source(self) -> &'static Source {
        match self {
            Files::Mnist => &source::MNIST,
            Files::PennTreebank => &source::PENN_TREEBANK,
            Files::Text8 => &source::TEXT8,
            Files::Cnn => &source::CNN,
        }
    }
}

impl Setting {
    /// The directory of data files, if these are in it.
    ///
    /// # Errors
    /// If the directory cannot be read or, at the paper's size, if the files are missing.
    pub fn files(&self, files: Files) -> Result<Option<&PathBuf>, ReproduceError> {
        let source = files.source();
        let Some(data) = &self.data else {
            return match self.scale {
                Scale::Quick => Ok(None),
                Scale::Paper => Err(ReproduceError::NoData { name: source.name }),
            };
        };
        match (DataDirectory::open(data)?.find(source), self.scale) {
            (Ok(_), _) => Ok(Some(data)),
            (Err(_), Scale::Quick) => Ok(None),
            (Err(error), Scale::Paper) => Err(error.into()),
        }
    }

    /// Whether MNIST is there.
    pub fn has_mnist(&self) -> bool {
        self.files(Files::Mnist).is_ok_and(|found| found.is_some())
    }

    /// The seeds of a target that has `usual` ones in the quick form; at the paper's size it is one.
    pub fn seeds(&self, usual: u64) -> std::ops::RangeInclusive<u64> {
        let usual = match self.scale {
            Scale::Quick => usual,
            Scale::Paper => 1,
        };
        1..=self.seeds.unwrap_or(usual)
    }

    /// The name of a task's preset.
    pub fn preset(&self, task: &str) -> String {
        match self.scale {
            Scale::Quick => format!("{task}-quick"),
            Scale::Paper => format!("{task}-{}", self.settled.name()),
        }
    }
}

/// The configuration of a preset with changes, each a field and its value as TOML has it.
///
/// # Errors
/// If the values make no sense together.
///
/// # Panics
/// If there is no such preset.
pub fn configure(
    preset: &str,
    data: Option<&PathBuf>,
    seed: u64,
    changes: &[(&str, String)],
) -> Result<RunConfig, ConfigError> {
    let found = Preset::find(preset).unwrap_or_else(|| panic!("there is no preset `{preset}`"));
    let mut settings = Settings::of_preset(found);
    if let Some(data) = data {
        let absolute = std::path::absolute(data).unwrap_or_else(|_| data.clone());
        settings.set("task.data", absolute.to_string_lossy());
    }
    settings.set("training.seed", seed);
    for (field, value) in changes {
        let change = settings.assign(&format!("{field}={value}"));
        change.expect("targets change fields");
    }
    settings.config()
}
