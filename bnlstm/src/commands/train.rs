//! `bnlstm train`

use std::path::PathBuf;

use clap::Args;
use nn::context::Statistics;
use serde::Serialize;

use super::Failure;
use super::options::{OutputOptions, RunOptions};
use super::output::line;
use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::normalization::Sites;
use crate::progress::Progress;
use crate::task::Split;
use crate::trainer::{EpochReport, Score, Trainer};

/// Trains one model; writes configuration, metrics and checkpoint into a run directory.
#[derive(Args, Debug)]
pub struct Train {
    /// Normalization: `none`, `batch(gamma=0.1)`, `layer`, or one for each site:
    /// `h=batch,x=batch(stats=shared),c=none`.
    #[arg(long, default_value = "batch", value_name = "TEXT")]
    norm: Sites,
    /// Seed of initial weights, batches and noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Take everything from the config.toml of a run; other options of the run are not allowed.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["RunOptions", "norm", "seed"])]
    config: Option<PathBuf>,
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
    test: TestScores,
}

/// Scores on the test examples with each kind of statistics.
#[derive(Clone, Copy, Debug, Serialize)]
struct TestScores {
    batch: Score,
    running: Score,
    population: Score,
}

impl TestScores {
    fn measure(trainer: &mut Trainer<'_, f32>) -> Self {
        let mut score = |statistics| trainer.evaluate(Split::Test, statistics);
        Self {
            batch: score(Statistics::Batch),
            running: score(Statistics::Running),
            population: score(Statistics::Population),
        }
    }
}

impl Train {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        let config = match &self.config {
            Some(path) => RunConfig::read(path)?,
            None => self.run.config(self.norm, self.seed)?,
        };
        let task = config.task.load()?;
        config.check_batches(task.examples(Split::Train))?;
        let directory = self.output.create("train")?;
        directory.write_config(&config)?;
        let mut metrics = directory.metrics_writer();
        let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &device.open());
        let (parameters, statistics) = trainer.counts();
        line(format_args!("{}", task.description()))?;
        line(format_args!(
            "{}: {} ({parameters} parameters, {statistics} statistics)",
            config.model.normalization.label(),
            config.model.normalization
        ))?;

        let epochs = config.training.epochs;
        let updates = trainer.updates_per_epoch();
        let progress = Progress::stderr();
        let mut bar = progress.task("training", (epochs * updates) as u64);
        for epoch in 1..=epochs {
            let report = trainer.epoch(|| bar.advance(1))?;
            trainer.estimate();
            let test = TestScores::measure(&mut trainer);
            metrics.write(&record(epoch, report, test))?;
            trainer.save(&directory.checkpoint())?;
            bar.set_note(format!("loss {:.3}", report.loss));
            progress.message(&format!(
                "epoch {epoch}: loss {:.3}, test {:.1} %, {:.2} s",
                report.loss,
                100.0 * test.population.accuracy,
                report.time.as_secs_f64()
            ));
        }
        drop(bar);
        super::eval::report(&mut trainer)?;
        line(format_args!("results in {}", directory.root().display()))?;
        Ok(())
    }
}

fn record(epoch: usize, report: EpochReport, test: TestScores) -> EpochRecord {
    EpochRecord {
        epoch,
        train_loss: report.loss,
        gradient_norm: report.gradient_norm,
        train_seconds: report.time.as_secs_f64(),
        test,
    }
}
