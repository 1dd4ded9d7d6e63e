//! The comparison that runs without a command.

use std::fmt::Arguments;

use clap::Parser;

use super::Compare;
use crate::cell::Cell;
use crate::commands::Failure;
use crate::commands::output::line;
use crate::commands::several::table::{batch, finished, over, population};
use crate::comparison::{Comparison, RunResult};
use crate::device::DeviceChoice;
use crate::normalization::Sites;
use crate::task::Metric;

/// The command line whose results show the paper's claims within a minute.
const SHORT: [&str; 6] = ["compare", "--permuted", "--epochs", "18", "--target", "50"];
/// The models that the claims are about, which the command line above compares.
const LSTM: &str = "none";
const SMALL_GAMMA: &str = "batch(gamma=0.1)";
const LARGE_GAMMA: &str = "batch(gamma=1)";

/// What its task is measured by.
const METRIC: Metric = Metric::Accuracy;

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
    let measured = compare.carry_out(device)?;
    claims(&measured.comparison)
}

/// What the short comparison says about the paper's claims, measured, not assumed.
fn claims(comparison: &Comparison) -> Result<(), Failure> {
    line(format_args!("\nthe claims of Cooijmans et al. 2016:"))?;
    let models = [LSTM, SMALL_GAMMA, LARGE_GAMMA].map(|text| runs(comparison, text));
    if models.iter().any(Vec::is_empty) {
        line(format_args!("  not seen: all runs of a model have diverged"))?;
        return Ok(());
    }
    let [lstm, small, large] = models
        .each_ref()
        .map(|results| over(results, |run| population(METRIC, run)));
    let with_batch = over(&models[1], |run| batch(METRIC, run));
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
        !with_batch.exceeds(small),
        format_args!("population {small:.1} %, batch {with_batch:.1} %"),
    )
}

/// The finished runs of one model of the short comparison.
fn runs<'a>(comparison: &'a Comparison, text: &str) -> Vec<&'a RunResult> {
    let sites = Sites::parse(Cell::Lstm, text).expect("a normalization of this file");
    let groups = comparison.groups();
    let is_wanted = |group: &&Vec<&RunResult>| group[0].config.model.normalization == sites;
    let group = groups.iter().find(is_wanted);
    finished(group.expect("the short comparison has it"))
}

fn claim(text: &str, holds: bool, numbers: Arguments<'_>) -> Result<(), Failure> {
    let verdict = if holds { "seen" } else { "not seen" };
    line(format_args!("  {verdict}: {text} ({numbers})"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_command_line_compares_the_models_of_the_claims() {
        let compare = ShortCli::try_parse_from(SHORT).unwrap().compare;
        let plan = compare.plan().unwrap();
        let models = [LSTM, SMALL_GAMMA, LARGE_GAMMA].map(|text| Sites::parse(Cell::Lstm, text).unwrap());
        let planned = plan.combinations.iter();
        let normalizations: Vec<Sites> = planned.map(|one| one.config.model.normalization).collect();
        assert_eq!(normalizations, models);
        assert!(plan.seeds.len() >= 3);
        assert_eq!(plan.runs().len(), models.len() * plan.seeds.len());
        let task = &plan.combinations[0].config.task;
        assert_eq!(task.to_string(), "digits, permuted with seed 1");
    }
}
