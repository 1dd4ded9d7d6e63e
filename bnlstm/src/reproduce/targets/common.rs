//! What several targets do.

use crate::figure::{Curve, Figure};
use crate::mean_std::MeanStd;
use crate::metrics::Record;
use crate::reproduce::{GoodRun, Planned, ReproduceError, Results, Setting};
use crate::task::Metric;

/// Names the runs of a model, one for each seed.
pub type Plan<'a> = &'a dyn Fn(u64) -> Result<Planned, ReproduceError>;

/// The runs of a model over its seeds.
pub fn planned(setting: &Setting, usual_seeds: u64, plan: Plan<'_>) -> Result<Vec<Planned>, ReproduceError> {
    setting.seeds(usual_seeds).map(plan).collect()
}

/// The same, finished.
pub fn finished<'r>(
    setting: &Setting,
    results: &'r Results,
    usual_seeds: u64,
    plan: Plan<'_>,
) -> Result<Vec<&'r GoodRun>, ReproduceError> {
    let runs = planned(setting, usual_seeds, plan)?;
    Ok(runs.iter().map(|run| results.run(&run.name)).collect())
}

/// Mean and standard deviation of a value over runs.
pub fn over(runs: &[&GoodRun], value: impl Fn(&GoodRun) -> f64) -> MeanStd {
    let values: Vec<f64> = runs.iter().map(|run| value(run)).collect();
    MeanStd::of(&values)
}

/// Test score under population statistics.
pub fn test(metric: Metric) -> impl Fn(&GoodRun) -> f64 {
    move |run| metric.of(&run.measured.test.population)
}

/// The validation score over the updates, under population statistics, one line for each seed.
pub fn curve(label: impl Into<String>, metric: Metric, runs: &[&GoodRun]) -> Curve {
    let value = |record: &Record| metric.of(&record.valid.population);
    runs.iter().fold(Curve::new(label), |curve, run| {
        let points = run.records().iter();
        let points = points.map(|record| (record.update as f64, value(record)));
        curve.with_seed(run.run.config.training.seed, points.collect())
    })
}

/// Axes of learning curves.
pub fn learning_axes(title: impl Into<String>, metric: Metric) -> Figure {
    Figure::new(title, "update", format!("validation {metric}"))
}

/// What is said beside every table.
pub const END: &str = "test: of the model of each run that was best on the validation examples";

/// A remark where there is one seed only, so that nothing is known of the spread.
pub fn spread(value: MeanStd) -> &'static str {
    match value.standard_deviation {
        Some(_) => "",
        None => "; one seed",
    }
}

/// Number of seeds, as a table says it.
pub fn seeds(runs: &[&GoodRun]) -> String {
    runs.len().to_string()
}

/// Mean time of a run's updates, as a table says it.
pub fn seconds(runs: &[&GoodRun]) -> String {
    format!("{:.0}", over(runs, GoodRun::seconds).mean)
}
