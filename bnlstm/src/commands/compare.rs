//! `bnlstm compare`, and what runs without a command.

use std::time::Instant;

use clap::{Args, Parser};
use serde::Serialize;

use super::Failure;
use super::options::{OutputOptions, RunOptions};
use super::output::line;
use crate::comparison::{Comparison, Plan, Record, RunResult};
use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::figure::{Curve, Figure};
use crate::mean_std::MeanStd;
use crate::normalization::{ParseError, Sites, split_list};
use crate::progress::Progress;
use crate::table::{Column, Table};
use crate::task::Split;

/// Trains several normalizations with several seeds, and compares them on the test examples.
#[derive(Args, Debug)]
pub struct Compare {
    /// Normalizations, separated by commas or, where one names its sites, by semicolons:
    /// `none,batch(gamma=0.1),layer` or `none; h=batch,x=batch`.
    #[arg(long, default_value = "none,batch(gamma=0.1),batch(gamma=1)", value_name = "LIST", value_parser = norm_list)]
    norms: NormList,
    /// Number of seeds for each.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first_seed: u64,
    /// Test accuracy in % whose first epoch is reported.
    #[arg(long, default_value_t = 50.0)]
    target: f64,
    #[command(flatten)]
    run: RunOptions,
    #[command(flatten)]
    output: OutputOptions,
}

/// Normalizations of the command line.
#[derive(Clone, Debug)]
struct NormList(Vec<Sites>);

fn norm_list(text: &str) -> Result<NormList, ParseError> {
    let parts = split_list(text);
    Ok(NormList(
        parts.into_iter().map(str::parse).collect::<Result<_, _>>()?,
    ))
}

/// What a comparison is, for its run directory.
#[derive(Serialize)]
struct CompareConfig {
    normalizations: Vec<Sites>,
    seeds: Vec<u64>,
    /// The first run; the others differ in normalization and seed.
    run: RunConfig,
}

impl CompareConfig {
    fn new(compare: &Compare, plan: &Plan) -> Self {
        Self {
            normalizations: compare.norms.0.clone(),
            seeds: (compare.first_seed..).take(compare.seeds as usize).collect(),
            run: plan.runs[0],
        }
    }
}

/// The command line whose results show the paper's claims within a minute.
const SHORT: [&str; 4] = ["compare", "--permuted", "--epochs", "15"];

#[derive(Parser)]
struct ShortCli {
    #[command(flatten)]
    compare: Compare,
}

/// The comparison that runs without a command, and what it says about the claims.
pub fn short(device: DeviceChoice) -> Result<(), Failure> {
    let compare = ShortCli::parse_from(SHORT).compare;
    line(format_args!(
        "no command given: bnlstm {} (see bnlstm --help)",
        SHORT.join(" ")
    ))?;
    let comparison = compare.carry_out(device)?;
    claims(&comparison)
}

impl Compare {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        self.carry_out(device).map(drop)
    }

    fn carry_out(&self, device: DeviceChoice) -> Result<Comparison, Failure> {
        let start = Instant::now();
        let plan = self.plan()?;
        let directory = self.output.create("compare")?;
        directory.write_config(&CompareConfig::new(self, &plan))?;
        line(format_args!("{}", plan.task.description()))?;
        for sites in &self.norms.0 {
            line(format_args!("{}: {sites}", sites.label()))?;
        }
        let mut metrics = directory.metrics_writer();
        let comparison = plan.carry_out(device, &Progress::stderr(), &mut |record| metrics.write(record))?;
        line(format_args!("\n{}", self.table(&comparison)))?;
        let figure = learning_curves(&plan.runs[0].task.to_string(), &comparison);
        for extension in ["png", "svg", "csv"] {
            figure.save(&directory.figure(&format!("test_accuracy.{extension}")))?;
        }
        line(format_args!(
            "learning curves: {}\nresults in {}, {:.1} s",
            directory.figure("test_accuracy.png").display(),
            directory.root().display(),
            start.elapsed().as_secs_f64()
        ))?;
        Ok(comparison)
    }
}

impl Compare {
    fn plan(&self) -> Result<Plan, Failure> {
        let mut runs = Vec::new();
        for &sites in &self.norms.0 {
            for seed in (self.first_seed..).take(self.seeds as usize) {
                runs.push(self.run.config(sites, seed)?);
            }
        }
        let first: &RunConfig = runs.first().expect("a list has at least one part");
        let task = first.task.load()?;
        for run in &runs {
            run.check_batches(task.examples(Split::Train))?;
        }
        Ok(Plan { task, runs })
    }

    fn table(&self, comparison: &Comparison) -> Table {
        let mut table = Table::new([
            Column::words("model"),
            Column::numbers("test accuracy %"),
            Column::numbers("with batch statistics %"),
            Column::numbers(format!("epochs to {} %", self.target)),
            Column::numbers("seconds"),
        ]);
        for (sites, results) in comparison.by_normalization() {
            let finished: Vec<_> = results
                .iter()
                .filter(|result| result.diverged.is_none())
                .collect();
            if finished.is_empty() {
                table.row([
                    sites.label(),
                    "diverged".into(),
                    "–".into(),
                    "–".into(),
                    "–".into(),
                ]);
                continue;
            }
            let of = |value: &dyn Fn(&RunResult) -> f64| {
                MeanStd::of(&finished.iter().map(|result| value(result)).collect::<Vec<_>>())
            };
            table.row([
                sites.label(),
                format!("{:.1}", of(&population)),
                format!("{:.1}", of(&|result| 100.0 * last(result).batch.accuracy)),
                epochs_to(&finished, self.target / 100.0),
                format!("{:.1}", of(&RunResult::train_seconds)),
            ]);
        }
        table
    }
}

fn last(result: &RunResult) -> &Record {
    result.epochs.last().expect("a finished run has epochs")
}

/// Test accuracy in % under population statistics after the last epoch.
fn population(result: &RunResult) -> f64 {
    100.0 * last(result).population.accuracy
}

/// Mean number of epochs, and how many of the runs got there if not all did.
fn epochs_to(results: &[&&RunResult], accuracy: f64) -> String {
    let reached: Vec<f64> = results
        .iter()
        .filter_map(|result| result.epochs_to(accuracy).map(|epoch| epoch as f64))
        .collect();
    match reached.len() {
        0 => "never".to_owned(),
        n if n == results.len() => format!("{:.1}", MeanStd::of(&reached)),
        n => format!("{:.1} ({n} of {})", MeanStd::of(&reached), results.len()),
    }
}

fn learning_curves(task: &str, comparison: &Comparison) -> Figure {
    let mut figure = Figure::new(
        format!("Test accuracy under population statistics: {task}"),
        "epoch",
        "test accuracy, %",
    );
    for (sites, results) in comparison.by_normalization() {
        let curve = results.iter().fold(Curve::new(sites.label()), |curve, result| {
            let points = result.epochs.iter();
            let points = points.map(|record| (record.epoch as f64, 100.0 * record.population.accuracy));
            curve.with_seed(result.seed, points.collect())
        });
        figure.curves.push(curve);
    }
    figure
}

/// What the short comparison says about the paper's claims, measured, not assumed.
fn claims(comparison: &Comparison) -> Result<(), Failure> {
    let groups = comparison.by_normalization();
    let of = |text: &str, value: &dyn Fn(&RunResult) -> f64| -> Result<MeanStd, Failure> {
        let sites: Sites = text.parse()?;
        let group = groups.iter().find(|(found, _)| *found == sites);
        let (_, results) = group.expect("the short comparison has it");
        Ok(MeanStd::of(
            &results.iter().map(|result| value(result)).collect::<Vec<_>>(),
        ))
    };
    let lstm = of("none", &population)?;
    let small = of("batch(gamma=0.1)", &population)?;
    let large = of("batch(gamma=1)", &population)?;
    let batch = of("batch(gamma=0.1)", &|result| 100.0 * last(result).batch.accuracy)?;
    line(format_args!("\nthe claims of Cooijmans et al. 2016:"))?;
    claim(
        "batch normalization inside the recurrence helps",
        small.exceeds(lstm),
        format_args!("BN-LSTM γ=0.1 {small:.1} %, LSTM {lstm:.1} %"),
    )?;
    claim(
        "but γ must start small, or gradients vanish",
        small.exceeds(large),
        format_args!("γ=0.1 {small:.1} %, γ=1 {large:.1} %"),
    )?;
    claim(
        "population statistics per time step serve at test time",
        !batch.exceeds(small),
        format_args!("population {small:.1} %, batch {batch:.1} %"),
    )
}

fn claim(text: &str, holds: bool, numbers: std::fmt::Arguments<'_>) -> Result<(), Failure> {
    let verdict = if holds { "seen" } else { "not seen" };
    line(format_args!("  {verdict}: {text} ({numbers})"))?;
    Ok(())
}
