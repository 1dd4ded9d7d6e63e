//! `bnlstm eval`

use std::path::PathBuf;

use clap::Args;
use nn::context::Statistics;

use super::Failure;
use super::output::line;
use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::run_directory::RunDirectory;
use crate::table::{Column, Table};
use crate::task::Split;
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
        report(&mut trainer)
    }
}

/// Prints the scores with each kind of statistics.
pub fn report(trainer: &mut Trainer<'_, f32>) -> Result<(), Failure> {
    let mut table = Table::new([
        Column::words("statistics"),
        Column::numbers("test loss"),
        Column::numbers("test accuracy %"),
    ]);
    let kinds = [
        ("batch", Statistics::Batch),
        ("running", Statistics::Running),
        ("population", Statistics::Population),
    ];
    for (name, statistics) in kinds {
        let score = trainer.evaluate(Split::Test, statistics);
        table.row([
            name.to_owned(),
            format!("{:.4}", score.loss),
            format!("{:.2}", 100.0 * score.accuracy),
        ]);
    }
    line(format_args!("{table}"))?;
    Ok(())
}
