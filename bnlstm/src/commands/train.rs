//! `bnlstm train`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Failure;
use super::options::{ModelOptions, OutputOptions, RunOptions};
use super::output::line;
use super::scores::Scores;
use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::figure::{Curve, Figure};
use crate::normalization::help as normalization_help;
use crate::progress::Progress;
use crate::run_directory::RunDirectory;
use crate::task::Split;
use crate::trainer::{Score, Trainer};

/// Trains one model; writes configuration, metrics, checkpoint and learning curves into a run
/// directory.
#[derive(Args, Debug)]
pub struct Train {
    /// Normalization for its default sites, or one for each: `h=batch,x=batch(stats=shared)`.
    #[arg(long, default_value = "batch", value_name = "TEXT", long_help = normalization_help())]
    norm: String,
    /// Seed of initial weights, batches and noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Take everything from the config.toml of a run; other options of the run are not allowed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["RunOptions", "ModelOptions", "norm", "seed"])]
    config: Option<PathBuf>,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    output: OutputOptions,
}

/// One line of `metrics.jsonl`.
#[derive(Debug, Serialize)]
struct EpochRecord {
    epoch: usize,
    train_loss: f64,
    gradient_norm: f64,
    train_seconds: f64,
    test: Scores,
}

impl Train {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        let config = match &self.config {
            Some(path) => RunConfig::read(path)?,
            None => {
                let sites = self.model.normalization("--norm", &self.norm)?;
                self.run.config(self.model.config(sites)?, self.seed)?
            }
        };
        let task = config.task.load()?;
        config.check_batches(task.examples(Split::Train))?;
        let directory = self.output.create("train")?;
        let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &device.open());
        let (parameters, statistics) = trainer.counts();
        line(format_args!("{}", task.description()))?;
        line(format_args!("{}", config.model))?;
        line(format_args!(
            "{}: {} ({parameters} parameters, {statistics} statistics)",
            config.model.normalization.label(),
            config.model.normalization
        ))?;
        let records = epochs(&mut trainer, &config, &directory)?;
        let last = records.last().expect("a run has at least one epoch");
        line(format_args!("{}", last.test.table()))?;
        let figure = learning_curves(&config, &records);
        for extension in ["png", "svg", "csv"] {
            figure.save(&directory.figure(&format!("test_accuracy.{extension}")))?;
        }
        line(format_args!("results in {}", directory.root().display()))?;
        Ok(())
    }
}

/// Trains, and writes metrics and checkpoint after every epoch; the configuration after the first one,
/// so that an earlier run in the directory stays whole until this one has something in its place.
fn epochs(
    trainer: &mut Trainer<'_, f32>,
    config: &RunConfig,
    directory: &RunDirectory,
) -> Result<Vec<EpochRecord>, Failure> {
    let epochs = config.training.epochs;
    let mut metrics = directory.metrics_writer();
    let mut records = Vec::new();
    let progress = Progress::stderr();
    let updates = epochs.saturating_mul(trainer.updates_per_epoch());
    let mut bar = progress.task("training", updates as u64);
    for epoch in 1..=epochs {
        let mut left = trainer.updates_per_epoch();
        let report = trainer.epoch(|| {
            left -= 1;
            // The last update is shown together with what the epoch has come to.
            bar.advance(u64::from(left > 0));
        })?;
        trainer.estimate();
        let record = EpochRecord {
            epoch,
            train_loss: report.loss,
            gradient_norm: report.gradient_norm,
            train_seconds: report.time.as_secs_f64(),
            test: Scores::measure(trainer)?,
        };
        if epoch == 1 {
            directory.write_config(config)?;
        }
        metrics.write(&record)?;
        trainer.save(&directory.checkpoint())?;
        bar.set_note(format!("loss {:.3}", record.train_loss));
        bar.advance(1);
        progress.message(&format!(
            "epoch {epoch}: loss {:.3}, test {:.1} %, {:.2} s",
            record.train_loss,
            100.0 * record.test.population.accuracy,
            record.train_seconds
        ));
        records.push(record);
    }
    Ok(records)
}

/// Test accuracy with each kind of statistics; one curve where they are all the same.
fn learning_curves(config: &RunConfig, records: &[EpochRecord]) -> Figure {
    let normalization = &config.model.normalization;
    let mut figure = Figure::new(
        format!("Test accuracy of {}: {}", normalization.label(), config.task),
        "epoch",
        "test accuracy, %",
    );
    let curve = |name: &str, of: fn(&Scores) -> Score| {
        let points = records.iter();
        let points = points.map(|record| (record.epoch as f64, 100.0 * of(&record.test).accuracy));
        Curve::new(name).with_seed(config.training.seed, points.collect())
    };
    figure.curves = if normalization.has_statistics() {
        vec![
            curve("population statistics", |scores| scores.population),
            curve("running averages", |scores| scores.running),
            curve("batch statistics", |scores| scores.batch),
        ]
    } else {
        vec![curve("test examples", |scores| scores.population)]
    };
    figure
}
