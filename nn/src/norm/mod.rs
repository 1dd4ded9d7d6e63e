//! Normalizations of activations.
//!
//! One trait serves a feed-forward layer and a site of a recurrent cell: it normalizes `[B, F]` at
//! a time step, or all steps `[T, B, F]` at once where the input is known beforehand.

mod assorted_time;
mod batch;
mod batch_renorm;
mod cosine;
mod dyt;
mod gaussian;
mod layer;
mod norm_propagation;
mod online;
#[cfg(test)]
mod products;
mod propagation_variances;
mod rms;
mod statistics;
#[cfg(test)]
mod testing;
mod weight;

use std::collections::VecDeque;

use autodiff::{SequenceNorm, Tape, Tensor, Var};
use kernels::Real;

use crate::context::Context;
use crate::lengths::{Lengths, LiveRows};

pub use assorted_time::{AssortedTimeNorm, AssortedTimeNormConfig};
pub use batch::{BatchNorm, BatchNormConfig, Padding};
pub use batch_renorm::RenormConfig;
pub use cosine::{CosineNorm, CosineNormConfig};
pub use dyt::{DyT, DyTConfig};
pub use layer::{LayerNorm, LayerNormConfig};
pub use norm_propagation::NormPropagation;
pub use online::{OnlineNorm, OnlineNormConfig};
pub use propagation_variances::PropagationVariances;
pub use rms::{RmsNorm, RmsNormConfig};
pub use statistics::{StepRows, StepStatistics, without_population};
pub use weight::{LEAST_COLUMN_NORM, WeightNorm, WeightNormConfig};

/// A place in a sequence.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a, T: Real> {
    /// Time step, from 0.
    pub t: usize,
    /// Number of steps of the sequence.
    pub of: usize,
    /// The rows that are part of their sequences at this step, where that is not all of them.
    pub live: Option<&'a LiveRows<T>>,
}

impl<T: Real> Step<'_, T> {
    /// Step `t` of `of`, with all rows.
    pub fn new(t: usize, of: usize) -> Self {
        Self { t, of, live: None }
    }
}

/// What a normalizer keeps of the earlier steps of a pass.
#[derive(Debug)]
pub struct Memory<'t, T: Real> {
    /// The latest last.
    pub earlier: VecDeque<Var<'t, T>>,
}

impl<T: Real> Default for Memory<'_, T> {
    fn default() -> Self {
        Self {
            earlier: VecDeque::new(),
        }
    }
}

impl<'t, T: Real> Memory<'t, T> {
    /// Two statistics as the first step of the pass finds them by `now`, kept in front: a row that all
    /// steps share moves during the pass, and no step may depend on those before it behind the
    /// gradient's back.
    fn found_first(
        &mut self,
        tape: &'t Tape<T>,
        now: impl FnOnce() -> (Tensor<T>, Tensor<T>),
    ) -> (Tensor<T>, Tensor<T>) {
        if let (Some(mean), Some(var)) = (self.earlier.front(), self.earlier.get(1)) {
            return (mean.value(), var.value());
        }
        let (mean, var) = now();
        let found = [&mean, &var].map(|moment| tape.constant(moment.clone()));
        self.earlier.extend(found);
        (mean, var)
    }
}

/// How a recurrence that is computed as one operation applies a normalizer.
#[derive(Clone, Debug)]
pub enum FusedNorm<'t, T: Real> {
    /// Not at all: what [`Normalizer::weight`] does to the weight is everything.
    Weight,
    /// To the values of a site.
    Values(SequenceNorm<'t, T>),
    /// It multiplies them by a constant: for the hidden state.
    Constant(T),
}

/// Normalizes activations.
///
/// What is normalized at a site may be a product `v W`, as the terms of a recurrent cell are, or
/// values that come from elsewhere. A normalizer of products may replace `v` and `W` as well; it is
/// for sites with a product only.
pub trait Normalizer<T: Real>: std::fmt::Debug + Send + Sync {
    /// What stands for a weight `w [D, F]` during a pass.
    fn weight<'t>(&self, _: &mut Context<'t, '_, T>, w: Var<'t, T>) -> Var<'t, T> {
        w
    }

    /// What stands for the vectors `v [.., D]` that are multiplied by the weight.
    fn operand<'t>(&self, _: &mut Context<'t, '_, T>, v: Var<'t, T>) -> Var<'t, T> {
        v
    }

    /// Normalizes `x [B, F]`, the activations of one time step.
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        step: Step<'_, T>,
        memory: &mut Memory<'t, T>,
    ) -> Var<'t, T>;

    /// Normalizes `x [T, B, F]`, the activations of all time steps, where rows that are padding may
    /// be left as they come.
    fn sequence<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        lengths: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        step_by_step(self, context, x, lengths)
    }

    /// How a recurrence of `steps` steps that is computed as one operation applies this normalizer;
    /// `None` where only [`step`](Self::step) can.
    fn fused<'t>(&self, _: &mut Context<'t, '_, T>, _steps: usize) -> Option<FusedNorm<'t, T>> {
        None
    }

    /// Takes in the moments that such a recurrence has computed for `batch` examples, `mean, var`:
    /// `[T, F]` each over the batch, or `[T, G, B]` over the features of each group.
    fn observe(&self, _: &mut Context<'_, '_, T>, _batch: usize, _mean: &Tensor<T>, _var: &Tensor<T>) {}
}

/// Normalizes `x [T, B, F]` one step after another; steps that no sequence has are left as they are.
#[track_caller]
fn step_by_step<'t, T: Real, N: Normalizer<T> + ?Sized>(
    normalizer: &N,
    context: &mut Context<'t, '_, T>,
    x: Var<'t, T>,
    lengths: Option<&Lengths<T>>,
) -> Var<'t, T> {
    let steps = x.unbind();
    let of = steps.len();
    let mut memory = Memory::default();
    let mut normalized = Vec::with_capacity(of);
    for (t, x) in steps.into_iter().enumerate() {
        let live = lengths.and_then(|lengths| lengths.live(t));
        let padding = live.is_some_and(|live| live.count() == 0);
        normalized.push(match padding {
            true => x,
            false => normalizer.step(context, x, Step { t, of, live }, &mut memory),
        });
    }
    Var::stack(&normalized)
}
