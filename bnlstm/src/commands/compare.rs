//! `bnlstm compare`, and what runs without a command.

mod report;
mod short;

use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::Failure;
use super::options::{ModelOptions, OutputOptions, RunOptions, TextOption};
use super::output::line;
use crate::comparison::{Comparison, Plan};
use crate::config::{RunConfig, ValueError};
use crate::device::DeviceChoice;
use crate::normalization::{Sites, parse_list};
use crate::progress::Progress;
use crate::run_directory::RunDirectory;
use crate::task::Split;

pub use short::short;

/// Trains several normalizations with several seeds, and compares them on the test examples.
#[derive(Args, Debug)]
pub struct Compare {
    /// Normalizations, separated by commas or, where one names its sites, by semicolons:
    /// `none,batch(gamma=0.1),layer` or `none; h=batch,x=batch`.
    #[arg(
        long,
        default_value = "none,batch(gamma=0.1),batch(gamma=1)",
        value_name = "LIST"
    )]
    norms: String,
    /// Number of seeds for each.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first_seed: u64,
    /// Test accuracy in % whose first epoch is reported.
    #[arg(long, default_value_t = 50.0, allow_negative_numbers = true)]
    target: f64,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    output: OutputOptions,
}

/// What a comparison is, for its run directory.
#[derive(Serialize)]
struct CompareConfig {
    normalizations: Vec<Sites>,
    seeds: Vec<u64>,
    /// The first run; the others differ in normalization and seed.
    run: RunConfig,
}

impl Compare {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        self.carry_out(device).map(drop)
    }

    fn carry_out(&self, device: DeviceChoice) -> Result<Comparison, Failure> {
        let start = Instant::now();
        let config = self.config()?;
        let plan = self.plan(&config)?;
        let directory = self.output.create("compare")?;
        line(format_args!("{}", plan.task.description()))?;
        line(format_args!("{}", config.run.model))?;
        for sites in &config.normalizations {
            line(format_args!("{}: {sites}", sites.label()))?;
        }
        let mut metrics = directory.metrics_writer();
        let mut begun = false;
        let comparison = plan.carry_out(device, &Progress::stderr(), &mut |record| {
            // An earlier run in the directory stays whole until this one has something in its place.
            if !begun {
                directory.write_config(&config)?;
                begun = true;
            }
            metrics.write(record)
        })?;
        line(format_args!(
            "\n{}",
            report::caption(&config.run, config.seeds.len(), plan.workers(device))
        ))?;
        line(format_args!("{}", report::table(&comparison, self.target)))?;
        for text in report::diverged(&comparison) {
            line(format_args!("{text}"))?;
        }
        draw(&config.run, &comparison, &directory)?;
        line(format_args!(
            "results in {}, {:.1} s",
            directory.root().display(),
            start.elapsed().as_secs_f64()
        ))?;
        Ok(comparison)
    }

    fn config(&self) -> Result<CompareConfig, Failure> {
        let normalizations =
            parse_list(self.model.cell(), &self.norms).map_err(TextOption::named("--norms"))?;
        let first = *normalizations.first().expect("a list has at least one part");
        let Some(end) = self.first_seed.checked_add(self.seeds) else {
            let remedy = format!("give at most {}", u64::MAX - self.seeds);
            return Err(ValueError::new("--first-seed", self.first_seed, remedy).into());
        };
        if !(0.0..=100.0).contains(&self.target) {
            let remedy = "give a percentage from 0 to 100";
            return Err(ValueError::new("--target", self.target, remedy).into());
        }
        Ok(CompareConfig {
            normalizations,
            seeds: (self.first_seed..end).collect(),
            run: self.run.config(self.model.config(first)?, self.first_seed)?,
        })
    }

    fn plan(&self, config: &CompareConfig) -> Result<Plan, Failure> {
        let mut runs = Vec::new();
        for &sites in &config.normalizations {
            for &seed in &config.seeds {
                runs.push(self.run.config(self.model.config(sites)?, seed)?);
            }
        }
        let task = config.run.task.load()?;
        for run in &runs {
            run.check_batches(task.examples(Split::Train))?;
        }
        Ok(Plan { task, runs })
    }
}

/// Draws the learning curves, if any run has got through an epoch.
fn draw(run: &RunConfig, comparison: &Comparison, directory: &RunDirectory) -> Result<(), Failure> {
    if comparison.results.iter().all(|result| result.epochs.is_empty()) {
        line(format_args!(
            "no learning curves: no run has got through an epoch"
        ))?;
        return Ok(());
    }
    let figure = report::learning_curves(&run.task.to_string(), comparison);
    for extension in ["png", "svg", "csv"] {
        figure.save(&directory.figure(&format!("test_accuracy.{extension}")))?;
    }
    let path = directory.figure("test_accuracy.png");
    line(format_args!("learning curves: {}", path.display()))?;
    Ok(())
}
