//! Finding runs, and reading what they have written.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::ReportError;
use super::statistics::{self, SiteCourses};
use crate::config::RunConfig;
use crate::metrics::{self, Diagnosed, DivergedAt, Line, Measured, Record, Timing};
use crate::run_directory::RunDirectory;

/// How many levels below a directory are searched for runs.
const DEPTH: usize = 3;

/// How a run has ended.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It came to its end.
    Finished(Measured),
    /// It has diverged.
    Diverged(DivergedAt),
    /// It is still under way, or was stopped.
    Unfinished,
}

/// All that a run has written and a report shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its directory, as it was given or found.
    pub path: PathBuf,
    /// What it is.
    pub config: RunConfig,
    /// Its evaluations.
    pub records: Vec<Record>,
    /// Its looks inside.
    pub diagnosed: Vec<Diagnosed>,
    /// How it has ended.
    pub state: State,
    /// What its time went into; nothing if that was not written.
    pub timings: Vec<Timing>,
    /// Population statistics over time steps, or why there are none.
    pub statistics: Result<Vec<SiteCourses>, String>,
}

impl Run {
    /// Reads a run directory.
    ///
    /// # Errors
    /// If its configuration, its metrics or its timings cannot be read or are damaged.
    pub fn read(path: &Path) -> Result<Self, ReportError> {
        let directory = RunDirectory::open(path);
        let config = RunConfig::read(&directory.config())?;
        let mut run = Self {
            path: path.to_owned(),
            records: Vec::new(),
            diagnosed: Vec::new(),
            state: State::Unfinished,
            // What cannot be read of them is lost; nothing else depends on it.
            timings: metrics::read(&directory.timings()).unwrap_or_default(),
            statistics: statistics::read(&directory, &config),
            config,
        };
        for line in metrics::read(&directory.metrics())? {
            match line {
                Line::Evaluated(record) => run.records.push(record),
                Line::Diagnosed(diagnosed) => run.diagnosed.push(diagnosed),
                Line::Measured(measured) => run.state = State::Finished(measured),
                Line::Diverged(diverged) => run.state = State::Diverged(diverged),
            }
        }
        Ok(run)
    }

    /// Updates so far.
    pub fn updates(&self) -> usize {
        let evaluated = self.records.last().map_or(0, |record| record.update);
        let diagnosed = self.diagnosed.last().map_or(0, |diagnosed| diagnosed.update);
        match &self.state {
            State::Finished(measured) => measured.update,
            State::Diverged(diverged) => diverged.update,
            State::Unfinished => evaluated.max(diagnosed),
        }
    }

    /// Updates of an epoch, once the run was evaluated.
    pub fn updates_per_epoch(&self) -> Option<f64> {
        let last = self.records.last()?;
        (last.epoch > 0.0).then(|| last.update as f64 / last.epoch)
    }
}

/// The runs in `directories`: each is one, or holds some up to three levels below. A run that is found
/// twice counts once.
///
/// # Errors
/// If a directory cannot be read or holds no run, or a run is damaged.
pub fn gather(directories: &[PathBuf]) -> Result<Vec<Run>, ReportError> {
    let mut seen = HashSet::new();
    let mut runs = Vec::new();
    for directory in directories {
        let mut found = Vec::new();
        find(directory, DEPTH, &mut found)?;
        if found.is_empty() {
            let path = directory.clone();
            return Err(ReportError::NoRun { path, depth: DEPTH });
        }
        for path in found {
            let place = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            if seen.insert(place) {
                runs.push(Run::read(&path)?);
            }
        }
    }
    Ok(runs)
}

/// Adds the runs in a directory, sorted by their paths. A run holds no others.
fn find(directory: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), ReportError> {
    let files = RunDirectory::open(directory);
    if files.config().is_file() && files.metrics().is_file() {
        found.push(directory.to_owned());
        return Ok(());
    }
    let error = |source| ReportError::Directory {
        path: directory.to_owned(),
        source,
    };
    let mut below = Vec::new();
    for entry in fs::read_dir(directory).map_err(error)? {
        below.push(entry.map_err(error)?.path());
    }
    below.sort();
    if depth > 0 {
        for path in below.iter().filter(|path| path.is_dir()) {
            find(path, depth - 1, found)?;
        }
    }
    Ok(())
}
