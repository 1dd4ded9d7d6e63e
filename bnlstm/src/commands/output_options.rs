//! Options about where results go, and for how long a command works.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::Failure;
use crate::run_directory::{ResultsDirectory, RunDirectory};

/// A time with its unit.
///
/// # Errors
/// If it is not a number with a unit.
pub fn duration(text: &str) -> Result<Duration, String> {
    let seconds = || {
        let (number, factor) = match text.strip_suffix(['s', 'm', 'h']) {
            Some(number) if text.ends_with('m') => (number, 60.0),
            Some(number) if text.ends_with('h') => (number, 3600.0),
            Some(number) => (number, 1.0),
            None => return None,
        };
        let seconds = factor * number.parse::<f64>().ok()?;
        Duration::try_from_secs_f64(seconds).ok()
    };
    seconds().ok_or_else(|| "give a number and its unit, such as 90s, 45m or 11.5h".to_owned())
}

/// Where results go that are not told where to go.
pub const RUNS: &str = "runs";

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
            None => RunDirectory::create_numbered(Path::new(RUNS), command)?,
        })
    }

    /// Makes the directory of several runs.
    ///
    /// # Errors
    /// If it holds something else already, or cannot be written to.
    pub fn create_results(&self, command: &str, plan: &impl Serialize) -> Result<ResultsDirectory, Failure> {
        Ok(match &self.out {
            Some(out) => ResultsDirectory::create(out, plan, self.force)?,
            None => ResultsDirectory::create_numbered(Path::new(RUNS), command, plan)?,
        })
    }

    /// Whether earlier runs are replaced.
    pub fn force(&self) -> bool {
        self.force
    }
}
