//! Batch renormalization: the correction that makes training see what evaluation will.
//!
//! ```text
//! y = β + γ ⊙ (x̂ ⊙ r + d),   x̂ = (x − mean_B) / σ_B,   σ_B = √(var_B + ε)
//! r = clip(σ_B / σ, 1/r_max, r_max),   d = clip((mean_B − μ) / σ, −d_max, d_max)
//! ```
//!
//! `μ` and `σ = √(var + ε)` are the running averages before the batch, separate for each time step
//! where statistics are; no gradient goes through `r` and `d` (Ioffe 2017, section 3). With r = 1 and
//! d = 0 it is batch normalization, with neither limited it is the normalization by running
//! averages. Evaluation and estimation are those of batch normalization.
//!
//! Algorithm 1 of the paper keeps a running average of `σ_B` itself. Here, on purpose, it is `var_B`
//! whose average is kept, and `σ` is computed of it: these are the averages that batch normalization
//! has, so that a model of either is evaluated by the same rule from the same statistics, and what
//! `r` and `d` approach is exactly that evaluation.

use autodiff::{SequenceMoments, Tensor};
use kernels::{Real, Unary};

use super::{Memory, Step, StepStatistics};
use crate::context::{Context, Mode};
use crate::params::{ParamId, Scope};

/// How far `r` may be from 1 and `d` from 0.
///
/// Both are batch normalization's, 1 and 0, for the first `start` updates; then they grow in
/// proportion for `ramp` updates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RenormConfig {
    /// Largest `r`, at least 1; its inverse is the smallest.
    pub r_max: f64,
    /// Largest `|d|`.
    pub d_max: f64,
    /// Updates without correction.
    pub start: usize,
    /// Updates until the limits are reached.
    pub ramp: usize,
}

impl Default for RenormConfig {
    /// The limits of the paper, 3 and 5, reached after 1000 and 5000 updates more; the paper trains
    /// far longer, with a start of 5000 and ramps of 35 000 and 20 000.
    fn default() -> Self {
        Self {
            r_max: 3.0,
            d_max: 5.0,
            start: 1000,
            ramp: 5000,
        }
    }
}

impl RenormConfig {
    /// `r_max` and `d_max` after so many updates.
    pub fn limits(&self, updates: usize) -> (f64, f64) {
        let beyond = updates.saturating_sub(self.start) as f64;
        let share = match self.ramp {
            0 if updates >= self.start => 1.0,
            0 => 0.0,
            ramp => (beyond / ramp as f64).min(1.0),
        };
        (1.0 + share * (self.r_max - 1.0), share * self.d_max)
    }
}

/// The correction of a batch normalization, and how many updates it has seen.
#[derive(Debug)]
pub(super) struct Renorm {
    config: RenormConfig,
    /// `[1]`
    updates: ParamId,
    epsilon: f64,
}

/// What a correction is made with: `μ` and `σ`, `[G, F]` each, and the limits.
pub(super) struct Correction<T: Real> {
    pub(super) mean: Tensor<T>,
    pub(super) std: Tensor<T>,
    pub(super) limits: (T, T),
}

impl<T: Real> From<Correction<T>> for SequenceMoments<T> {
    fn from(correction: Correction<T>) -> Self {
        let (r_max, d_max) = correction.limits;
        Self::Renorm {
            mean: correction.mean,
            std: correction.std,
            r_max,
            d_max,
        }
    }
}

impl Renorm {
    /// # Panics
    /// If `r_max` is below 1 or `d_max` below 0.
    #[track_caller]
    pub(super) fn new<T: Real>(scope: &mut Scope<'_, T>, config: RenormConfig, epsilon: f64) -> Self {
        assert!(
            config.r_max >= 1.0 && config.d_max >= 0.0,
            "batch renormalization: limits r_max = {}, d_max = {}; at least 1 and 0 fit",
            config.r_max,
            config.d_max
        );
        Self {
            config,
            updates: scope.statistic("updates", [1], 0.0),
            epsilon,
        }
    }

    /// The correction of `steps` steps from `step` on; none where batch normalization is not of the
    /// batch for the sake of training.
    pub(super) fn correction<'t, T: Real>(
        &self,
        context: &Context<'t, '_, T>,
        statistics: &StepStatistics,
        (step, steps): (Step<'_, T>, usize),
        memory: &mut Memory<'t, T>,
    ) -> Option<Correction<T>> {
        if context.mode() != Mode::Train {
            return None;
        }
        // The first step of a pass counts it; all of its steps have what that one found.
        let (r_max, d_max) = *memory.limits.get_or_insert_with(|| {
            let updates = context.tensor(self.updates).item().as_f64();
            self.config.limits(updates as usize)
        });
        let found = memory.found.get_or_insert_with(|| statistics.running(context));
        let (mean, var) = found.at(step, steps);
        Some(Correction {
            mean,
            std: var.map(Unary::Shift(T::of(self.epsilon))).map(Unary::Sqrt),
            limits: (T::of(r_max), T::of(d_max)),
        })
    }

    /// Counts the update that a training pass is for, at its first step.
    pub(super) fn count<T: Real>(&self, context: &mut Context<'_, '_, T>, step: Step<'_, T>) {
        if step.t == 0 && context.mode() == Mode::Train {
            context
                .statistic_mut(self.updates)
                .map_in_place(Unary::Shift(T::one()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RenormConfig;

    #[test]
    fn limits_grow_after_the_start() {
        let config = RenormConfig {
            r_max: 3.0,
            d_max: 5.0,
            start: 10,
            ramp: 4,
        };
        assert_eq!(config.limits(0), (1.0, 0.0));
        assert_eq!(config.limits(10), (1.0, 0.0));
        assert_eq!(config.limits(11), (1.5, 1.25));
        assert_eq!(config.limits(14), (3.0, 5.0));
        assert_eq!(config.limits(1000), (3.0, 5.0));
        let at_once = RenormConfig { ramp: 0, ..config };
        assert_eq!(at_once.limits(9), (1.0, 0.0));
        assert_eq!(at_once.limits(10), (3.0, 5.0));
    }
}
