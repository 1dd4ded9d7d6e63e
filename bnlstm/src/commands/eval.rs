//! `bnlstm eval`

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::output::{describe_task, line};
use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::run;
use crate::run_directory::RunDirectory;
use crate::scores::Scores;
use crate::task::Split;
use crate::trainer::Trainer;

/// Measures a trained model, with the statistics of each batch that is measured, with the
/// running averages from training, and with the population estimates.
#[derive(Args, Debug)]
pub struct Eval {
    /// The run directory that `train` has written.
    run: PathBuf,
    /// Examples in a batch [default: as in training]. Only batch statistics depend on it.
    #[arg(long)]
    batch: Option<usize>,
    /// The part of the data.
    #[arg(long, value_enum, default_value = "test")]
    split: Split,
}

impl Eval {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        let directory = RunDirectory::open(&self.run);
        let mut config = RunConfig::read(&directory.config())?;
        if let Some(batch) = self.batch {
            config.training.batch = batch;
            config.check()?;
        }
        let task = config.task.load()?;
        let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &device.open());
        trainer.restore(&directory.checkpoint())?;
        describe_task(task.as_ref())?;
        line(format_args!(
            "{}: {}, after {} updates, {} epochs",
            config.model.normalization.label(),
            config.model.normalization,
            trainer.updates(),
            run::epochs(trainer.epochs())
        ))?;
        let scores = Scores::measure(&mut trainer, self.split)?;
        line(format_args!("{}", scores.table(self.split.name(), task.metric())))?;
        Ok(())
    }
}
