//! What several runs have come to, side by side.

use std::collections::HashMap;

use crate::config::RunConfig;
use crate::metrics::{DivergedAt, Measured, Record};
use crate::run::{End, Ended};
use crate::task::Metric;

/// One run that has come to its end.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// What a report calls it and those that differ from it in their seeds only.
    pub label: String,
    /// What it is.
    pub config: RunConfig,
    /// What it has come to.
    pub ended: Ended,
}

impl RunResult {
    /// Its measurement on the test examples, if it has not diverged.
    pub fn measured(&self) -> Option<&Measured> {
        match &self.ended.end {
            End::Measured(measured) => Some(measured),
            _ => None,
        }
    }

    /// How it has diverged, if it has.
    pub fn diverged(&self) -> Option<&DivergedAt> {
        match &self.ended.end {
            End::Diverged(diverged) => Some(diverged),
            _ => None,
        }
    }

    /// Its evaluations.
    pub fn records(&self) -> &[Record] {
        &self.ended.records
    }

    /// Mean time of an update in ms.
    pub fn step_ms(&self) -> f64 {
        let updates = self.records().last().map_or(0, |record| record.update);
        1e3 * self.ended.seconds() / updates as f64
    }

    /// The number of epochs to the first evaluation at which the validation score under population
    /// statistics is at least as good as `target`.
    pub fn epochs_to(&self, metric: Metric, target: f64) -> Option<f64> {
        let mut records = self.records().iter();
        let first = records.find(|record| metric.reaches(metric.of(&record.valid.population), target));
        first.map(|record| record.epoch)
    }

    /// What it is but for its seed, as text.
    fn without_seed(&self) -> String {
        let mut config = self.config.clone();
        config.training.seed = 0;
        serde_json::to_string(&config).expect("a configuration has text as keys")
    }
}

/// All runs, in the order of the plan.
#[derive(Debug)]
pub struct Comparison {
    /// The runs.
    pub results: Vec<RunResult>,
}

impl Comparison {
    /// The runs that differ in their seeds only, in the order of the plan.
    pub fn groups(&self) -> Vec<Vec<&RunResult>> {
        let mut groups: Vec<Vec<&RunResult>> = Vec::new();
        let mut known = HashMap::new();
        for result in &self.results {
            let index = *known.entry(result.without_seed()).or_insert(groups.len());
            match groups.get_mut(index) {
                Some(group) => group.push(result),
                None => groups.push(vec![result]),
            }
        }
        groups
    }
}
