//! The runs that targets need: trained once, kept in a directory, found again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{ConfigError, RunConfig};
use crate::data::DataError;
use crate::device::DeviceChoice;
use crate::figure::FigureError;
use crate::parallel::{Line, side_by_side};
use crate::progress::Progress;
use crate::run::{self, Length, Measured, Record, RunError};
use crate::run_directory::{RunDirectory, RunDirectoryError};
use crate::task::{Task, TaskError};
use crate::trainer::{Diverged, RestoreError, Trainer};

/// A run that a target needs.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its name, which is that of its directory.
    pub name: String,
    /// What it is.
    pub config: RunConfig,
}

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
    /// A value makes no sense with the data.
    #[error("run {name}: {source}")]
    Value {
        /// The run.
        name: String,
        /// The value.
        source: crate::config::ValueError,
    },
    /// The directory of a run holds another one.
    #[error(
        "{}: it holds a run with other settings than {name} has now; choose another --out, or move that \
         directory away",
        path.display()
    )]
    OtherRun {
        /// The directory.
        path: PathBuf,
        /// The run.
        name: String,
    },
    /// A run has diverged.
    #[error("run {name}: {source}")]
    Diverged {
        /// The run.
        name: String,
        /// What was seen.
        source: Diverged,
    },
    /// Another run has failed.
    #[error("stopped, because another run has failed")]
    Stopped,
    /// The directory of a run cannot be used.
    #[error(transparent)]
    Directory(#[from] RunDirectoryError),
    /// The metrics of a run cannot be read.
    #[error("{}: {reason}; remove the directory of this run to train it again", path.display())]
    Metrics {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint cannot be written.
    #[error(transparent)]
    Checkpoint(#[from] nn::checkpoint::CheckpointError),
    /// The checkpoint of a run cannot be read.
    #[error("run {name}: {source}; or remove {} to train it again", path.display())]
    Restore {
        /// The run.
        name: String,
        /// Its directory.
        path: PathBuf,
        /// What is wrong.
        source: Box<RestoreError>,
    },
    /// A picture cannot be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
}

/// A run that has come to its end.
#[derive(Clone)]
pub struct FinishedRun {
    /// Its name.
    pub name: String,
    /// What it is.
    pub config: RunConfig,
    /// Where it is.
    pub directory: RunDirectory,
    /// Its evaluations.
    pub records: Vec<Record>,
    /// Its end.
    pub measured: Measured,
    /// What it has learned.
    pub task: Arc<dyn Task>,
}

impl FinishedRun {
    /// Time of all its updates.
    pub fn seconds(&self) -> f64 {
        self.records.iter().map(|record| record.train_seconds).sum()
    }

    /// The model as it is in the end.
    ///
    /// # Errors
    /// If the checkpoint cannot be read.
    pub fn trainer(&self, device: DeviceChoice) -> Result<Trainer<'_, f32>, ReproduceError> {
        self.trainer_as(&self.config, device)
    }

    /// The same, to be measured with other settings of training, such as another batch size.
    ///
    /// # Errors
    /// If the checkpoint cannot be read.
    pub fn trainer_as(
        &self,
        config: &RunConfig,
        device: DeviceChoice,
    ) -> Result<Trainer<'_, f32>, ReproduceError> {
        let mut trainer = Trainer::new(config, self.task.as_ref(), &device.open());
        restore(&mut trainer, &self.name, &self.directory)?;
        Ok(trainer)
    }
}

/// All runs, by their names.
pub struct Results {
    runs: Vec<FinishedRun>,
}

impl Results {
    /// The run of a name.
    ///
    /// # Panics
    /// If it was not planned.
    #[track_caller]
    pub fn run(&self, name: &str) -> &FinishedRun {
        let mut runs = self.runs.iter();
        runs.find(|run| run.name == name)
            .unwrap_or_else(|| panic!("reproduce: the run {name} was not planned"))
    }
}

/// Trains what is not there yet, as many runs side by side as the device has threads.
pub(super) fn carry_out(
    planned: Vec<Planned>,
    root: &Path,
    device: DeviceChoice,
    progress: &Progress,
) -> Result<Results, ReproduceError> {
    let mut tasks: Vec<(usize, Arc<dyn Task>)> = Vec::new();
    let mut jobs = Vec::new();
    for (index, run) in planned.iter().enumerate() {
        let known = tasks
            .iter()
            .find(|(other, _)| planned[*other].config.task == run.config.task);
        let task = match known {
            Some((_, task)) => Arc::clone(task),
            None => {
                let task: Arc<dyn Task> = run.config.task.load()?.into();
                progress.message(&task.description());
                let files = task.provenance().iter();
                files.for_each(|file| progress.message(&format!("  {file}")));
                tasks.push((index, Arc::clone(&task)));
                task
            }
        };
        let fits = run.config.check_batches(task.as_ref());
        fits.map_err(|source| ReproduceError::Value {
            name: run.name.clone(),
            source,
        })?;
        jobs.push((run, task));
    }
    let workers = device.threads.min(jobs.len()).max(1);
    let work = |(run, task): &(&Planned, Arc<dyn Task>), line: &Line<'_, Option<ReproduceError>>| {
        let finished = one(run, task, root, device.share(workers), progress, &|| {
            line.stopped()
        });
        match finished {
            Ok(finished) => Some(finished),
            // Another run has failed, and said so.
            Err(ReproduceError::Stopped) => None,
            Err(error) => {
                line.tell(Some(error));
                None
            }
        }
    };
    // The first failure stops what has not begun.
    let finished = side_by_side(&jobs, workers, work, &mut |failure| failure.map_or(Ok(()), Err))?;
    Ok(Results {
        runs: finished.into_iter().flatten().collect(),
    })
}

/// One run: an earlier one, or a new one.
fn one(
    planned: &Planned,
    task: &Arc<dyn Task>,
    root: &Path,
    device: DeviceChoice,
    progress: &Progress,
    stopped: &dyn Fn() -> bool,
) -> Result<FinishedRun, ReproduceError> {
    let path = root.join("runs").join(&planned.name);
    let found = earlier(planned, &path)?;
    let (directory, (records, measured)) = match found {
        Some(found) => {
            progress.message(&format!("{}: taken from an earlier call", planned.name));
            (RunDirectory::open(&path), found)
        }
        None => {
            let directory = RunDirectory::create(&path, true)?;
            let seen = train(planned, task.as_ref(), &directory, device, progress, stopped)?;
            (directory, seen)
        }
    };
    Ok(FinishedRun {
        name: planned.name.clone(),
        config: planned.config.clone(),
        directory,
        records,
        measured,
        task: Arc::clone(task),
    })
}

type Seen = (Vec<Record>, Measured);

fn train(
    planned: &Planned,
    task: &dyn Task,
    directory: &RunDirectory,
    device: DeviceChoice,
    progress: &Progress,
    stopped: &dyn Fn() -> bool,
) -> Result<Seen, ReproduceError> {
    let config = &planned.config;
    let mut trainer = Trainer::<f32>::new(config, task, &device.open());
    let length = Length::of(config, trainer.updates_per_epoch());
    let mut bar = progress.task(&planned.name, length.updates as u64);
    let mut records = go_on(&mut trainer, &planned.name, directory)?;
    if trainer.updates() > 0 {
        let updates = trainer.updates();
        progress.message(&format!("{}: goes on after update {updates}", planned.name));
    }
    bar.advance(trainer.updates() as u64);
    let mut metrics = directory.metrics_writer();
    records.iter().try_for_each(|record| metrics.write(record))?;
    directory.write_config(config)?;
    let end = run::carry_out(&mut trainer, length, &mut bar, |trainer, record| {
        if stopped() {
            return Err(ReproduceError::Stopped);
        }
        metrics.write(record)?;
        trainer.save(&directory.checkpoint())?;
        records.push(record.clone());
        Ok::<(), ReproduceError>(())
    });
    let measured = end.map_err(|error| match error {
        RunError::Told(error) => error,
        RunError::Diverged(source) => ReproduceError::Diverged {
            name: planned.name.clone(),
            source,
        },
    })?;
    metrics.write(&measured)?;
    Ok((records, measured))
}

/// Takes up what an interrupted run has left, if that is of use; returns what was seen until then.
fn go_on(
    trainer: &mut Trainer<'_, f32>,
    name: &str,
    directory: &RunDirectory,
) -> Result<Vec<Record>, ReproduceError> {
    if !directory.checkpoint().exists() || !directory.metrics().exists() {
        return Ok(Vec::new());
    }
    let file = directory.metrics();
    let text = fs::read_to_string(&file).map_err(|error| ReproduceError::Metrics {
        path: file,
        reason: error.to_string(),
    })?;
    // What follows the first line that is not whole was written after the checkpoint.
    let lines = text
        .lines()
        .map_while(|line| serde_json::from_str::<Record>(line).ok());
    let mut records: Vec<Record> = lines.collect();
    restore(trainer, name, directory)?;
    // Metrics come first, so they may be one evaluation ahead.
    records.retain(|record| record.update <= trainer.updates());
    Ok(records)
}

fn restore(
    trainer: &mut Trainer<'_, f32>,
    name: &str,
    directory: &RunDirectory,
) -> Result<(), ReproduceError> {
    trainer
        .restore(&directory.checkpoint())
        .map_err(|source| ReproduceError::Restore {
            name: name.to_owned(),
            path: directory.root().to_owned(),
            source: Box::new(source),
        })
}

/// What an earlier call has seen of a run, if it has come to its end.
fn earlier(planned: &Planned, path: &Path) -> Result<Option<Seen>, ReproduceError> {
    let directory = RunDirectory::open(path);
    if !directory.config().exists() {
        return Ok(None);
    }
    if !RunConfig::read(&directory.config())?.is_like(&planned.config) {
        return Err(ReproduceError::OtherRun {
            path: path.to_owned(),
            name: planned.name.clone(),
        });
    }
    if !directory.metrics().exists() {
        return Ok(None);
    }
    let file = directory.metrics();
    let fault = |reason: String| ReproduceError::Metrics {
        path: file.clone(),
        reason,
    };
    let text = fs::read_to_string(&file).map_err(|error| fault(error.to_string()))?;
    let lines: Vec<&str> = text.lines().collect();
    let Some((last, lines)) = lines.split_last() else {
        return Ok(None);
    };
    let Ok(measured) = serde_json::from_str::<Measured>(last) else {
        return Ok(None);
    };
    let records = lines.iter().map(|line| serde_json::from_str(line));
    let records = records.collect::<Result<_, _>>();
    Ok(Some((
        records.map_err(|error| fault(error.to_string()))?,
        measured,
    )))
}
