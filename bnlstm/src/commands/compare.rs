//! `bnlstm compare`, and what runs without a command.

mod report;
mod short;

use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::options::{BaseOptions, ModelOptions, OutputOptions, RunOptions, TextOption, cell, run_config};
use super::output::line;
use super::{Failure, stopped};
use crate::comparison::{Comparison, RunResult};
use crate::config::{RunConfig, ValueError};
use crate::device::DeviceChoice;
use crate::normalization::{Sites, parse_list};
use crate::progress::Progress;
use crate::run::Stop;
use crate::run_directory::ResultsDirectory;
use crate::runs::{self, FinishedRun, Place, Planned, path_of};
use crate::task::Metric;

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
    /// Validation score, such as an accuracy in %, whose first epoch is reported.
    #[arg(long, allow_negative_numbers = true)]
    target: Option<f64>,
    #[command(flatten)]
    base: BaseOptions,
    #[command(flatten)]
    model: ModelOptions,
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    output: OutputOptions,
}

/// What a comparison is, for its directory.
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
        let planned = self.plan(&config)?;
        let results = self.output.create_results("compare", &config)?;
        line(format_args!("{}", config.run.model))?;
        for sites in &config.normalizations {
            line(format_args!("{}: {sites}", sites.label()))?;
        }
        let stop = Stop::by_signals();
        let place = Place {
            root: results.root(),
            force: self.output.force(),
            device,
            progress: &Progress::stderr(),
            stop: &|| stop.why(),
        };
        let runs = runs::carry_out(&planned, &place).map_err(stopped)?;
        let metric = runs.first().map_or(Metric::Accuracy, |run| run.task.metric());
        let results_of = |run: FinishedRun| RunResult {
            label: run.config.model.normalization.label(),
            config: run.config,
            ended: run.ended,
        };
        let comparison = Comparison {
            results: runs.into_iter().map(results_of).collect(),
        };
        let workers = device.threads.min(planned.len());
        let caption = report::caption(&comparison, config.seeds.len(), workers);
        line(format_args!("\n{caption}"))?;
        let table = report::table(&comparison, metric, self.target);
        line(format_args!("{table}"))?;
        for text in report::diverged(&comparison) {
            line(format_args!("{text}"))?;
        }
        draw(&config.run, metric, &comparison, &results)?;
        line(format_args!(
            "results in {}, {:.1} s",
            results.root().display(),
            start.elapsed().as_secs_f64()
        ))?;
        Ok(comparison)
    }

    fn config(&self) -> Result<CompareConfig, Failure> {
        let Some(end) = self.first_seed.checked_add(self.seeds) else {
            let remedy = format!("give at most {}", u64::MAX - self.seeds);
            return Err(ValueError::new("--first-seed", self.first_seed, remedy).into());
        };
        if let Some(target) = self.target.filter(|target| !target.is_finite()) {
            return Err(ValueError::new("--target", target, "give a finite number").into());
        }
        let mut settings = self.base.settings()?;
        self.model.apply(&mut settings)?;
        self.run.apply(&mut settings)?;
        let normalizations =
            parse_list(cell(&mut settings), &self.norms).map_err(TextOption::named("--norms"))?;
        let first = normalizations.first().expect("a list has at least one part");
        settings.set("model.normalization", first.to_string());
        settings.set("training.seed", self.first_seed);
        Ok(CompareConfig {
            run: run_config(&settings)?,
            normalizations,
            seeds: (self.first_seed..end).collect(),
        })
    }

    fn plan(&self, config: &CompareConfig) -> Result<Vec<Planned>, Failure> {
        let mut planned = Vec::new();
        for (number, &normalization) in config.normalizations.iter().enumerate() {
            for &seed in &config.seeds {
                let mut run = config.run.clone();
                run.model.normalization = normalization;
                run.training.seed = seed;
                run.check()?;
                let label = path_of(&normalization.to_string());
                planned.push(Planned {
                    name: format!("{}-{label}-seed{seed}", number + 1),
                    config: run,
                });
            }
        }
        Ok(planned)
    }
}

/// Draws the learning curves, if any run has got to an evaluation.
fn draw(
    run: &RunConfig,
    metric: Metric,
    comparison: &Comparison,
    directory: &ResultsDirectory,
) -> Result<(), Failure> {
    if comparison
        .results
        .iter()
        .all(|result| result.records().is_empty())
    {
        line(format_args!(
            "no learning curves: no run has got to an evaluation"
        ))?;
        return Ok(());
    }
    let figure = report::learning_curves(&run.task.to_string(), metric, comparison);
    for extension in ["png", "svg", "csv"] {
        figure.save(&directory.figure(&format!("learning_curves.{extension}")))?;
    }
    let path = directory.figure("learning_curves.png");
    line(format_args!("learning curves: {}", path.display()))?;
    Ok(())
}
