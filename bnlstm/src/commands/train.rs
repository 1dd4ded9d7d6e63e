//! `bnlstm train`

use clap::Args;

use super::Failure;
use super::options::{BaseOptions, ModelOptions, OutputOptions, RunOptions, run_config, set_normalization};
use super::output::{describe_task, line};
use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::figure::{Curve, Figure};
use crate::normalization::help as normalization_help;
use crate::progress::Progress;
use crate::run::{self, Length, Measured, Record};
use crate::run_directory::RunDirectory;
use crate::scores::Scores;
use crate::task::Metric;
use crate::trainer::{Score, Trainer};

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
}

impl Train {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        let config = self.config()?;
        let task = config.task.load()?;
        config.check_batches(task.as_ref())?;
        let directory = self.output.create("train")?;
        let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &device.open());
        let (parameters, statistics) = trainer.counts();
        describe_task(task.as_ref())?;
        line(format_args!("{}", config.model))?;
        line(format_args!(
            "{}: {} ({parameters} parameters, {statistics} statistics)",
            config.model.normalization.label(),
            config.model.normalization
        ))?;
        let (records, measured) = train(&mut trainer, &config, &directory)?;
        line(format_args!("{}", measured.test.table("test", task.metric())))?;
        let figure = learning_curves(&config, task.metric(), &records);
        for extension in ["png", "svg", "csv"] {
            figure.save(&directory.figure(&format!("learning_curve.{extension}")))?;
        }
        line(format_args!("results in {}", directory.root().display()))?;
        Ok(())
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

/// Trains, and writes metrics and checkpoint at every evaluation; the configuration at the first one,
/// so that an earlier run in the directory stays whole until this one has something in its place.
fn train(
    trainer: &mut Trainer<'_, f32>,
    config: &RunConfig,
    directory: &RunDirectory,
) -> Result<(Vec<Record>, Measured), Failure> {
    let length = Length::of(config, trainer.updates_per_epoch());
    let mut metrics = directory.metrics_writer();
    let mut records = Vec::new();
    let progress = Progress::stderr();
    let mut bar = progress.task("training", length.updates as u64);
    let measured = run::carry_out(trainer, length, &mut bar, |trainer, record| {
        if records.is_empty() {
            directory.write_config(config)?;
        }
        metrics.write(record)?;
        trainer.save(&directory.checkpoint())?;
        progress.message(&format!(
            "epoch {}, update {}: {}, {:.2} s",
            run::epochs(record.epoch),
            record.update,
            run::note(trainer, record),
            record.train_seconds
        ));
        records.push(record.clone());
        Ok::<(), Failure>(())
    })?;
    metrics.write(&measured)?;
    Ok((records, measured))
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
