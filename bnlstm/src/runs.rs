//! Several runs, as many side by side as the device has threads, each in a directory of its own: trained
//! once, taken up where they were stopped, found again when they are done.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{ConfigError, Difference, RunConfig, ValueError};
use crate::device::DeviceChoice;
use crate::parallel::{Line, side_by_side};
use crate::progress::Progress;
use crate::run::{self, End, Ended, Job, RunError, View, Why};
use crate::run_directory::{RunDirectory, RunDirectoryError};
use crate::task::{Task, TaskConfig, TaskError};
use crate::trainer::{RestoreError, Trainer};

/// A run that is to be carried out.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its name, which is that of its directory.
    pub name: String,
    /// What it is.
    pub config: RunConfig,
}

/// Where and with what runs are carried out.
pub struct Place<'a> {
    /// The directory; that of a run is `runs/NAME` in it.
    pub root: &'a Path,
    /// Whether runs that are there are replaced.
    pub force: bool,
    /// What computes.
    pub device: DeviceChoice,
    /// Where progress is shown.
    pub progress: &'a Progress,
    /// Asked after each update whether to stop.
    pub stop: &'a (dyn Fn() -> Option<Why> + Sync),
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
    /// What it has come to.
    pub ended: Ended,
    /// What it has learned.
    pub task: Arc<dyn Task>,
}

/// Runs could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// The data of a task cannot be used.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A value makes no sense with the data.
    #[error("run {name}: {source}")]
    Value {
        /// The run.
        name: String,
        /// The value.
        source: ValueError,
    },
    /// The configuration of a run that is there cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The directory of a run holds another one.
    #[error(
        "{}: it holds a run with {} = {}, but {name} has {}; choose another --out, or move that directory away",
        path.display(), difference.field, difference.first, difference.second
    )]
    OtherRun {
        /// The directory.
        path: PathBuf,
        /// The run.
        name: String,
        /// What is different.
        difference: Box<Difference>,
    },
    /// The directory of a run cannot be used.
    #[error(transparent)]
    Directory(#[from] RunDirectoryError),
    /// A run cannot go on.
    #[error("run {name}: {source}")]
    Run {
        /// The run.
        name: String,
        /// Why.
        source: Box<RunError>,
    },
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
    /// They were stopped.
    #[error("stopped before the end; the same command goes on from here")]
    Stopped(Why),
}

impl FinishedRun {
    /// The model as it is in the end.
    ///
    /// # Errors
    /// If the checkpoint cannot be read.
    pub fn trainer(&self, device: DeviceChoice) -> Result<Trainer<'_, f32>, RunsError> {
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
    ) -> Result<Trainer<'_, f32>, RunsError> {
        let mut trainer = Trainer::new(config, self.task.as_ref(), &device.open());
        let restored = trainer.restore_best(&self.directory.checkpoint());
        restored.map_err(|source| RunsError::Restore {
            name: self.name.clone(),
            path: self.directory.root().to_owned(),
            source: Box::new(source),
        })?;
        Ok(trainer)
    }
}

/// Carries out what has not come to its end yet. Results are in the order of the plan; a run that has
/// diverged has come to its end.
///
/// # Errors
/// The first thing that goes wrong, or that they were stopped; what was done until then is kept.
pub fn carry_out(planned: &[Planned], place: &Place<'_>) -> Result<Vec<FinishedRun>, RunsError> {
    carry_out_with(&mut Tasks::ready(planned, place.progress)?, planned, place)
}

/// The same, with tasks that are ready.
pub(crate) fn carry_out_with(
    tasks: &mut Tasks,
    planned: &[Planned],
    place: &Place<'_>,
) -> Result<Vec<FinishedRun>, RunsError> {
    let jobs = planned.iter().map(|run| {
        let task = tasks.get(&run.config.task, place.progress)?;
        Ok((run, task))
    });
    let jobs = jobs.collect::<Result<Vec<_>, TaskError>>()?;
    let workers = place.device.threads.min(jobs.len()).max(1);
    let device = place.device.share(workers);
    let work = |(run, task): &(&Planned, Arc<dyn Task>), line: &Line<'_, RunsError>| {
        let stop = || match line.stopped() {
            true => Some(Why::Failed),
            false => (place.stop)(),
        };
        let finished = one(run, task, place, device, &stop);
        finished.map_err(|error| line.tell(error)).ok()
    };
    // The first failure stops what has not begun, and what is under way.
    let finished = side_by_side(&jobs, workers, work, &mut Err)?;
    Ok(finished.into_iter().flatten().collect())
}

/// A text as the name of a directory that no shell has to be told about.
pub fn path_of(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-+=".contains(c);
    let replaced = text.replace([',', '(', ';', ' '], "_").replace('γ', "gamma");
    replaced.chars().filter(|&c| fits(c)).take(60).collect()
}

/// The tasks of several runs; equal ones are loaded once.
#[derive(Default)]
pub(crate) struct Tasks(Vec<(TaskConfig, Arc<dyn Task>)>);

impl Tasks {
    /// Loads what runs learn, and looks whether their batches fit.
    pub(crate) fn ready(planned: &[Planned], progress: &Progress) -> Result<Self, RunsError> {
        let mut tasks = Self::default();
        for run in planned {
            let task = tasks.get(&run.config.task, progress)?;
            let fits = run.config.check_batches(task.as_ref());
            fits.map_err(|source| RunsError::Value {
                name: run.name.clone(),
                source,
            })?;
        }
        Ok(tasks)
    }

    /// The task of a configuration.
    pub(crate) fn get(
        &mut self,
        config: &TaskConfig,
        progress: &Progress,
    ) -> Result<Arc<dyn Task>, TaskError> {
        if let Some((_, task)) = self.0.iter().find(|(known, _)| known == config) {
            return Ok(Arc::clone(task));
        }
        let task: Arc<dyn Task> = config.load()?.into();
        progress.message(&task.description());
        let files = task.provenance().iter();
        files.for_each(|file| progress.message(&format!("  {file}")));
        self.0.push((config.clone(), Arc::clone(&task)));
        Ok(task)
    }
}

fn one(
    planned: &Planned,
    task: &Arc<dyn Task>,
    place: &Place<'_>,
    device: DeviceChoice,
    stop: &dyn Fn() -> Option<Why>,
) -> Result<FinishedRun, RunsError> {
    let Planned { name, config } = planned;
    let path = place.root.join("runs").join(name);
    let directory = match place.force {
        true => RunDirectory::create(path, true)?,
        false => directory(planned, &path)?,
    };
    let job = Job {
        name,
        config,
        task: task.as_ref(),
        directory: &directory,
        device,
    };
    let view = View {
        progress: place.progress,
        evaluations: false,
        tensorboard: false,
        stop,
    };
    let ended = run::carry_out(&job, &view).map_err(|source| RunsError::Run {
        name: name.clone(),
        source: Box::new(source),
    })?;
    if let End::Stopped { why, .. } = ended.end {
        return Err(RunsError::Stopped(why));
    }
    directory.drop_replaced()?;
    Ok(FinishedRun {
        name: name.clone(),
        config: config.clone(),
        directory: RunDirectory::open(directory.root()),
        ended,
        task: Arc::clone(task),
    })
}

/// The directory of a run, with what an earlier call has left in it.
fn directory(planned: &Planned, path: &Path) -> Result<RunDirectory, RunsError> {
    if !RunDirectory::open(path).config().exists() {
        return Ok(RunDirectory::create(path, true)?);
    }
    let directory = RunDirectory::resume(path)?;
    let found = RunConfig::read(&directory.config())?;
    match found.difference(&planned.config) {
        None => Ok(directory),
        Some(difference) => Err(RunsError::OtherRun {
            path: path.to_owned(),
            name: planned.name.clone(),
            difference: Box::new(difference),
        }),
    }
}
