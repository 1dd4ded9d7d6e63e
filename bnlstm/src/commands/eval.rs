//! `bnlstm eval`

use std::path::PathBuf;

use clap::Args;
use nn::checkpoint::Checkpoint;

use super::Failure;
use super::output::{describe_task, line};
use crate::config::{RunConfig, ValueError};
use crate::device::DeviceChoice;
use crate::run;
use crate::run_directory::RunDirectory;
use crate::scores::Scores;
use crate::table::{Column, Table};
use crate::task::{CharLm, Split, Task};
use crate::trainer::{Origin, Trainer};

/// Measures a trained model, with the statistics of each batch that is measured, with the
/// running averages from training, and with the population estimates.
#[derive(Args, Debug)]
pub struct Eval {
    /// The run directory that `train` has written.
    run: PathBuf,
    /// Examples in a batch [default: as in training]. Only batch statistics depend on it, and the
    /// number of streams of a text whose states are carried.
    #[arg(long)]
    batch: Option<usize>,
    /// Measure the model as it was after the last update, not the one that was best on the validation
    /// examples.
    #[arg(long)]
    last: bool,
    /// The part of the data.
    #[arg(long, value_enum, default_value = "test")]
    split: Split,
    /// Of a character model: numbers of characters of the sequences that are read, such as
    /// 50,100,200. Beyond the length of training, the last step's statistics serve.
    #[arg(long, value_delimiter = ',', value_name = "LIST")]
    lengths: Vec<usize>,
    /// Of a character model: read the whole part as one sequence, a batch of one.
    #[arg(long, conflicts_with_all = ["lengths", "batch"])]
    whole: bool,
}

impl Eval {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        let directory = RunDirectory::open(&self.run);
        let mut config = RunConfig::read(&directory.config())?;
        if let Some(batch) = self.batch {
            config.training.batch = batch;
            config.check()?;
        }
        if self.whole {
            config.training.batch = 1;
        }
        // A part is measured whole, however much of it training has looked at.
        config.evaluation.batches = None;
        let task = config.task.load()?;
        let others = self.other_tasks(&config, task.as_ref())?;
        let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &device.open());
        let (path, remarks) = run::newest_sound(&directory);
        for remark in remarks {
            line(format_args!("{remark}"))?;
        }
        let best = if self.last {
            trainer.restore(&path)?;
            None
        } else {
            trainer.restore_best(&path)?;
            run::selected(&path)
        };
        let after = best.unwrap_or(trainer.updates());
        describe_task(task.as_ref())?;
        line(format_args!(
            "{}: {}, after {after} updates",
            config.model.normalization.label(),
            config.model.normalization,
        ))?;
        if Origin::of(&Checkpoint::read(&path)?)?.digest != task.digest() {
            line(format_args!("the data are not those that it was trained with"))?;
        }
        let part = self.split.name();
        let table = match others.as_slice() {
            [] => Scores::measure(&mut trainer, self.split)?.table(part, task.metric()),
            others => by_length(&mut trainer, others, self.split)?,
        };
        line(format_args!("{table}"))?;
        Ok(())
    }

    /// The same text in other lengths, if there are to be any.
    fn other_tasks(&self, config: &RunConfig, task: &dyn Task) -> Result<Vec<CharLm>, Failure> {
        if self.lengths.is_empty() && !self.whole {
            return Ok(Vec::new());
        }
        let Some(text) = task.text() else {
            let option = if self.whole { "--whole" } else { "--lengths" };
            let remedy = "this task has sequences of one length; leave it out, or give a run of charlm";
            return Err(ValueError::new(option, &config.task, remedy).into());
        };
        if self.whole {
            return Ok(vec![text.whole(self.split)]);
        }
        if let Some(length) = self.lengths.iter().find(|&&length| length < 2) {
            return Err(ValueError::new("--lengths", length, "give at least 2 characters").into());
        }
        let tasks = self
            .lengths
            .iter()
            .map(|&length| text.with_length(length, self.split));
        Ok(tasks.collect::<Result<_, _>>()?)
    }
}

/// Scores with each kind of statistics, a row for each task.
fn by_length(trainer: &mut Trainer<'_, f32>, tasks: &[CharLm], split: Split) -> Result<Table, Failure> {
    let metric = trainer.task().metric();
    let mut table = Table::new([
        Column::numbers("characters"),
        Column::numbers(format!("{} {metric}: batch", split.name())),
        Column::numbers("running"),
        Column::numbers("population"),
    ]);
    let decimals = metric.decimals() + 1;
    for task in tasks {
        let scores = Scores::measure_on(trainer, task, split)?.named();
        let values = scores.map(|(_, score)| format!("{:.decimals$}", metric.of(&score)));
        table.row([task.length().to_string()].into_iter().chain(values));
    }
    Ok(table)
}
