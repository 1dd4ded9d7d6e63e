//! `bnlstm train`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::options::{BaseOptions, ModelOptions, RunOptions, run_config, set_normalization};
use super::output::{describe_task, line};
use super::output_options::{OutputOptions, duration};
use super::{Failure, Stopped};
use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::figure::{Curve, Figure};
use crate::metrics::Record;
use crate::normalization::help as normalization_help;
use crate::progress::Progress;
use crate::run::{self, End, Ended, Job, Stop, View};
use crate::run_directory::RunDirectory;
use crate::scores::Scores;
use crate::task::{Metric, Task};
use crate::trainer::Score;

/// Trains one model; writes configuration, metrics, checkpoint and learning curves into a run
/// directory.
#[derive(Args, Debug)]
pub struct Train {
    #[command(flatten)]
    base: BaseOptions,
    /// Normalization for its default sites, or one for each: `h=batch,x=batch(stats=shared)`.
    #[arg(long, value_name = "TEXT", long_help = normalization_help())]
    norm: Option<String>,
    /// Seed of initial weights, batches and noise.
    #[arg(long)]
    seed: Option<u64>,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    output: OutputOptions,
    /// Go on with the run in this directory, where it was stopped.
    #[arg(long, value_name = "DIR", conflicts_with_all = RUN_OPTIONS)]
    resume: Option<PathBuf>,
    /// Write event files of TensorBoard too, into the folder `tensorboard`.
    #[arg(long)]
    tensorboard: bool,
    /// Stop after this time, such as 90s, 45m or 11.5h, with a checkpoint and exit code 3.
    #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    time_limit: Option<Duration>,
}

/// What says which run it is, which the directory of a run that goes on says already.
const RUN_OPTIONS: [&str; 6] = [
    "norm",
    "seed",
    "BaseOptions",
    "ModelOptions",
    "RunOptions",
    "OutputOptions",
];

impl Train {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        let (config, directory) = match &self.resume {
            Some(path) => {
                let directory = RunDirectory::resume(path)?;
                (RunConfig::read(&directory.config())?, Some(directory))
            }
            None => (self.config()?, None),
        };
        let task = config.task.load()?;
        config.check_batches(task.as_ref())?;
        let directory = match directory {
            Some(directory) => directory,
            None => self.output.create("train")?,
        };
        describe_task(task.as_ref())?;
        line(format_args!("{}", config.model))?;
        let ended = self.carry_out(&config, task.as_ref(), &directory, device);
        let ended = ended.or_else(|error| {
            // A run that has no checkpoint yet gives its place back to the one that it was to replace.
            if !directory.checkpoint().exists() {
                directory.put_back()?;
            }
            Err(error)
        })?;
        if let End::Diverged(diverged) = &ended.end
            && directory.put_back()?
        {
            let root = directory.root().display();
            let cause = &diverged.diverged;
            return Err(
                format!("{cause}; the earlier run is back in {root}, nothing of this one is left").into(),
            );
        }
        report(&config, task.as_ref(), &directory, &ended)
    }

    fn carry_out(
        &self,
        config: &RunConfig,
        task: &dyn Task,
        directory: &RunDirectory,
        device: DeviceChoice,
    ) -> Result<Ended, Failure> {
        let stop = Stop::by_signals().with_limit(self.time_limit);
        let progress = Progress::stderr();
        let job = Job {
            name: "training",
            config,
            task,
            directory,
            device,
        };
        let view = View {
            progress: &progress,
            evaluations: true,
            tensorboard: self.tensorboard,
            stop: &|| stop.why(),
        };
        Ok(run::carry_out(&job, &view)?)
    }

    fn config(&self) -> Result<RunConfig, Failure> {
        let mut settings = self.base.settings()?;
        self.model.apply(&mut settings)?;
        if let Some(text) = &self.norm {
            set_normalization(&mut settings, "--norm", text)?;
        }
        if let Some(seed) = self.seed {
            settings.set("training.seed", seed);
        }
        self.run.apply(&mut settings)?;
        run_config(&settings)
    }
}

/// Says what a run has come to.
fn report(
    config: &RunConfig,
    task: &dyn Task,
    directory: &RunDirectory,
    ended: &Ended,
) -> Result<(), Failure> {
    let (parameters, statistics) = ended.counts;
    line(format_args!(
        "{}: {} ({parameters} parameters, {statistics} statistics)",
        config.model.normalization.label(),
        config.model.normalization
    ))?;
    let root = directory.root().display();
    let measured = match &ended.end {
        End::Measured(measured) => measured,
        End::Diverged(diverged) => return Err(format!("{root}: {}", diverged.diverged).into()),
        End::Stopped { update, why } => return Err(Stopped::train(*why, *update, directory).into()),
    };
    line(format_args!(
        "the best model under {} statistics: after {} of {} updates",
        config.evaluation.select, measured.selected, measured.update
    ))?;
    line(format_args!("{}", measured.test.table("test", task.metric())))?;
    let figure = learning_curves(config, task.metric(), &ended.records);
    for extension in ["png", "svg", "csv"] {
        figure.save(&directory.figure(&format!("learning_curve.{extension}")))?;
    }
    line(format_args!("results in {root}"))?;
    Ok(())
}

/// The validation score with each kind of statistics; one curve where they are all the same.
fn learning_curves(config: &RunConfig, metric: Metric, records: &[Record]) -> Figure {
    let normalization = &config.model.normalization;
    let mut figure = Figure::new(
        format!("{}: {}", normalization.label(), config.task),
        "update",
        format!("validation {metric}"),
    );
    let curve = |name: &str, of: fn(&Scores) -> Score| {
        let points = records.iter();
        let points = points.map(|record| (record.update as f64, metric.of(&of(&record.valid))));
        Curve::new(name).with_seed(config.training.seed, points.collect())
    };
    figure.curves = if config.model.has_statistics() {
        vec![
            curve("population statistics", |scores| scores.population),
            curve("running averages", |scores| scores.running),
            curve("batch statistics", |scores| scores.batch),
        ]
    } else {
        vec![curve("validation examples", |scores| scores.population)]
    };
    figure
}
