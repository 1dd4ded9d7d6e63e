//! A run from its first update to its measurement on the test examples, in a directory that has all of
//! it: a run that was stopped at any moment goes on to the same bytes as one that never was.

mod divergence;
mod length;
mod log;
mod selection;
mod session;
mod stop;
mod take_up;

use std::path::{Path, PathBuf};

use nn::checkpoint::{Checkpoint, CheckpointError};

use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::metrics::{DivergedAt, Measured, Record, Timing};
use crate::progress::Progress;
use crate::run_directory::{RunDirectory, RunDirectoryError};
use crate::task::Task;
use crate::tensorboard::TensorBoardError;
use crate::trainer::{Origin, RestoreError, beside};

pub use length::Length;
use session::Session;
pub use stop::{INTERRUPTED, Stop, Why};
use take_up::Beside;

/// What is to be carried out.
pub struct Job<'a> {
    /// What it is called where several are under way.
    pub name: &'a str,
    /// What it is.
    pub config: &'a RunConfig,
    /// What is learned.
    pub task: &'a dyn Task,
    /// Where it is written, with a lock.
    pub directory: &'a RunDirectory,
    /// What computes.
    pub device: DeviceChoice,
}

/// How it is watched.
pub struct View<'a> {
    /// Where its progress is shown.
    pub progress: &'a Progress,
    /// Whether there is a line for each evaluation.
    pub evaluations: bool,
    /// Whether event files of TensorBoard are written too.
    pub tensorboard: bool,
    /// Asked after each update whether to stop.
    pub stop: &'a dyn Fn() -> Option<Why>,
}

/// A run that has ended, for now or for good.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Number of trainable parameters, and of statistics, which training moves without gradients.
    pub counts: (usize, usize),
    /// All its evaluations.
    pub records: Vec<Record>,
    /// The time that was taken.
    pub times: Vec<Timing>,
    /// How it has ended.
    pub end: End,
}

impl Ended {
    /// Seconds of all updates.
    pub fn seconds(&self) -> f64 {
        self.times.iter().map(Timing::training).sum()
    }
}

/// How a run has ended.
#[derive(Clone, Debug)]
pub enum End {
    /// It is whole.
    Measured(Measured),
    /// It has diverged.
    Diverged(DivergedAt),
    /// It was stopped, and can be taken up again.
    Stopped {
        /// Updates so far.
        update: usize,
        /// Why.
        why: Why,
    },
}

/// A run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its directory cannot be used.
    #[error(transparent)]
    Directory(#[from] RunDirectoryError),
    /// A checkpoint cannot be written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A checkpoint cannot be read.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// An event file cannot be written.
    #[error(transparent)]
    TensorBoard(#[from] TensorBoardError),
    /// No checkpoint can be used.
    #[error(
        "{}: there is no checkpoint to go on from: {reasons}; put a whole copy of these files back, or begin \
         anew in another directory",
        path.display()
    )]
    NoCheckpoint {
        /// The directory.
        path: PathBuf,
        /// What is wrong with each.
        reasons: String,
    },
    /// A line of the metrics is none.
    #[error(
        "{}: line {line} cannot be read: {reason}; put a whole copy of the file back, or begin anew in another \
         directory",
        path.display()
    )]
    Metrics {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// Carries a run out: from where its directory says that it was stopped, or else from the beginning. One
/// that has come to its end is only read.
///
/// # Errors
/// If the directory cannot be read or written. What the run has come to until then is kept.
pub fn carry_out(job: &Job<'_>, view: &View<'_>) -> Result<Ended, RunError> {
    Session::<f32>::begin(job, view)?.carry_out()
}

/// Updates after which the best model stood that a checkpoint of a run has, if it has one.
pub fn selected(checkpoint: &Path) -> Option<usize> {
    let checkpoint = Checkpoint::read(checkpoint).ok()?;
    beside::<Beside>(&checkpoint).ok()?.best.update()
}

/// The newest checkpoint of a run that is whole, and what is wrong with those after it; the newest one of
/// all, if none is whole.
pub fn newest_sound(directory: &RunDirectory) -> (PathBuf, Vec<String>) {
    let mut remarks = Vec::new();
    for path in directory.checkpoints() {
        match Checkpoint::read(&path).and_then(|checkpoint| Origin::of(&checkpoint)) {
            Ok(_) => return (path, remarks),
            Err(error) => remarks.push(error.to_string()),
        }
    }
    (directory.checkpoint(), Vec::new())
}

/// A number of epochs, with decimals only where it is not whole.
pub fn epochs(epochs: f64) -> String {
    match epochs.fract() == 0.0 {
        true => format!("{epochs}"),
        false => format!("{epochs:.2}"),
    }
}
