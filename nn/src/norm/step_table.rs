//! Tables with a row for each time step.

use std::ops::Range;

use autodiff::Tensor;
use kernels::{Real, Unary};

use super::{Step, StepRows};
use crate::context::Context;
use crate::params::{ParamId, Scope};

/// Mean and variance where nothing has been seen: they leave values as they are.
pub(super) const NO_MEAN: f64 = 0.0;
pub(super) const NO_VAR: f64 = 1.0;

/// Tables with a row for each time step, or with one that all share.
#[derive(Clone, Debug)]
pub(super) struct StepTable {
    pub path: String,
    pub shared: bool,
    pub rows: usize,
}

impl StepTable {
    #[track_caller]
    pub fn new<T: Real>(scope: &Scope<'_, T>, steps: StepRows) -> Self {
        let (shared, rows) = match steps {
            StepRows::PerStep(rows) => (false, rows),
            StepRows::Shared | StepRows::SequenceWise => (true, 1),
        };
        assert!(
            rows > 0,
            "statistics `{}`: 0 time steps; at least 1 fits",
            scope.path("")
        );
        let path = scope.path("").trim_end_matches('/').to_owned();
        Self { path, shared, rows }
    }

    /// Which rows take which of `groups` steps from `step` on: all at once, or one after another
    /// into a shared row.
    #[track_caller]
    pub fn targets<T: Real>(&self, step: Step<'_, T>, groups: usize) -> Vec<(Range<usize>, Range<usize>)> {
        if self.shared {
            return (0..groups).map(|g| (0..1, g..g + 1)).collect();
        }
        let rows = step.time()..step.time() + groups;
        assert!(
            rows.end <= self.rows,
            "statistics `{}`: step {} of a training sequence, but there are statistics for {} steps; \
             make the layer with as many steps as the longest training sequence has",
            self.path,
            rows.end - 1,
            self.rows
        );
        vec![(rows, 0..groups)]
    }
}

/// Means and variances that take in those of batches, `[R, F]` each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Averages {
    pub mean: ParamId,
    pub var: ParamId,
    /// `[R]`: what each row has taken in, 0 for those that nothing has reached.
    count: ParamId,
}

impl Averages {
    /// The statistics `NAME_mean`, `NAME_var` and `NAME_count`.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, name: &str, [rows, features]: [usize; 2]) -> Self {
        Self {
            mean: scope.statistic(&format!("{name}_mean"), [rows, features], NO_MEAN),
            var: scope.statistic(&format!("{name}_var"), [rows, features], NO_VAR),
            count: scope.statistic(&format!("{name}_count"), [rows], 0.0),
        }
    }

    /// Counts `more` for some rows, and returns what they have then.
    pub fn count<T: Real>(
        &self,
        context: &mut Context<'_, '_, T>,
        rows: Range<usize>,
        more: usize,
    ) -> Tensor<T> {
        let counts = context.statistic_mut(self.count);
        let count = counts.rows(rows.clone()).map(Unary::Shift(T::of(more as f64)));
        counts.write(0, rows.start, &count);
        count
    }

    /// Means and variances as they stand.
    pub fn now<T: Real>(&self, context: &Context<'_, '_, T>) -> StepMoments<T> {
        let counts = context.tensor(self.count).to_vec();
        // Steps that nothing has reached, because no sequence was so long or no two were, use those of
        // the last one that something has, as do the steps beyond `T_max`.
        let last = counts.iter().rposition(|count| !count.is_zero());
        StepMoments {
            mean: context.tensor(self.mean).clone(),
            var: context.tensor(self.var).clone(),
            known: last.map_or(counts.len(), |last| last + 1),
        }
    }
}

/// Mean and variance for every time step, as they stood when they were asked for.
///
/// Steps after the last one that has any, and all that are beyond the table, have those of that
/// step. Where no step has any, the mean is 0 and the variance 1.
#[derive(Clone, Debug)]
pub struct StepMoments<T: Real> {
    /// `[R, F]` each
    mean: Tensor<T>,
    var: Tensor<T>,
    /// Rows to be used.
    known: usize,
}

impl<T: Real> StepMoments<T> {
    /// Mean and variance for `steps` steps from `step` on, `[G, F]` each.
    pub fn at(&self, step: Step<'_, T>, steps: usize) -> (Tensor<T>, Tensor<T>) {
        let read = |table: &Tensor<T>| look_up(table, self.known, step, steps);
        (read(&self.mean), read(&self.var))
    }
}

/// The rows of `steps` steps from `step` on in `table [R, F]`, of which the first `known` are to be
/// used; steps beyond have the last of them.
fn look_up<T: Real>(table: &Tensor<T>, known: usize, step: Step<'_, T>, steps: usize) -> Tensor<T> {
    let time = step.time();
    let first = time.min(known - 1);
    if steps == 1 || time + steps <= known {
        return table.rows(first..first + steps);
    }
    let rows: Vec<u32> = (time..time + steps).map(|t| t.min(known - 1) as u32).collect();
    let mut out = table.device().empty([steps, table.shape().last()]);
    let indices = table.device().indices(&rows);
    let dims = table.shape().rows();
    table
        .device()
        .backend()
        .gather_rows(dims, table.view(), &indices, out.view_mut());
    out
}
