//! Normalizations of activations.
//!
//! One trait serves a feed-forward layer and a site of a recurrent cell: it normalizes `[B, F]` at
//! a time step, or all steps `[T, B, F]` at once where the input is known beforehand.

mod batch;
mod layer;
mod statistics;

use autodiff::{SequenceNorm, Tensor, Var};
use kernels::Real;

use crate::context::Context;

pub use batch::{BatchNorm, BatchNormConfig};
pub use layer::{LayerNorm, LayerNormConfig};
pub use statistics::{StepRows, StepStatistics, without_population};

/// A place in a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Time step, from 0.
    pub t: usize,
    /// Number of steps of the sequence.
    pub of: usize,
}

/// Normalizes activations.
pub trait Normalizer<T: Real>: std::fmt::Debug + Send + Sync {
    /// Normalizes `x [B, F]`, the activations of one time step.
    fn step<'t>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>, step: Step) -> Var<'t, T>;

    /// Normalizes `x [T, B, F]`, the activations of all time steps.
    fn sequence<'t>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        let steps = x.unbind();
        let of = steps.len();
        let steps = steps.into_iter().enumerate();
        let normalized: Vec<_> = steps
            .map(|(t, x)| self.step(context, x, Step { t, of }))
            .collect();
        Var::stack(&normalized)
    }

    /// How a recurrence that is computed as one operation applies this normalizer to a site of
    /// `steps` steps; `None` where only [`step`](Self::step) can.
    fn fused<'t>(&self, _: &mut Context<'t, '_, T>, _steps: usize) -> Option<SequenceNorm<'t, T>> {
        None
    }

    /// Takes in the moments that such a recurrence has computed for `batch` examples, `mean, var`:
    /// `[T, F]` each over the batch, or `[T, G, B]` over the features of each group.
    fn observe(&self, _: &mut Context<'_, '_, T>, _batch: usize, _mean: &Tensor<T>, _var: &Tensor<T>) {}
}
