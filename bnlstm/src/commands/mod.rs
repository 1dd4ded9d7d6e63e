//! The command line.

mod compare;
mod data;
mod describe;
mod eval;
mod list;
pub(crate) mod options;
mod output;
mod output_options;
mod presets;
mod report;
mod reproduce;
mod sample;
mod several;
mod sweep;
mod train;

use std::path::Path;

use clap::{Args, Parser, Subcommand};

use crate::device::{DeviceChoice, DeviceKind, available_threads};
use crate::run::{INTERRUPTED, Why};
use crate::run_directory::RunDirectory;

/// Whatever ends a command early.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Recurrent networks with normalization: train, evaluate, compare.
///
/// Without a command: the short comparison of LSTM and batch-normalized LSTM on permuted digits
/// that shows the claims of Cooijmans et al. 2016.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = false)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    machine: Machine,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train one model.
    Train(train::Train),
    /// Measure a trained model with batch, running and population statistics.
    Eval(eval::Eval),
    /// Measure the tables and figures of the paper again.
    Reproduce(reproduce::Reproduce),
    /// Let a character model write.
    Sample(sample::Sample),
    /// Train several normalizations with several seeds; a table, learning curves and CSV.
    Compare(compare::Compare),
    /// Train every combination of settings that a file names, with several seeds; one table.
    #[command(long_about = sweep::LONG)]
    Sweep(sweep::Sweep),
    /// Write one page about runs: table, learning curves, gradients, gates, statistics.
    Report(report::Report),
    /// Say what a model is: equations, parameters, cost.
    Describe(describe::Describe),
    /// Say which data there are, and where they come from.
    Data(data::Data),
    /// Say what configurations come with the program, and how two of them differ.
    Presets(presets::Presets),
    /// Say what there is: variants, options, sites, cells, tasks, optimizers, regularizers.
    List(list::List),
}

/// What to compute with.
#[derive(Args, Clone, Copy, Debug)]
struct Machine {
    /// Device.
    #[arg(long, value_enum, default_value = "cpu", global = true)]
    device: DeviceKind,
    /// Threads [default: all that the machine offers]. Results do not depend on it.
    #[arg(long, value_parser = thread_count, global = true)]
    threads: Option<usize>,
}

impl Machine {
    fn choice(self) -> DeviceChoice {
        DeviceChoice {
            kind: self.device,
            threads: self.threads.unwrap_or_else(available_threads),
        }
    }
}

/// More threads than this cannot be meant.
const MOST_THREADS: usize = 1024;

fn thread_count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=MOST_THREADS).contains(&count) => Ok(count),
        _ => Err(format!("give a number from 1 to {MOST_THREADS}")),
    }
}

/// A command was stopped before its end, and can go on.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Stopped {
    why: Why,
    text: String,
}

impl Stopped {
    /// Of a command that goes on in a directory when it is given again.
    fn resumable(why: Why, root: &Path) -> Self {
        let text = format!(
            "{}; the same command with --out {} and without --force goes on from here",
            reason(why),
            root.display()
        );
        Self { why, text }
    }

    /// Of a run that is to be resumed.
    fn train(why: Why, update: usize, directory: &RunDirectory) -> Self {
        let text = format!(
            "{} after update {update}; go on with `bnlstm train --resume {}`",
            reason(why),
            directory.root().display()
        );
        Self { why, text }
    }

    /// The exit code: that of an interrupted program, or 3 after a time limit.
    pub fn code(&self) -> u8 {
        match self.why {
            Why::Interrupted => INTERRUPTED as u8,
            Why::TimeLimit | Why::Failed => 3,
        }
    }
}

fn reason(why: Why) -> &'static str {
    match why {
        Why::Interrupted => "interrupted",
        Why::TimeLimit => "the time limit is over",
        Why::Failed => "stopped",
    }
}

/// Runs what the command line asks for; reports go to stdout, progress to stderr.
///
/// # Errors
/// What the user can mend, as text for stderr.
pub fn run(cli: Cli) -> Result<(), Failure> {
    let device = cli.machine.choice();
    // A list is the same on every device; JSON is read by programs.
    let silent = match &cli.command {
        Some(
            Command::List(_)
            | Command::Presets(_)
            | Command::Data(_)
            | Command::Sample(_)
            | Command::Report(_),
        ) => true,
        Some(Command::Describe(describe)) => describe.json,
        _ => false,
    };
    if !silent {
        output::line(format_args!(
            "bnlstm {}: {}",
            env!("CARGO_PKG_VERSION"),
            device.describe()
        ))?;
    }
    match cli.command {
        None => compare::short(device),
        Some(Command::Train(command)) => command.run(device),
        Some(Command::Eval(command)) => command.run(device),
        Some(Command::Sample(command)) => command.run(device),
        Some(Command::Reproduce(command)) => command.run(device),
        Some(Command::Compare(command)) => command.run(device),
        Some(Command::Sweep(command)) => command.run(device),
        Some(Command::Report(command)) => command.run(),
        Some(Command::Describe(command)) => command.run(device),
        Some(Command::List(command)) => command.run(),
        Some(Command::Presets(command)) => command.run(),
        Some(Command::Data(command)) => command.run(),
    }
}
