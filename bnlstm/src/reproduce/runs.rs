//! The runs that targets need.

use crate::config::{ConfigError, ValueError};
use crate::data::DataError;
use crate::figure::FigureError;
use crate::metrics::{Measured, Record};
use crate::run::{End, Why};
use crate::run_directory::RunDirectoryError;
use crate::runs::{self, FinishedRun, Place, Planned, RunsError};
use crate::task::TaskError;

/// Something could not be measured again.
#[derive(Debug, thiserror::Error)]
pub enum ReproduceError {
    /// Data are missing.
    #[error(transparent)]
    Data(#[from] DataError),
    /// There is no directory of data, and the paper's size needs one.
    #[error(
        "the paper's size needs {name}; name the directory of its files by --data or BNLSTM_DATA (`bnlstm data` \
         says what they are called and where they come from), or take --scale quick"
    )]
    NoData {
        /// The dataset.
        name: &'static str,
    },
    /// The data of a task cannot be used.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A configuration makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A value of a configuration makes no sense.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// Runs cannot be carried out.
    #[error(transparent)]
    Runs(#[from] RunsError),
    /// A run has diverged.
    #[error("run {name} has diverged: {cause}")]
    Diverged {
        /// The run.
        name: String,
        /// What was seen.
        cause: String,
    },
    /// The directory of results cannot be used.
    #[error(transparent)]
    Directory(#[from] RunDirectoryError),
    /// A picture cannot be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

impl ReproduceError {
    /// Why it was stopped, if it was.
    pub fn stopped(&self) -> Option<Why> {
        match self {
            Self::Runs(RunsError::Stopped(why)) => Some(*why),
            _ => None,
        }
    }
}

/// A run that has come to a good end.
pub struct GoodRun {
    /// The run.
    pub run: FinishedRun,
    /// Its end.
    pub measured: Measured,
}

impl GoodRun {
    /// Its evaluations.
    pub fn records(&self) -> &[Record] {
        &self.run.ended.records
    }

    /// Time of all its updates.
    pub fn seconds(&self) -> f64 {
        self.run.ended.seconds()
    }
}

/// All runs, by their names.
pub struct Results {
    runs: Vec<GoodRun>,
}

impl Results {
    /// The run of a name.
    ///
    /// # Panics
    /// If it was not planned.
    #[track_caller]
    pub fn run(&self, name: &str) -> &GoodRun {
        let mut runs = self.runs.iter();
        runs.find(|good| good.run.name == name)
            .unwrap_or_else(|| panic!("reproduce: the run {name} was not planned"))
    }
}

/// Trains what is not there yet.
pub(super) fn carry_out(planned: &[Planned], place: &Place<'_>) -> Result<Results, ReproduceError> {
    let runs = runs::carry_out(planned, place)?;
    let good = runs.into_iter().map(|run| match &run.ended.end {
        End::Measured(measured) => Ok(GoodRun {
            measured: *measured,
            run,
        }),
        End::Diverged(diverged) => Err(ReproduceError::Diverged {
            name: run.name,
            cause: diverged.diverged.clone(),
        }),
        End::Stopped { why, .. } => Err(RunsError::Stopped(*why).into()),
    });
    Ok(Results {
        runs: good.collect::<Result<_, _>>()?,
    })
}
