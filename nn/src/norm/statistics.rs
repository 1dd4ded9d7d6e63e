//! Means and variances over training, one row for each time step.

use std::ops::Range;

use autodiff::Tensor;
use kernels::{Binary, Real, Unary};

use super::Step;
use super::step_table::{Averages, NO_MEAN, NO_VAR, StepMoments, StepTable};
use crate::context::Context;
use crate::params::{ParamId, ParamStore, Role, Scope};

/// How the names of the statistics over a pass of estimation begin.
const POPULATION: &str = "population";
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
/// or a single one. Both have counts `[R]`: `running_count` of the updates of each row,
/// `population_count` of the examples that each has seen; with one row those of every step.
///
/// A step whose row nothing has reached, since no sequence was so long or too few were, is
/// evaluated with those of the last one that something has.
#[derive(Clone, Debug)]
pub struct StepStatistics {
    table: StepTable,
    running: Averages,
    population: Averages,
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
        Self {
            running: Averages::new(scope, "running", shape),
            population: Averages::new(scope, POPULATION, shape),
            table,
        }
    }

    /// Where these statistics are in the store.
    pub fn path(&self) -> &str {
        &self.table.path
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
            self.running.count(context, rows.clone(), 1);
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

    /// Takes a batch of so many examples into the population estimates: averages over all batches
    /// that had this step, weighted by their sizes.
    ///
    /// # Panics
    /// If a step is beyond the last row, unless all share one.
    #[track_caller]
    pub fn update_population<T: Real>(
        &self,
        context: &mut Context<'_, '_, T>,
        step: Step<'_, T>,
        batch: usize,
        mean: &Tensor<T>,
        var: &Tensor<T>,
    ) {
        for (rows, group) in self.table.targets(step, mean.shape().extent(0)) {
            // Sequences may differ in length, so each row has a count of its own.
            let count = self.population.count(context, rows.clone(), batch);
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

    /// Running averages as they stand.
    pub fn running<T: Real>(&self, context: &Context<'_, '_, T>) -> StepMoments<T> {
        self.running.now(context)
    }

    /// Population estimates as they stand.
    pub fn population<T: Real>(&self, context: &Context<'_, '_, T>) -> StepMoments<T> {
        self.population.now(context)
    }
}

/// Forgets the population estimates of every [`StepStatistics`] in `store`.
pub(crate) fn forget_population<T: Real>(store: &mut ParamStore<T>) {
    let start = |path: &str| {
        let name = path.rsplit('/').next()?.strip_prefix(POPULATION)?;
        match name {
            "_mean" => Some(NO_MEAN),
            "_var" => Some(NO_VAR),
            "_count" => Some(0.0),
            _ => None,
        }
    };
    let statistics = store.iter().filter(|(_, param)| param.role == Role::Statistic);
    let starts = statistics.filter_map(|(id, param)| Some((id, start(&param.path)?)));
    for (id, value) in starts.collect::<Vec<(ParamId, f64)>>() {
        let tensor = store.get_mut(id);
        *tensor = tensor.device().full(tensor.shape(), T::of(value));
    }
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
