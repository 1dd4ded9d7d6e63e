//! `bnlstm compare`, and what runs without a command.

mod short;

use std::time::Instant;

use clap::Args;

use super::Failure;
use super::options::{BaseOptions, ModelOptions, RunOptions, TextOption, cell, check_target, run_config};
use super::output::line;
use super::output_options::OutputOptions;
use super::several::{Measured, Several};
use crate::config::ValueError;
use crate::device::DeviceChoice;
use crate::normalization::{Sites, parse_list};
use crate::progress::Progress;
use crate::run::Stop;
use crate::runs::Tasks;
use crate::sweep::{Combination, Plan};

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

impl Compare {
    pub fn run(&self, device: DeviceChoice) -> Result<(), Failure> {
        self.carry_out(device).map(drop)
    }

    fn carry_out(&self, device: DeviceChoice) -> Result<Measured, Failure> {
        let start = Instant::now();
        let plan = self.plan()?;
        let (runs, progress) = (plan.runs(), Progress::stderr());
        let tasks = Tasks::ready(&runs, &progress)?;
        let directory = self.output.create_results("compare", &plan.written())?;
        line(format_args!("{}", plan.combinations[0].config.model))?;
        for combination in &plan.combinations {
            let sites = combination.config.model.normalization;
            line(format_args!("{}: {sites}", combination.label))?;
        }
        let several = Several {
            plan: &plan,
            runs: &runs,
            tasks,
            directory: &directory,
            progress: &progress,
            force: self.output.force(),
            target: self.target,
            device,
            stop: &Stop::by_signals(),
            start,
        };
        let mut measured = several.carry_out()?;
        Ok(measured.remove(0))
    }

    /// Every normalization with every seed.
    fn plan(&self) -> Result<Plan, Failure> {
        let Some(end) = self.first_seed.checked_add(self.seeds) else {
            let remedy = format!("give at most {}", u64::MAX - self.seeds);
            return Err(ValueError::new("--first-seed", self.first_seed, remedy).into());
        };
        check_target(self.target)?;
        let mut settings = self.base.settings()?;
        self.model.apply(&mut settings)?;
        self.run.apply(&mut settings)?;
        let normalizations =
            parse_list(cell(&mut settings), &self.norms).map_err(TextOption::named("--norms"))?;
        let first = normalizations.first().expect("a list has at least one part");
        settings.set("model.normalization", first.to_string());
        settings.set("training.seed", self.first_seed);
        let first = run_config(&settings)?;
        let combination = |normalization: Sites| {
            let mut config = first.clone();
            config.model.normalization = normalization;
            config.check()?;
            Ok(Combination {
                label: normalization.label(),
                name: normalization.label(),
                values: vec![normalization.to_string()],
                config,
            })
        };
        let combinations = normalizations.into_iter().map(combination);
        Ok(Plan {
            fields: vec!["model.normalization".to_owned()],
            combinations: combinations.collect::<Result<_, Failure>>()?,
            seeds: (self.first_seed..end).collect(),
        })
    }
}
