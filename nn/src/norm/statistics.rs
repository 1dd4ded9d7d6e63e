//! Means and variances over training, one row for each time step.

use std::ops::Range;

use autodiff::Tensor;
use kernels::{Binary, Real, Unary};

use super::Step;
use crate::context::Context;
use crate::params::{ParamId, ParamStore, Scope};

/// Mean and variance where nothing has been seen: they leave values as they are.
const NO_MEAN: f64 = 0.0;
const NO_VAR: f64 = 1.0;
/// Name of the statistic that tells whether there are population estimates.
const POPULATION_COUNT: &str = "population_count";

/// Which time steps have statistics of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepRows {
    /// Each of so many steps, `T_max`; steps beyond use the last one's (Cooijmans et al. 2016,
    /// section 3).
    PerStep(usize),
    /// All steps share one row, which takes in the moments of one step after another; a layer
    /// outside of any sequence has just that.
    Shared,
    /// All steps share one row: the moments of all steps of a batch together (Laurent et al. 2016).
    /// For input terms only, since all steps must be known at once.
    SequenceWise,
}

/// Running averages and population estimates of mean and variance, `[R, F]` each: `R = T_max` rows,
/// or a single one.
#[derive(Clone, Debug)]
pub struct StepStatistics {
    table: StepTable,
    running: Pair,
    population: Pair,
    /// `[R]`: examples that the population estimate has seen, 0 before the first pass; with one row
    /// those of every step.
    population_count: ParamId,
}

#[derive(Clone, Copy, Debug)]
struct Pair {
    mean: ParamId,
    var: ParamId,
}

impl StepStatistics {
    /// Statistics of `features` columns. Running averages start at mean 0 and
    /// variance 1; there are no population estimates yet.
    ///
    /// # Panics
    /// If they are for 0 steps.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, steps: StepRows, features: usize) -> Self {
        let table = StepTable::new(scope, steps);
        let shape = [table.rows, features];
        let mut pair = |name: &str| Pair {
            mean: scope.statistic(&format!("{name}_mean"), shape, NO_MEAN),
            var: scope.statistic(&format!("{name}_var"), shape, NO_VAR),
        };
        let (running, population) = (pair("running"), pair("population"));
        Self {
            population_count: scope.statistic(POPULATION_COUNT, [table.rows], 0.0),
            table,
            running,
            population,
        }
    }

    /// Where these statistics are in the store.
    pub fn path(&self) -> &str {
        &self.table.path
    }

    /// Whether all steps share one row, which moves during a pass.
    pub(super) fn is_shared(&self) -> bool {
        self.table.shared
    }

    /// Moves the running averages of the steps from `step` on: with `mean, var [G, F]` of G steps,
    /// `running ← momentum · running + (1 − momentum) · batch`.
    ///
    /// # Panics
    /// If a step is beyond the last row, unless all share one.
    #[track_caller]
    pub fn update_running<T: Real>(
        &self,
        context: &mut Context<'_, '_, T>,
        step: Step<'_, T>,
        mean: &Tensor<T>,
        var: &Tensor<T>,
        momentum: T,
    ) {
        for (rows, group) in self.table.targets(step, mean.shape().extent(0)) {
            for (id, batch) in [(self.running.mean, mean), (self.running.var, var)] {
                move_towards(
                    context,
                    id,
                    rows.clone(),
                    &batch.rows(group.clone()),
                    T::one() - momentum,
                );
            }
        }
    }

    /// Takes a batch into the population estimates: averages over all batches that had this step,
    /// weighted by their sizes. `seen` examples came before these `batch`; with the first step of
    /// the first batch the estimates begin anew.
    ///
    /// # Panics
    /// If a step is beyond the last row, unless all share one.
    #[track_caller]
    pub fn update_population<T: Real>(
        &self,
        context: &mut Context<'_, '_, T>,
        step: Step<'_, T>,
        (seen, batch): (usize, usize),
        mean: &Tensor<T>,
        var: &Tensor<T>,
    ) {
        if seen == 0 && step.t == 0 {
            self.forget_population(context);
        }
        for (rows, group) in self.table.targets(step, mean.shape().extent(0)) {
            let counts = context.statistic_mut(self.population_count);
            // Sequences may differ in length, so each row has a count of its own.
            let count = counts.rows(rows.clone()).map(Unary::Shift(T::of(batch as f64)));
            counts.write(0, rows.start, &count);
            let weight = count
                .device()
                .full([rows.len()], T::of(batch as f64))
                .zip(Binary::Div, &count);
            let weight = weight.reshape([rows.len(), 1]);
            let keep = weight.map(Unary::Neg).map(Unary::Shift(T::one()));
            for (id, batch) in [(self.population.mean, mean), (self.population.var, var)] {
                let table = context.statistic_mut(id);
                let mut average = table.rows(rows.clone()).zip(Binary::Mul, &keep);
                let share = batch.rows(group.clone()).zip(Binary::Mul, &weight);
                average.zip_in_place(Binary::Add, &share);
                table.write(0, rows.start, &average);
            }
        }
    }

    fn forget_population<T: Real>(&self, context: &mut Context<'_, '_, T>) {
        let Pair { mean, var } = self.population;
        for (id, value) in [(mean, NO_MEAN), (var, NO_VAR), (self.population_count, 0.0)] {
            let tensor = context.statistic_mut(id);
            let device = tensor.device().clone();
            device.backend().fill(T::of(value), tensor.view_mut());
        }
    }

    /// Running averages for the steps from `step` on, `[G, F]` each.
    pub fn running<T: Real>(
        &self,
        context: &Context<'_, '_, T>,
        step: Step<'_, T>,
        steps: usize,
    ) -> (Tensor<T>, Tensor<T>) {
        self.look_up(context, self.running, self.table.rows, step, steps)
    }

    /// Population estimates for the steps from `step` on, `[G, F]` each.
    pub fn population<T: Real>(
        &self,
        context: &Context<'_, '_, T>,
        step: Step<'_, T>,
        steps: usize,
    ) -> (Tensor<T>, Tensor<T>) {
        let counts = context.tensor(self.population_count).to_vec();
        // Steps that no batch of the estimation had, or none with two rows left, use those of the
        // last one that some batch had, as do the steps beyond `T_max`.
        let seen = counts.iter().rposition(|count| !count.is_zero());
        self.look_up(
            context,
            self.population,
            seen.map_or(self.table.rows, |last| last + 1),
            step,
            steps,
        )
    }

    /// The rows of the steps from `step` on, of which the first `known` are to be used.
    fn look_up<T: Real>(
        &self,
        context: &Context<'_, '_, T>,
        pair: Pair,
        known: usize,
        step: Step<'_, T>,
        steps: usize,
    ) -> (Tensor<T>, Tensor<T>) {
        let read = |id| look_up(context.tensor(id), known, step, steps);
        (read(pair.mean), read(pair.var))
    }
}

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
        let rows = step.t..step.t + groups;
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

/// The rows of `steps` steps from `step` on in `table [R, F]`, of which the first `known` are to be
/// used; steps beyond have the last of them.
pub(super) fn look_up<T: Real>(
    table: &Tensor<T>,
    known: usize,
    step: Step<'_, T>,
    steps: usize,
) -> Tensor<T> {
    if step.t + steps <= known {
        return table.rows(step.t..step.t + steps);
    }
    let rows: Vec<u32> = (step.t..step.t + steps)
        .map(|t| t.min(known - 1) as u32)
        .collect();
    let mut out = table.device().empty([steps, table.shape().last()]);
    let indices = table.device().indices(&rows);
    let dims = table.shape().rows();
    table
        .device()
        .backend()
        .gather_rows(dims, table.view(), &indices, out.view_mut());
    out
}

/// Path of the first [`StepStatistics`] in `store` that has no population estimates: it was in no pass
/// of [`Mode::Estimate`](crate::context::Mode::Estimate) yet.
pub fn without_population<T: Real>(store: &ParamStore<T>) -> Option<&str> {
    store.iter().find_map(|(_, param)| {
        let path = param.path.strip_suffix(POPULATION_COUNT)?;
        let unseen = param.tensor.to_vec().iter().all(T::is_zero);
        unseen.then(|| path.trim_end_matches('/'))
    })
}

/// `row ← (1 − weight) · row + weight · value` for some rows of a statistic.
fn move_towards<T: Real>(
    context: &mut Context<'_, '_, T>,
    id: ParamId,
    rows: Range<usize>,
    value: &Tensor<T>,
    weight: T,
) {
    let statistic = context.statistic_mut(id);
    let features = statistic.shape().last();
    let device = statistic.device().clone();
    let mut all = statistic.view_mut();
    let mut part = all.part(rows.start * features..rows.end * features);
    let backend = device.backend();
    backend.map_in_place(Unary::Scale(T::one() - weight), part.reborrow());
    backend.axpy(weight, value.view(), part);
}
