//! Curves of several runs over one axis, thinned to what a screen can show.

use serde::Serialize;

/// Most points of a curve.
pub const MOST: usize = 400;

/// A quantity of each run of a group, over updates or time steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Series {
    /// Where it is known, growing.
    pub x: Vec<f64>,
    /// For each run its values there; nothing where it has none, or none that is finite.
    pub runs: Vec<Vec<Option<f64>>>,
}

impl Series {
    /// From the points of each run, of which `most` are kept at most.
    pub fn of(runs: &[Vec<(f64, f64)>], most: usize) -> Self {
        let mut x: Vec<f64> = runs.iter().flatten().map(|point| point.0).collect();
        x.sort_unstable_by(f64::total_cmp);
        x.dedup();
        let values = runs.iter().map(|points| at_each(&x, points)).collect();
        Self { x, runs: values }.thinned(most)
    }

    /// Values at the steps 0, 1, … of each run, of which `most` are kept at most.
    pub fn over_steps(runs: &[Vec<f64>], most: usize) -> Self {
        let points = |values: &Vec<f64>| {
            let points = values.iter().enumerate();
            points.map(|(t, &value)| (t as f64, value)).collect()
        };
        let runs: Vec<Vec<(f64, f64)>> = runs.iter().map(points).collect();
        Self::of(&runs, most)
    }

    /// Whether no run has a value anywhere.
    pub fn is_empty(&self) -> bool {
        self.runs.iter().flatten().all(Option::is_none)
    }

    /// At most `most` of the points, with the smallest and the largest value of every stretch.
    fn thinned(self, most: usize) -> Self {
        let kept = kept(&self, most);
        let runs = self.runs.iter();
        Self {
            x: kept.iter().map(|&i| self.x[i]).collect(),
            runs: runs
                .map(|values| kept.iter().map(|&i| values[i]).collect())
                .collect(),
        }
    }
}

/// The values of a run at each `x`, of several at the same place the last.
fn at_each(x: &[f64], points: &[(f64, f64)]) -> Vec<Option<f64>> {
    let mut values = vec![None; x.len()];
    for (at, value) in points {
        if let Ok(index) = x.binary_search_by(|x| x.total_cmp(at)) {
            values[index] = rounded(*value);
        }
    }
    values
}

/// Which points are kept: the first, the last, and of each of equal stretches between them those with
/// the smallest and the largest value of any run.
fn kept(series: &Series, most: usize) -> Vec<usize> {
    let count = series.x.len();
    if count <= most || most < 4 {
        return (0..count).collect();
    }
    let at = |i: usize| series.runs.iter().filter_map(move |values| values[i]);
    let low = |i: &usize| at(*i).fold(f64::INFINITY, f64::min);
    let high = |i: &usize| at(*i).fold(f64::NEG_INFINITY, f64::max);
    let stretches = (most - 2) / 2;
    let mut kept = vec![0, count - 1];
    for stretch in 0..stretches {
        let bound = |part: usize| 1 + part * (count - 2) / stretches;
        let range = bound(stretch)..bound(stretch + 1);
        kept.extend(range.clone().min_by(|a, b| low(a).total_cmp(&low(b))));
        kept.extend(range.max_by(|a, b| high(a).total_cmp(&high(b))));
    }
    kept.sort_unstable();
    kept.dedup();
    kept
}

/// Five digits, which is more than a screen shows; nothing of what is not finite.
pub fn rounded(value: f64) -> Option<f64> {
    match value.is_finite() {
        true => format!("{value:.4e}").parse().ok(),
        false => None,
    }
}

/// At most `most` of so many, at equal distances and with both ends.
pub fn spread(count: usize, most: usize) -> Vec<usize> {
    if count <= most || most < 2 {
        return (0..count).collect();
    }
    let at = |i: usize| (i * (count - 1) + (most - 1) / 2) / (most - 1);
    (0..most).map(at).collect()
}
