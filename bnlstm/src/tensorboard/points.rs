//! The points that a line of `metrics.jsonl` becomes.

use crate::diagnostics::{Diagnostics, Gate, ParamUpdate, SiteMoments};
use crate::metrics::{Line, Measured, Record};
use crate::scores::Scores;
use crate::task::Metric;

use super::event::Value;
use super::histogram;

/// The updates so far, and the points.
pub(super) fn of(line: &Line, metric: Metric) -> (usize, Vec<Value>) {
    match line {
        Line::Evaluated(record) => (record.update, evaluated(record, metric)),
        Line::Diagnosed(diagnosed) => (diagnosed.update, inside(&diagnosed.diagnostics)),
        Line::Measured(measured) => (measured.update, at_the_end(measured, metric)),
        Line::Diverged(at) => (at.update, vec![Value::code("diverged", &at.diverged)]),
    }
}

fn evaluated(record: &Record, metric: Metric) -> Vec<Value> {
    let mut values = vec![
        Value::scalar("train/loss", record.train_loss),
        Value::scalar("train/gradient_norm", record.gradient_norm),
        Value::scalar("train/learning_rate", record.learning_rate),
        Value::scalar("train/epoch", record.epoch),
    ];
    values.extend(scores("valid", &record.valid, metric));
    values
}

fn at_the_end(measured: &Measured, metric: Metric) -> Vec<Value> {
    let mut values = scores("test", &measured.test, metric);
    values.push(Value::scalar("test/selected_update", measured.selected as f64));
    values
}

fn scores(part: &str, scores: &Scores, metric: Metric) -> Vec<Value> {
    // "accuracy %" becomes "accuracy_percent".
    let metric_name = metric.to_string().replace('%', "percent").replace(' ', "_");
    let points = scores.named().map(|(statistics, score)| {
        [
            Value::scalar(format!("{part}/loss/{statistics}"), score.loss),
            Value::scalar(format!("{part}/{metric_name}/{statistics}"), metric.of(&score)),
        ]
    });
    points.into_iter().flatten().collect()
}

fn inside(diagnostics: &Diagnostics) -> Vec<Value> {
    let mut values = gradients(&diagnostics.gradient_norms);
    values.extend(diagnostics.gates.iter().flat_map(gate));
    values.extend(diagnostics.sites.iter().flat_map(site));
    values.extend(diagnostics.updates.iter().filter_map(update));
    values
}

fn gradients(norms: &[f32]) -> Vec<Value> {
    let numbers = [
        ("gradient/first_step", norms.first().copied()),
        ("gradient/last_step", norms.last().copied()),
        ("gradient/smallest", smallest(norms)),
    ];
    let mut values: Vec<Value> = numbers
        .into_iter()
        .filter_map(|(tag, number)| Some(Value::scalar(tag, number?.into())))
        .collect();
    values.extend(
        histogram::of_norms(norms).map(|histogram| Value::histogram("gradient/log10_norms", histogram)),
    );
    values
}

fn gate(gate: &Gate) -> [Value; 2] {
    let Gate {
        cell,
        gate,
        low,
        high,
    } = gate;
    [("saturated_low", *low), ("saturated_high", *high)]
        .map(|(name, share)| Value::scalar(format!("gates/{cell}/{gate}/{name}"), share.into()))
}

fn site(site: &SiteMoments) -> impl Iterator<Item = Value> {
    let numbers = [
        ("mean_distance", site.mean_distance),
        ("variance_distance", site.variance_distance),
        ("smallest_variance", smallest(&site.smallest_variance)),
    ];
    numbers.into_iter().filter_map(|(name, number)| {
        let tag = format!("statistics/{}/{name}", site.path);
        Some(Value::scalar(tag, number?.into()))
    })
}

/// A parameter of 0, as a bias before its first update, has no ratio.
fn update(update: &ParamUpdate) -> Option<Value> {
    let ratio = f64::from(update.change) / f64::from(update.weight);
    (update.weight != 0.0).then(|| Value::scalar(format!("updates/{}", update.path), ratio))
}

/// The smallest number; NaN where one of them is.
fn smallest(numbers: &[f32]) -> Option<f32> {
    let smaller = |least: f32, number: f32| match number.is_nan() || number < least {
        true => number,
        false => least,
    };
    numbers.iter().copied().reduce(smaller)
}
