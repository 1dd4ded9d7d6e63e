//! What was seen inside the models of a group: gradients, gates, variances, updates.

use std::collections::BTreeSet;

use serde::Serialize;

use super::gather::Run;
use super::series::{MOST, Series, spread};
use crate::diagnostics::{Diagnostics, SiteMoments};

/// Most updates of which curves over time steps are shown.
const MOST_UPDATES: usize = 16;
/// Most time steps of such a curve.
const MOST_STEPS: usize = 200;

/// A curve over time steps at some update.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AtUpdate {
    /// The update.
    pub update: usize,
    /// The curve.
    pub series: Series,
}

/// A gate of a cell over updates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gate {
    /// Path of the cell.
    pub cell: String,
    /// Its letter.
    pub gate: String,
    /// Share that is shut, in %.
    pub low: Series,
    /// Share that is open, in %.
    pub high: Series,
}

/// A normalization.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Site {
    /// Its path.
    pub path: String,
    /// Smallest variance of each step.
    pub smallest: Vec<AtUpdate>,
    /// Distance of means from the population's, over updates.
    pub mean_distance: Series,
    /// Distance of variances from the population's, over updates.
    pub variance_distance: Series,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Update {
    /// Its path.
    pub path: String,
    /// Norm of the change for each norm of the parameter, over updates.
    pub ratio: Series,
}

/// All that was seen inside a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inside {
    /// Norms of `∂loss/∂h_t`.
    pub gradients: Vec<AtUpdate>,
    /// Each gate of each cell.
    pub gates: Vec<Gate>,
    /// Each normalization that has moments.
    pub sites: Vec<Site>,
    /// Each parameter.
    pub updates: Vec<Update>,
}

impl Inside {
    /// Of the runs of a group.
    pub fn of(runs: &[&Run]) -> Self {
        Self {
            gradients: over_steps(runs, |seen| Some(&seen.gradient_norms)),
            gates: names(runs, |seen| {
                let gates = seen.gates.iter();
                gates.map(|gate| (gate.cell.clone(), gate.gate.clone())).collect()
            })
            .into_iter()
            .map(|(cell, gate)| Gate::of(runs, cell, gate))
            .collect(),
            sites: names(runs, |seen| {
                seen.sites.iter().map(|site| site.path.clone()).collect()
            })
            .into_iter()
            .map(|path| Site::of(runs, path))
            .collect(),
            updates: names(runs, |seen| {
                seen.updates.iter().map(|update| update.path.clone()).collect()
            })
            .into_iter()
            .map(|path| Update::of(runs, path))
            .collect(),
        }
    }
}

impl Gate {
    fn of(runs: &[&Run], cell: String, gate: String) -> Self {
        let share = |part: fn(&crate::diagnostics::Gate) -> f32| {
            over_updates(runs, |seen| {
                let mut gates = seen.gates.iter();
                let found = gates.find(|found| found.cell == cell && found.gate == gate)?;
                Some(100.0 * f64::from(part(found)))
            })
        };
        Self {
            low: share(|gate| gate.low),
            high: share(|gate| gate.high),
            cell,
            gate,
        }
    }
}

impl Site {
    fn of(runs: &[&Run], path: String) -> Self {
        let distance = |part: fn(&SiteMoments) -> Option<f32>| {
            over_updates(runs, |seen| part(site(seen, &path)?).map(f64::from))
        };
        Self {
            smallest: over_steps(runs, |seen| Some(&site(seen, &path)?.smallest_variance)),
            mean_distance: distance(|site| site.mean_distance),
            variance_distance: distance(|site| site.variance_distance),
            path,
        }
    }
}

fn site<'a>(seen: &'a Diagnostics, path: &str) -> Option<&'a SiteMoments> {
    seen.sites.iter().find(|site| site.path == path)
}

impl Update {
    fn of(runs: &[&Run], path: String) -> Self {
        let ratio = over_updates(runs, |seen| {
            let update = seen.updates.iter().find(|update| update.path == path)?;
            Some(f64::from(update.change) / f64::from(update.weight))
        });
        Self { path, ratio }
    }
}

/// The names of what runs have, each once, in the order in which they come first.
fn names<N: Ord + Clone>(runs: &[&Run], of: impl Fn(&Diagnostics) -> Vec<N>) -> Vec<N> {
    let mut seen = BTreeSet::new();
    let all = runs.iter().flat_map(|run| &run.diagnosed);
    let all = all.flat_map(|diagnosed| of(&diagnosed.diagnostics));
    all.filter(|name| seen.insert(name.clone())).collect()
}

/// A quantity over updates.
fn over_updates(runs: &[&Run], value: impl Fn(&Diagnostics) -> Option<f64>) -> Series {
    let points = |run: &&Run| {
        let seen = run.diagnosed.iter();
        seen.filter_map(|seen| Some((seen.update as f64, value(&seen.diagnostics)?)))
            .collect()
    };
    let runs: Vec<Vec<(f64, f64)>> = runs.iter().map(points).collect();
    Series::of(&runs, MOST)
}

/// A quantity over time steps, at some updates from the first to the last at which it was seen.
fn over_steps(runs: &[&Run], values: impl Fn(&Diagnostics) -> Option<&Vec<f32>>) -> Vec<AtUpdate> {
    let diagnosed = || runs.iter().flat_map(|run| &run.diagnosed);
    let known = diagnosed().filter(|seen| values(&seen.diagnostics).is_some_and(|values| !values.is_empty()));
    let updates: BTreeSet<usize> = known.map(|seen| seen.update).collect();
    let updates: Vec<usize> = updates.into_iter().collect();
    let of_run = |run: &&Run, update: usize| -> Vec<f64> {
        let seen = run.diagnosed.iter().rfind(|seen| seen.update == update);
        let values = seen.and_then(|seen| values(&seen.diagnostics));
        values.map_or(Vec::new(), |values| {
            values.iter().copied().map(f64::from).collect()
        })
    };
    let chosen = spread(updates.len(), MOST_UPDATES).into_iter();
    let chosen = chosen.map(|index| {
        let update = updates[index];
        let runs: Vec<Vec<f64>> = runs.iter().map(|run| of_run(run, update)).collect();
        AtUpdate {
            update,
            series: Series::over_steps(&runs, MOST_STEPS),
        }
    });
    chosen.filter(|at| !at.series.is_empty()).collect()
}
