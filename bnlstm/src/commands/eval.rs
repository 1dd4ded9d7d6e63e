//! `bnlstm eval`

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::output::line;
use super::scores::Scores;
use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::run_directory::RunDirectory;
use crate::trainer::Trainer;

/// Measures a trained model on the test examples, with the statistics of each test batch, with the
/// running averages from training, and with the population estimates.
#[derive(Args, Debug)]
pub struct Eval {
    /// The run directory that `train` has written.
    run: PathBuf,
    /// Examples in a batch [default: as in training]. Only batch statistics depend on it.
    #[arg(long)]
    batch: Option<usize>,
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
        line(format_args!("{}", task.description()))?;
        line(format_args!(
            "{}: {}, after {} of {} epochs",
            config.model.normalization.label(),
            config.model.normalization,
            trainer.epochs_done(),
            config.training.epochs
        ))?;
        line(format_args!("{}", Scores::measure(&mut trainer)?.table()))?;
        Ok(())
    }
}
