//! The table with a row for each run.

use super::{FoundRun, Plan, State};
use crate::metrics::Timing;
use crate::number::shortest;
use crate::run::End;
use crate::scores::Scores;
use crate::table::{Column, Table};
use crate::task::Metric;
use crate::trainer::Score;

/// Columns before those of the fields.
const BEFORE: [&str; 3] = ["number", "name", "label"];
/// Columns behind them.
const BEHIND: [&str; 12] = [
    "seed",
    "state",
    "updates",
    "selected_update",
    "metric",
    "select",
    "best_valid",
    "test_batch",
    "test_running",
    "test_population",
    "test_loss",
    "train_seconds",
];

/// A row for each run of the plan, whatever has become of it, with all digits; `metrics` are those of the
/// runs' tasks. The loss is that under
/// population statistics; but for the seconds, the numbers are the same whenever the runs are carried out
/// again.
pub fn results(plan: &Plan, found: &[FoundRun], metrics: &[Metric]) -> Table {
    let fields = plan.fields.iter().map(String::as_str);
    let columns = BEFORE.into_iter().chain(fields).chain(BEHIND);
    let mut table = Table::new(columns.map(Column::words));
    for (index, (run, &metric)) in found.iter().zip(metrics).enumerate() {
        let combination = plan.combination_of(index);
        let mut row = vec![
            (index + 1).to_string(),
            run.planned.name.clone(),
            combination.label.clone(),
        ];
        row.extend(combination.values.iter().cloned());
        row.extend(row_of(run, metric));
        table.row(row);
    }
    table
}

fn row_of(run: &FoundRun, metric: Metric) -> [String; 12] {
    let (state, update, measured) = match &run.state {
        State::Missing => ("missing", None, None),
        State::UnderWay { update } => ("under way", Some(*update), None),
        State::Ended(End::Measured(measured)) => ("measured", Some(measured.update), Some(measured)),
        State::Ended(End::Diverged(diverged)) => ("diverged", Some(diverged.update), None),
        State::Ended(End::Stopped { update, .. }) => ("under way", Some(*update), None),
    };
    let text = |number: Option<usize>| number.map_or(String::new(), |number| number.to_string());
    let number = |number: Option<f64>| number.map_or(String::new(), shortest);
    let test = measured.map(|measured| measured.test);
    let in_metric = |of: fn(Scores) -> Score| number(test.map(|test| metric.of(&of(test))));
    let config = &run.planned.config;
    let seconds = update.map(|_| run.times.iter().map(Timing::training).sum());
    [
        config.training.seed.to_string(),
        state.to_owned(),
        text(update),
        text(measured.map(|measured| measured.selected)),
        metric.to_string(),
        config.evaluation.select.to_string(),
        number(best_valid(run, metric)),
        in_metric(|test| test.batch),
        in_metric(|test| test.running),
        in_metric(|test| test.population),
        number(test.map(|test| test.population.loss)),
        number(seconds),
    ]
}

/// The best validation score so far under the statistics that select the model.
fn best_valid(run: &FoundRun, metric: Metric) -> Option<f64> {
    let select = run.planned.config.evaluation.select;
    let scores = run
        .records
        .iter()
        .map(|record| metric.of(&select.of(&record.valid)));
    let numbers = scores.filter(|score| !score.is_nan());
    numbers.reduce(|best, score| match metric.reaches(score, best) {
        true => score,
        false => best,
    })
}
