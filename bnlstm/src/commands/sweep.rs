//! `bnlstm sweep`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;

use super::Failure;
use super::options::{check_target, data_of_environment};
use super::output::line;
use super::output_options::{RUNS, duration};
use super::several::Several;
use crate::device::DeviceChoice;
use crate::progress::Progress;
use crate::run::Stop;
use crate::run_directory::ResultsDirectory;
use crate::runs::{Planned, Tasks};
use crate::sweep::{Plan, Shard, SweepFile};
use crate::table::{Column, Table};

/// How the file is written, and how jobs share its runs.
pub const LONG: &str = r#"Trains every combination of settings that a file names, with several seeds, and shows what
they have come to in one table. The same command goes on where it was stopped.

The file:

  preset = "digits-quick"      # or task = "…", or config = "path/of/config.toml"
  seeds = [1, 2, 3]            # or seeds = 3 for 1 to 3; without it, that of the configuration

  [set]                        # fields of all runs
  training.epochs = 5

  [grid]                       # every combination of these; the last varies fastest
  model.normalization = ["none", "batch(gamma=0.1)"]
  optimizer.learning_rate = [1e-3, 1e-2]

  [[list]]                     # instead of the grid, or crossed with it: one setting of fields each
  model.cell = "gru"
  model.hidden_size = 64

A field is named by its path, as in --set. A table in braces, such as
optimizer = { name = "sgd", learning_rate = 0.1, momentum = 0.0 }, takes the place of the whole field.
Paths are relative to the file.

Jobs that share the runs work in one directory, at the same time or not; each shows and writes what all of
them have come to so far:

  bnlstm sweep FILE --shard ${SLURM_ARRAY_TASK_ID}/8    # sbatch --array=1-8
  parallel bnlstm sweep FILE --threads 1 --shard {}/4 ::: 1 2 3 4

The directory holds plan.toml, the runs in runs/, results.csv (a row for each run), results.md and
figures/. The exit code is 1 if every run has diverged, and 3 after the time limit."#;

/// Trains every combination of settings that a file names, with several seeds; one table.
#[derive(Args, Debug)]
pub struct Sweep {
    /// The file that says which runs there are.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Directory for the results [default: runs/sweep-FILE, without the extension].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Carry out the I-th of N parts of the runs only: every N-th run.
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    /// Train runs again that are there already, and allow a directory with another plan.
    #[arg(long)]
    force: bool,
    /// Validation score, such as an accuracy in %, whose first epoch is reported.
    #[arg(long, allow_negative_numbers = true)]
    target: Option<f64>,
    /// List the runs, and train nothing.
    #[arg(long)]
    dry_run: bool,
    /// Stop after this time, such as 90s, 45m or 11.5h, with checkpoints and exit code 3.
    #[arg(long, value_name = "TIME", value_parser = duration, allow_hyphen_values = true)]
    time_limit: Option<Duration>,
}

impl Sweep {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        let start = Instant::now();
        check_target(self.target)?;
        let file = SweepFile::read(&self.file)?;
        let plan = file.plan(data_of_environment()?.as_deref())?;
        let all = plan.runs();
        let runs = self.shard.of(&all);
        self.describe(&plan, runs.len())?;
        if self.dry_run {
            return self.list(&plan, &all);
        }
        let progress = Progress::stderr();
        let tasks = Tasks::ready(&runs, &progress)?;
        let directory = ResultsDirectory::create(&self.out(), &plan.written(), self.force)?;
        let stop = Stop::by_signals().with_limit(self.time_limit);
        let several = Several {
            plan: &plan,
            runs: &runs,
            tasks,
            directory: &directory,
            progress: &progress,
            force: self.force,
            target: self.target,
            device,
            stop: &stop,
            start,
        };
        several.carry_out().map(drop)
    }

    /// Where the same command finds the same sweep again.
    fn out(&self) -> PathBuf {
        self.out.clone().unwrap_or_else(|| {
            let stem = self.file.file_stem().unwrap_or_default().to_string_lossy();
            Path::new(RUNS).join(format!("sweep-{stem}"))
        })
    }

    fn describe(&self, plan: &Plan, here: usize) -> Result<(), Failure> {
        let count = |number: usize, what: &str| match number {
            1 => format!("1 {what}"),
            number => format!("{number} {what}s"),
        };
        let (combinations, seeds) = (plan.combinations.len(), plan.seeds.len());
        let shard = match self.shard {
            Shard::WHOLE => String::new(),
            shard => format!("; shard {shard} has {here} of them"),
        };
        line(format_args!(
            "{}: {}: {} with {}{shard}",
            self.file.display(),
            count(combinations * seeds, "run"),
            count(combinations, "combination"),
            count(seeds, "seed"),
        ))?;
        Ok(())
    }

    /// The runs of the shard, by their numbers among all.
    fn list(&self, plan: &Plan, all: &[Planned]) -> Result<(), Failure> {
        let columns = ["run", "seed"].map(Column::numbers).into_iter();
        let words = plan.fields.iter().map(String::as_str).chain(["name"]);
        let mut table = Table::new(columns.chain(words.map(Column::words)));
        let numbers: Vec<usize> = (0..all.len()).collect();
        for index in self.shard.of(&numbers) {
            let run = &all[index];
            let mut row = vec![(index + 1).to_string(), run.config.training.seed.to_string()];
            row.extend(plan.combination_of(index).values.iter().cloned());
            row.push(run.name.clone());
            table.row(row);
        }
        line(format_args!("{}", table.to_string().trim_end()))?;
        Ok(())
    }
}
