//! All that a page shows, as its script reads it.

use serde::Serialize;

use super::differences::{Differences, Fields};
use super::gather::Run;
use super::groups::{Group, group};
use super::inside::Inside;
use super::rows::{Row, state};
use super::series::{MOST, Series};
use super::statistics::SiteCourses;
use super::time::{PHASES, Time};
use crate::metrics::Record;
use crate::task::Metric;

/// Most time steps of the curves of population statistics.
const MOST_STEPS: usize = 160;

/// The whole page.
#[derive(Debug, Serialize)]
pub struct Page {
    version: &'static str,
    phases: [&'static str; 6],
    groups: Vec<GroupData>,
    differences: Differences,
}

#[derive(Debug, Serialize)]
struct GroupData {
    name: String,
    task: String,
    metric: MetricData,
    runs: Vec<RunData>,
    row: Row,
    curves: Curves,
    inside: Inside,
    time: Option<Time>,
    settings: Fields,
}

#[derive(Debug, Serialize)]
struct MetricData {
    name: String,
    unit: &'static str,
    decimals: usize,
}

#[derive(Debug, Serialize)]
struct RunData {
    directory: String,
    seed: u64,
    state: String,
    statistics: Vec<SiteData>,
    /// Why there are no statistics.
    without: Option<String>,
}

/// Population statistics of a site over time steps.
#[derive(Debug, Serialize)]
struct SiteData {
    path: String,
    units: Vec<usize>,
    /// A curve for each unit.
    mean: Series,
    variance: Series,
    /// Distances from where they end, of means and of variances.
    distance: Series,
}

/// Learning curves over updates.
#[derive(Debug, Serialize)]
struct Curves {
    population: Series,
    running: Series,
    batch: Series,
    population_loss: Series,
    running_loss: Series,
    batch_loss: Series,
    train_loss: Series,
    gradient_norm: Series,
    learning_rate: Series,
}

impl Page {
    /// Of some runs.
    pub fn of(runs: &[Run]) -> Self {
        let (groups, differences) = group(runs);
        Self {
            version: env!("CARGO_PKG_VERSION"),
            phases: PHASES,
            groups: groups.iter().map(GroupData::of).collect(),
            differences,
        }
    }
}

impl GroupData {
    fn of(group: &Group<'_>) -> Self {
        let config = &group.runs[0].config;
        let metric = config.task.metric();
        Self {
            name: group.name.clone(),
            task: config.task.to_string(),
            metric: MetricData {
                name: metric.to_string(),
                unit: metric.unit(),
                decimals: metric.decimals(),
            },
            runs: group.runs.iter().map(|run| RunData::of(run)).collect(),
            row: Row::of(group, metric),
            curves: Curves::of(&group.runs, metric),
            inside: Inside::of(&group.runs),
            time: Time::of(&group.runs),
            settings: Fields::of(config),
        }
    }
}

impl RunData {
    fn of(run: &Run) -> Self {
        let (statistics, without) = match &run.statistics {
            Ok(sites) => (sites.iter().map(SiteData::of).collect(), None),
            Err(reason) => (Vec::new(), Some(reason.clone())),
        };
        Self {
            directory: run.path.display().to_string(),
            seed: run.config.training.seed,
            state: state(run),
            statistics,
            without,
        }
    }
}

impl SiteData {
    fn of(site: &SiteCourses) -> Self {
        let SiteCourses { path, courses } = site;
        let distances = courses.distances();
        Self {
            path: path.clone(),
            units: courses.units.clone(),
            mean: Series::over_steps(&courses.mean, MOST_STEPS),
            variance: Series::over_steps(&courses.variance, MOST_STEPS),
            distance: Series::over_steps(&[distances.mean, distances.variance], MOST_STEPS),
        }
    }
}

impl Curves {
    fn of(runs: &[&Run], metric: Metric) -> Self {
        let series = |value: &dyn Fn(&Record) -> f64| {
            let points = |run: &&Run| {
                let records = run.records.iter();
                records
                    .map(|record| (record.update as f64, value(record)))
                    .collect()
            };
            let runs: Vec<Vec<(f64, f64)>> = runs.iter().map(points).collect();
            Series::of(&runs, MOST)
        };
        Self {
            population: series(&|record| metric.of(&record.valid.population)),
            running: series(&|record| metric.of(&record.valid.running)),
            batch: series(&|record| metric.of(&record.valid.batch)),
            population_loss: series(&|record| record.valid.population.loss),
            running_loss: series(&|record| record.valid.running.loss),
            batch_loss: series(&|record| record.valid.batch.loss),
            train_loss: series(&|record| record.train_loss),
            gradient_norm: series(&|record| record.gradient_norm),
            learning_rate: series(&|record| record.learning_rate),
        }
    }
}
