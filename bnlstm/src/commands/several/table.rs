//! Table and learning curves of several runs.

use crate::comparison::{Comparison, RunResult};
use crate::figure::{Curve, Figure};
use crate::mean_std::MeanStd;
use crate::run;
use crate::scores::Scores;
use crate::table::{Column, Table};
use crate::task::Metric;

/// What the numbers of the table are, where `workers` runs train side by side.
pub fn caption(comparison: &Comparison, seeds: usize, workers: usize) -> String {
    let spread = match seeds {
        1 => String::new(),
        _ => format!("; mean ± standard deviation over {seeds} seeds"),
    };
    let ends = comparison
        .results
        .iter()
        .filter_map(|result| result.records().last());
    let updates = |result: &RunResult| Some(result.measured()?.update);
    let mut updates = comparison.results.iter().filter_map(updates);
    let first = updates.next();
    let alike = updates.all(|update| Some(update) == first);
    let after = ends
        .max_by_key(|record| record.update)
        .map_or_else(String::new, |record| {
            let epochs = run::epochs(record.epoch);
            let plural = if epochs == "1" { "" } else { "s" };
            let up_to = if alike { "" } else { "up to " };
            format!("after {up_to}{} updates, {epochs} epoch{plural}, ", record.update)
        });
    let steps = match workers {
        1 => String::new(),
        _ => format!("; a step's time is that of {workers} runs side by side"),
    };
    format!("{after}with population statistics unless it says batch{spread}{steps}\n")
}

/// What the table shows.
#[derive(Clone, Copy)]
pub struct Columns {
    /// How the runs are measured.
    pub metric: Metric,
    /// The validation score whose first epoch it has.
    pub target: Option<f64>,
    /// Whether it has the time of a step beside that without normalization.
    pub of_none: bool,
    /// Number of seeds that there are of each combination in the end.
    pub seeds: usize,
}

/// One line for each combination, over those of its runs that have not diverged.
pub fn table(comparison: &Comparison, columns: Columns) -> Table {
    let groups = comparison.groups();
    let is_plain = |group: &&Vec<&RunResult>| group[0].config.model.normalization.iter().next().is_none();
    let plain = groups.iter().find(is_plain).map(|results| finished(results));
    let plain_ms = plain
        .filter(|results| !results.is_empty())
        .map(|results| over(&results, RunResult::step_ms).mean);
    let headers = columns.headers();
    let width = headers.len();
    let mut table = Table::new(headers);
    for results in groups {
        let mut row = vec![label(&results, columns.seeds)];
        match finished(&results).as_slice() {
            [] => row.resize(width, "–".to_owned()),
            finished => row.extend(columns.numbers(finished, plain_ms)),
        }
        table.row(row);
    }
    table
}

/// The label of a group, with how many of its runs the numbers are without.
fn label(results: &[&RunResult], seeds: usize) -> String {
    let mut label = results[0].label.clone();
    let diverged = results.len() - finished(results).len();
    if diverged > 0 {
        label += &format!(" ({diverged} of {} diverged)", results.len());
    }
    if results.len() < seeds {
        label += &format!(" ({} of {seeds} seeds so far)", results.len());
    }
    label
}

impl Columns {
    fn headers(self) -> Vec<Column> {
        let Self { metric, target, .. } = self;
        let mut columns = vec![
            Column::words("model"),
            Column::numbers(format!("test {metric}")),
            Column::numbers("with batch statistics"),
        ];
        columns.extend(target.map(|target| Column::numbers(format!("epochs to {target}{}", metric.unit()))));
        columns.push(Column::numbers("ms a step"));
        columns.extend(self.of_none.then(|| Column::numbers("of none")));
        columns.extend(["parameters", "statistics"].map(Column::numbers));
        columns
    }

    /// What stands behind the label, of runs of which there is at least one.
    fn numbers(self, finished: &[&RunResult], plain_ms: Option<f64>) -> Vec<String> {
        let Self { metric, target, .. } = self;
        let decimals = metric.decimals();
        let score = |of: fn(Metric, &RunResult) -> f64| {
            let mean = over(finished, |run| of(metric, run));
            format!("{mean:.decimals$}")
        };
        let mut row = vec![score(population), score(batch)];
        row.extend(target.map(|target| epochs_to(finished, metric, target)));
        let step_ms = over(finished, RunResult::step_ms);
        row.push(format!("{step_ms:.1}"));
        if self.of_none {
            row.push(plain_ms.map_or("–".to_owned(), |plain| format!("{:.2}", step_ms.mean / plain)));
        }
        let (parameters, statistics) = finished[0].ended.counts;
        row.extend([parameters, statistics].map(|count| count.to_string()));
        row
    }
}

/// Why runs ended early, one line for each that did.
pub fn diverged(comparison: &Comparison) -> Vec<String> {
    let results = comparison.results.iter();
    let lines = results.filter_map(|result| {
        let reason = &result.diverged()?.diverged;
        let seed = result.config.training.seed;
        Some(format!("{}, seed {seed}: {reason}", result.label))
    });
    lines.collect()
}

/// The runs that came to their end.
pub fn finished<'a>(results: &[&'a RunResult]) -> Vec<&'a RunResult> {
    let results = results.iter().copied();
    results.filter(|result| result.measured().is_some()).collect()
}

/// Mean and standard deviation of a value over runs, of which there is at least one.
pub fn over(results: &[&RunResult], value: impl Fn(&RunResult) -> f64) -> MeanStd {
    let values: Vec<f64> = results.iter().map(|result| value(result)).collect();
    MeanStd::of(&values)
}

fn test(result: &RunResult) -> &Scores {
    &result.measured().expect("a finished run").test
}

/// Test score of a finished run under population statistics.
pub fn population(metric: Metric, result: &RunResult) -> f64 {
    metric.of(&test(result).population)
}

/// Test score of a finished run under batch statistics.
pub fn batch(metric: Metric, result: &RunResult) -> f64 {
    metric.of(&test(result).batch)
}

/// Mean number of epochs, and how many of the runs got there if not all did.
fn epochs_to(results: &[&RunResult], metric: Metric, target: f64) -> String {
    let reached = results
        .iter()
        .filter_map(|result| result.epochs_to(metric, target));
    let reached: Vec<f64> = reached.collect();
    match reached.len() {
        0 => "never".to_owned(),
        n if n == results.len() => format!("{:.1}", MeanStd::of(&reached)),
        n => format!("{:.1} ({n} of {})", MeanStd::of(&reached), results.len()),
    }
}

/// Validation score over the epochs, one curve for each combination.
pub fn learning_curves(title: &str, metric: Metric, comparison: &Comparison) -> Figure {
    let mut figure = Figure::new(title, "epoch", format!("validation {metric}"));
    for results in comparison.groups() {
        let curve = Curve::new(results[0].label.clone());
        let curve = results.iter().fold(curve, |curve, result| {
            let points = result.records().iter();
            let points = points.map(|record| (record.epoch, metric.of(&record.valid.population)));
            curve.with_seed(result.config.training.seed, points.collect())
        });
        figure.curves.push(curve);
    }
    figure
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{DivergedAt, Measured, Record, Timing};
    use crate::presets::Preset;
    use crate::run::{End, Ended};
    use crate::settings::Settings;
    use crate::trainer::Score;

    fn run(seed: u64, accuracies: &[f64], diverged: bool) -> RunResult {
        let scores = |accuracy| {
            let score = Score { loss: 1.0, accuracy };
            Scores {
                batch: score,
                running: score,
                population: score,
            }
        };
        let record = |(index, &accuracy): (usize, &f64)| Record {
            update: 100 * (index + 1),
            epoch: (index + 1) as f64,
            learning_rate: 0.1,
            train_loss: 1.0,
            gradient_norm: 1.0,
            valid: scores(accuracy),
        };
        let update = 100 * accuracies.len();
        let end = match diverged {
            true => End::Diverged(DivergedAt {
                update,
                diverged: format!("update {update}: too large a loss"),
            }),
            false => End::Measured(Measured {
                update,
                selected: update,
                test: scores(*accuracies.last().expect("an evaluation")),
            }),
        };
        let mut settings = Settings::of_preset(Preset::find("digits-quick").expect("it is there"));
        settings.set("model.normalization", "none");
        settings.set("training.seed", seed);
        RunResult {
            label: "LSTM".to_owned(),
            config: settings.config().expect("a configuration"),
            ended: Ended {
                counts: (7, 3),
                records: accuracies.iter().enumerate().map(record).collect(),
                times: vec![Timing {
                    update,
                    forward: 0.5 * accuracies.len() as f64,
                    ..Timing::default()
                }],
                end,
            },
        }
    }

    fn row(results: Vec<RunResult>) -> String {
        let columns = Columns {
            metric: Metric::Accuracy,
            target: Some(50.0),
            of_none: true,
            seeds: results.len(),
        };
        let table = table(&Comparison { results }, columns).to_string();
        let row = table.lines().last().unwrap();
        row.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn rows_show_the_last_epoch_and_who_got_to_the_target() {
        let both = vec![run(1, &[0.5, 0.6], false), run(2, &[0.2, 0.7], false)];
        assert_eq!(
            row(both),
            "LSTM 65.0 ± 7.1 65.0 ± 7.1 1.5 ± 0.7 5.0 ± 0.0 1.00 7 3"
        );
        let one = vec![run(1, &[0.5, 0.6], false), run(2, &[0.2, 0.4], false)];
        assert_eq!(
            row(one),
            "LSTM 50.0 ± 14.1 50.0 ± 14.1 1.0 (1 of 2) 5.0 ± 0.0 1.00 7 3"
        );
        assert_eq!(
            row(vec![run(1, &[0.4], false)]),
            "LSTM 40.0 40.0 never 5.0 1.00 7 3"
        );
    }

    #[test]
    fn diverged_runs_are_counted_and_explained_not_averaged() {
        let results = vec![run(1, &[0.5, 0.6], false), run(2, &[0.9], true)];
        let comparison = Comparison { results };
        let reasons = diverged(&comparison);
        assert_eq!(reasons.len(), 1);
        assert_eq!(reasons[0], "LSTM, seed 2: update 100: too large a loss");
        assert_eq!(
            row(comparison.results),
            "LSTM (1 of 2 diverged) 60.0 60.0 1.0 5.0 1.00 7 3"
        );
        let none = vec![run(1, &[], true), run(2, &[0.9], true)];
        assert_eq!(row(none), "LSTM (2 of 2 diverged) – – – – – – –");
    }
}
