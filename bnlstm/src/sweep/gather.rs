//! How far the runs of a plan have come, as their directories say.

use std::path::{Path, PathBuf};

use crate::config::{ConfigError, Difference, RunConfig};
use crate::metrics::{self, Line, MetricsError, Record, Timing};
use crate::run::{End, Ended};
use crate::run_directory::RunDirectory;
use crate::runs::Planned;

/// A run of a plan, as its directory has it.
#[derive(Clone, Debug)]
pub struct FoundRun {
    /// The run.
    pub planned: Planned,
    /// How far it has come.
    pub state: State,
    /// Its evaluations so far.
    pub records: Vec<Record>,
    /// The time that it took.
    pub times: Vec<Timing>,
}

/// How far a run has come.
#[derive(Clone, Debug)]
pub enum State {
    /// It was not begun.
    Missing,
    /// It was begun, and is under way or was stopped.
    UnderWay {
        /// Updates that have been told of.
        update: usize,
    },
    /// It has come to an end.
    Ended(End),
}

/// What runs have come to cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// A configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file of lines cannot be used.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A directory holds another run.
    #[error(
        "{}: it holds a run with {} = {}, but the plan has {}; move that directory away, and give the command \
         again",
        path.display(), difference.field, difference.first, difference.second
    )]
    OtherRun {
        /// The directory.
        path: PathBuf,
        /// What is different.
        difference: Difference,
    },
}

impl FoundRun {
    /// What it has come to, if it has come to its end; `counts` are those of its model.
    pub fn ended(&self, counts: (usize, usize)) -> Option<Ended> {
        let State::Ended(end) = &self.state else {
            return None;
        };
        Some(Ended {
            counts,
            records: self.records.clone(),
            times: self.times.clone(),
            end: end.clone(),
        })
    }
}

/// Reads what `planned` have come to below `root`, whoever has carried them out. Nothing is locked: a run
/// that another program is at work on is seen as it is on the disk.
///
/// With `force`, a run with other settings of the same name is one that is still to be replaced.
///
/// # Errors
/// If a file cannot be read, or is that of another run.
pub fn gather(planned: Vec<Planned>, root: &Path, force: bool) -> Result<Vec<FoundRun>, GatherError> {
    planned.into_iter().map(|run| find(run, root, force)).collect()
}

fn find(planned: Planned, root: &Path, force: bool) -> Result<FoundRun, GatherError> {
    let path = root.join("runs").join(&planned.name);
    let directory = RunDirectory::open(&path);
    let mut found = FoundRun {
        planned,
        state: State::Missing,
        records: Vec::new(),
        times: Vec::new(),
    };
    if !directory.config().exists() {
        return Ok(found);
    }
    let config = RunConfig::read(&directory.config())?;
    if let Some(difference) = config.difference(&found.planned.config) {
        if force {
            return Ok(found);
        }
        return Err(GatherError::OtherRun { path, difference });
    }
    found.state = State::UnderWay { update: 0 };
    if !directory.metrics().exists() {
        return Ok(found);
    }
    for line in metrics::read::<Line>(&directory.metrics())? {
        found.state = match line {
            Line::Evaluated(record) => {
                let update = record.update;
                found.records.push(record);
                State::UnderWay { update }
            }
            Line::Diagnosed(diagnosed) => State::UnderWay {
                update: diagnosed.update,
            },
            Line::Measured(measured) => State::Ended(End::Measured(measured)),
            Line::Diverged(diverged) => State::Ended(End::Diverged(diverged)),
        };
    }
    // Nothing depends on the times; those that cannot be read are lost, as for the run itself.
    found.times = metrics::read(&directory.timings()).unwrap_or_default();
    Ok(found)
}
