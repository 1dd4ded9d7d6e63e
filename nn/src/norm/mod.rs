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
mod statistics;
mod step_table;
#[cfg(test)]
mod testing;
mod weight;

use std::collections::VecDeque;
use std::ops::Range;

use autodiff::{SequenceNorm, Tensor, Var};
use kernels::Real;

use crate::context::Context;
use crate::lengths::{Lengths, LiveRows};

use self::online::Controllers;

pub use assorted_time::{AssortedTimeNorm, AssortedTimeNormConfig};
pub use batch::{BatchNorm, BatchNormConfig, Padding};
pub use batch_renorm::RenormConfig;
pub use cosine::{CosineNorm, CosineNormConfig};
pub use dyt::{DyT, DyTConfig};
pub use layer::{LayerNorm, LayerNormConfig};
pub use norm_propagation::NormPropagation;
pub use online::{OnlineNorm, OnlineNormConfig};
pub use propagation_variances::PropagationVariances;
pub(crate) use statistics::forget_population;
pub use statistics::{StepRows, StepStatistics, without_population};
pub use step_table::StepMoments;
pub use weight::{LEAST_COLUMN_NORM, WeightNorm, WeightNormConfig};

/// A place in a sequence.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a, T: Real> {
    /// Place in the sequence that is read, from 0.
    pub t: usize,
    /// Time step of that sequence's first step: 0 unless it is a later part of a longer one.
    pub from: usize,
    /// Number of steps of the sequence.
    pub of: usize,
    /// The rows that are part of their sequences at this step, where that is not all of them.
    pub live: Option<&'a LiveRows<T>>,
}

impl<T: Real> Step<'_, T> {
    /// Step `t` of `of`, with all rows, in a sequence that begins at time step 0.
    pub fn new(t: usize, of: usize) -> Self {
        Self {
            t,
            from: 0,
            of,
            live: None,
        }
    }

    /// The first of `of` steps, with all rows, in a sequence that begins at time step `from`.
    pub fn first(from: usize, of: usize) -> Self {
        Self {
            from,
            ..Self::new(0, of)
        }
    }

    /// The time step, from 0: whatever differs from step to step goes by this.
    pub fn time(&self) -> usize {
        self.from + self.t
    }
}

/// What a normalizer keeps of the earlier steps of a pass, each thing in a place of its own. One that
/// is made of several with statistics gives each of them a memory.
#[derive(Debug)]
pub struct Memory<'t, T: Real> {
    /// Of values of earlier steps, the latest last.
    pub earlier: VecDeque<Var<'t, T>>,
    /// The statistics as the first step of the pass finds them. Training moves those that all steps
    /// share during the pass, and no step may depend on those before it behind the gradient's back.
    found: Option<StepMoments<T>>,
    /// `r_max` and `d_max` of batch renormalization, the same at all steps.
    limits: Option<(f64, f64)>,
    /// What a step of online normalization hands on to the next.
    controllers: Option<Controllers<'t, T>>,
}

impl<T: Real> Default for Memory<'_, T> {
    fn default() -> Self {
        Self {
            earlier: VecDeque::new(),
            found: None,
            limits: None,
            controllers: None,
        }
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

    /// Normalizes `x [T, B, F]`, the activations of all steps of a sequence that begins at time step
    /// `from`, where rows that are padding may be left as they come.
    fn sequence<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        from: usize,
        lengths: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        step_by_step(self, context, x, from, lengths)
    }

    /// How a recurrence over these time steps that is computed as one operation applies this
    /// normalizer; `None` where only [`step`](Self::step) can.
    fn fused<'t>(&self, _: &mut Context<'t, '_, T>, _steps: Range<usize>) -> Option<FusedNorm<'t, T>> {
        None
    }

    /// Takes in the moments that such a recurrence from time step `from` on has computed for `batch`
    /// examples, `mean, var`: `[T, F]` each over the batch, or `[T, G, B]` over the features of each
    /// group.
    fn observe(
        &self,
        _: &mut Context<'_, '_, T>,
        _from: usize,
        _batch: usize,
        _mean: &Tensor<T>,
        _var: &Tensor<T>,
    ) {
    }
}

/// Normalizes the steps of `x [T, B, F]` that some sequence has, and leaves those behind as they are.
#[track_caller]
fn up_to_longest<'t, T: Real>(
    x: Var<'t, T>,
    lengths: Option<&Lengths<T>>,
    normalize: impl FnOnce(Var<'t, T>) -> Var<'t, T>,
) -> Var<'t, T> {
    let of = x.shape().extent(0);
    match lengths.map_or(of, Lengths::longest) {
        longest if longest == of => normalize(x),
        0 => x,
        longest => Var::concat(&[normalize(x.slice(0, 0..longest)), x.slice(0, longest..of)], 0),
    }
}

/// Normalizes `x [T, B, F]` one step after another, from time step `from` on; steps that no sequence has are left as they are.
#[track_caller]
fn step_by_step<'t, T: Real, N: Normalizer<T> + ?Sized>(
    normalizer: &N,
    context: &mut Context<'t, '_, T>,
    x: Var<'t, T>,
    from: usize,
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
            false => normalizer.step(context, x, Step { t, from, of, live }, &mut memory),
        });
    }
    Var::stack(&normalized)
}
