//! The table: what came out of each group, over its seeds.

use serde::Serialize;

use super::gather::{Run, State};
use super::groups::Group;
use super::student::quantile_95;
use crate::mean_std::MeanStd;
use crate::metrics::Measured;
use crate::run;
use crate::scores::Scores;
use crate::task::Metric;
use crate::trainer::Score;

/// A number of a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// Mean, and standard deviation where there is one: `97.31 ± 0.24`.
    pub text: String,
    /// The 95 % confidence interval of the mean, of two values or more.
    pub interval: Option<String>,
}

impl Cell {
    /// Over the values of the runs that have one; nothing if none has.
    fn over(values: &[f64], decimals: usize) -> Option<Self> {
        if values.is_empty() {
            return None;
        }
        let found = MeanStd::of(values);
        let interval = half_width(found, values.len()).map(|half| {
            let [low, high] = [found.mean - half, found.mean + half];
            format!("{low:.decimals$} to {high:.decimals$}")
        });
        Some(Self {
            text: format!("{found:.decimals$}"),
            interval,
        })
    }
}

/// Half the width of the 95 % confidence interval of the mean of so many values that are drawn from a
/// normal distribution: `t · s / √n` with Student's `t` of `n − 1` degrees of freedom (Student 1908).
pub fn half_width(found: MeanStd, count: usize) -> Option<f64> {
    let standard_deviation = found.standard_deviation?;
    Some(quantile_95(count - 1) * standard_deviation / (count as f64).sqrt())
}

/// What came out of a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// The best validation score of each run that has come to its end, under population statistics; of those
    /// under way, if none has.
    pub best: Option<Cell>,
    /// Test scores under population, running and batch statistics, of the runs that have ended.
    pub test: [Option<Cell>; 3],
    /// Updates of its runs: `2000`, or the fewest and the most.
    pub updates: String,
    /// Epochs of its runs.
    pub epochs: String,
    /// Seconds of the updates of an epoch.
    pub seconds: Option<Cell>,
    /// How its runs have ended: `3 finished`.
    pub states: Vec<String>,
}

impl Row {
    /// Of a group that is measured so.
    pub fn of(group: &Group<'_>, metric: Metric) -> Self {
        let decimals = metric.decimals() + 1;
        let runs = || group.runs.iter().copied();
        let over = |values: Vec<f64>| Cell::over(&values, decimals);
        let any = runs().any(|run| measured(run).is_some());
        let counts = |run: &&Run| match run.state {
            State::Finished(_) => true,
            State::Unfinished => !any,
            State::Diverged(_) => false,
        };
        let test = |kind: fn(&Scores) -> Score| {
            let values = runs().filter_map(measured);
            over(values.map(|end| metric.of(&kind(&end.test))).collect())
        };
        let seconds: Vec<f64> = runs().filter_map(seconds_per_epoch).collect();
        let epochs = runs().filter_map(|run| Some(run.updates() as f64 / run.updates_per_epoch()?));
        Self {
            best: over(
                runs()
                    .filter(counts)
                    .filter_map(|run| best(run, metric))
                    .collect(),
            ),
            test: [
                test(|scores| scores.population),
                test(|scores| scores.running),
                test(|scores| scores.batch),
            ],
            updates: range(runs().map(|run| run.updates() as f64).collect(), |count| {
                format!("{count}")
            }),
            epochs: range(epochs.collect(), run::epochs),
            seconds: Cell::over(&seconds, seconds_decimals(&seconds)),
            states: states(group),
        }
    }
}

fn measured(run: &Run) -> Option<Measured> {
    match run.state {
        State::Finished(measured) => Some(measured),
        _ => None,
    }
}

/// The best validation score under population statistics.
fn best(run: &Run, metric: Metric) -> Option<f64> {
    let scores = run
        .records
        .iter()
        .map(|record| metric.of(&record.valid.population));
    scores
        .filter(|score| score.is_finite())
        .reduce(|a, b| match metric.larger_is_better() {
            true => a.max(b),
            false => a.min(b),
        })
}

/// Three digits of the smallest, at least one decimal of long times.
fn seconds_decimals(seconds: &[f64]) -> usize {
    let least = seconds.iter().copied().fold(f64::INFINITY, f64::min);
    match least {
        least if least < 1.0 => 3,
        least if least < 10.0 => 2,
        _ => 1,
    }
}

fn seconds_per_epoch(run: &Run) -> Option<f64> {
    let (seconds, updates) = super::time::over_updates(&run.timings);
    (updates > 0).then_some(())?;
    Some(seconds.training() / updates as f64 * run.updates_per_epoch()?)
}

/// The smallest and the largest, or the one that all are.
fn range(values: Vec<f64>, text: impl Fn(f64) -> String) -> String {
    let low = values.iter().copied().reduce(f64::min);
    let high = values.iter().copied().reduce(f64::max);
    match (low.map(&text), high.map(&text)) {
        (Some(low), Some(high)) if low == high => low,
        (Some(low), Some(high)) => format!("{low} to {high}"),
        _ => "–".to_owned(),
    }
}

/// How the run has ended.
pub fn state(run: &Run) -> String {
    match &run.state {
        State::Finished(_) => "finished".to_owned(),
        State::Diverged(at) => {
            // The finding; what goes with it and what can be done is in the metrics.
            let finding = at.diverged.split(';').next().unwrap_or_default();
            let number = format!("update {}: ", at.update);
            let finding = finding.strip_prefix(&number).unwrap_or(finding);
            format!("diverged at {number}{finding}")
        }
        State::Unfinished => format!("under way, at update {}{}", run.updates(), planned(run)),
    }
}

/// How many updates it is to have, as far as that is known.
fn planned(run: &Run) -> String {
    let training = run.config.training;
    match (training.steps, run.updates_per_epoch()) {
        (None, None) => String::new(),
        (_, per_epoch) => {
            let per_epoch = per_epoch.unwrap_or(0.0).round() as usize;
            format!(" of {}", training.updates(per_epoch))
        }
    }
}

fn states(group: &Group<'_>) -> Vec<String> {
    let finished = group.runs.iter().copied().filter_map(measured).count();
    let mut texts = Vec::new();
    if finished > 0 {
        texts.push(format!("{finished} finished"));
    }
    let others = group.runs.iter().filter(|run| measured(run).is_none());
    texts.extend(others.map(|run| format!("seed {} {}", run.config.training.seed, state(run))));
    texts
}
