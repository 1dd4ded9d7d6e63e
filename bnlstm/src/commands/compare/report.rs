//! Table and learning curves of a comparison.

use crate::comparison::{Comparison, Record, RunResult};
use crate::config::RunConfig;
use crate::figure::{Curve, Figure};
use crate::mean_std::MeanStd;
use crate::table::{Column, Table};

/// What the numbers of the table are, where `workers` runs train side by side.
pub fn caption(run: &RunConfig, seeds: usize, workers: usize) -> String {
    let epochs = run.training.epochs;
    let spread = match seeds {
        1 => String::new(),
        _ => format!("; mean ± standard deviation over {seeds} seeds"),
    };
    let epochs = match epochs {
        1 => "1 epoch".to_owned(),
        epochs => format!("{epochs} epochs"),
    };
    let steps = match workers {
        1 => String::new(),
        _ => format!("; a step's time is that of {workers} runs side by side"),
    };
    format!("after {epochs}, with population statistics unless it says batch{spread}{steps}\n")
}

/// One line for each normalization, over those of its runs that have not diverged.
pub fn table(comparison: &Comparison, target: f64) -> Table {
    let mut table = Table::new([
        Column::words("model"),
        Column::numbers("test accuracy %"),
        Column::numbers("with batch statistics %"),
        Column::numbers(format!("epochs to {target} %")),
        Column::numbers("ms a step"),
        Column::numbers("of none"),
        Column::numbers("parameters"),
        Column::numbers("statistics"),
    ]);
    let groups = comparison.by_normalization();
    let plain = groups.iter().find(|(sites, _)| sites.iter().next().is_none());
    let plain = plain.map(|(_, results)| finished(results));
    let plain_ms = plain
        .filter(|results| !results.is_empty())
        .map(|results| over(&results, RunResult::step_ms).mean);
    for (sites, results) in groups {
        let finished = finished(&results);
        let label = match results.len() - finished.len() {
            0 => sites.label(),
            diverged => format!("{} ({diverged} of {} diverged)", sites.label(), results.len()),
        };
        if finished.is_empty() {
            table.row([&label, "–", "–", "–", "–", "–", "–", "–"]);
            continue;
        }
        let step_ms = over(&finished, RunResult::step_ms);
        table.row([
            label,
            format!("{:.1}", over(&finished, population)),
            format!("{:.1}", over(&finished, batch)),
            epochs_to(&finished, target / 100.0),
            format!("{:.1}", step_ms),
            plain_ms.map_or("–".to_owned(), |plain| format!("{:.2}", step_ms.mean / plain)),
            finished[0].parameters.to_string(),
            finished[0].statistics.to_string(),
        ]);
    }
    table
}

/// Why runs ended early, one line for each that did.
pub fn diverged(comparison: &Comparison) -> Vec<String> {
    let results = comparison.results.iter();
    let lines = results.filter_map(|result| {
        let reason = result.diverged.as_ref()?;
        Some(format!(
            "{}, seed {}: {reason}",
            result.sites.label(),
            result.seed
        ))
    });
    lines.collect()
}

/// The runs that went through all their epochs.
pub fn finished<'a>(results: &[&'a RunResult]) -> Vec<&'a RunResult> {
    let results = results.iter().copied();
    results.filter(|result| result.diverged.is_none()).collect()
}

/// Mean and standard deviation of a value over runs, of which there is at least one.
pub fn over(results: &[&RunResult], value: impl Fn(&RunResult) -> f64) -> MeanStd {
    let values: Vec<f64> = results.iter().map(|result| value(result)).collect();
    MeanStd::of(&values)
}

fn last(result: &RunResult) -> &Record {
    result.epochs.last().expect("a finished run has epochs")
}

/// Test accuracy in % under population statistics after the last epoch.
pub fn population(result: &RunResult) -> f64 {
    100.0 * last(result).population.accuracy
}

/// Test accuracy in % under batch statistics after the last epoch.
pub fn batch(result: &RunResult) -> f64 {
    100.0 * last(result).batch.accuracy
}

/// Mean number of epochs, and how many of the runs got there if not all did.
fn epochs_to(results: &[&RunResult], accuracy: f64) -> String {
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

/// Test accuracy over the epochs, one curve for each normalization.
pub fn learning_curves(task: &str, comparison: &Comparison) -> Figure {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Cell;
    use crate::normalization::Sites;
    use crate::trainer::{Diverged, Score};

    fn run(seed: u64, accuracies: &[f64], diverged: bool) -> RunResult {
        let record = |(index, &accuracy): (usize, &f64)| {
            let score = Score { loss: 1.0, accuracy };
            Record {
                label: "LSTM".to_owned(),
                seed,
                epoch: index + 1,
                train_loss: 1.0,
                gradient_norm: 1.0,
                train_seconds: 0.5,
                population: score,
                batch: score,
            }
        };
        RunResult {
            sites: Sites::none(Cell::Lstm),
            seed,
            parameters: 7,
            statistics: 3,
            updates_per_epoch: 100,
            epochs: accuracies.iter().enumerate().map(record).collect(),
            diverged: diverged.then_some(Diverged {
                epoch: accuracies.len() + 1,
                loss: f64::NAN,
                gradient_norm: f64::NAN,
            }),
        }
    }

    fn row(results: Vec<RunResult>) -> String {
        let table = table(&Comparison { results }, 50.0).to_string();
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
        assert!(reasons[0].starts_with("LSTM, seed 2: epoch 2: the mean training loss is NaN"));
        assert_eq!(
            row(comparison.results),
            "LSTM (1 of 2 diverged) 60.0 60.0 1.0 5.0 1.00 7 3"
        );
        let none = vec![run(1, &[], true), run(2, &[0.9], true)];
        assert_eq!(row(none), "LSTM (2 of 2 diverged) – – – – – – –");
    }
}
