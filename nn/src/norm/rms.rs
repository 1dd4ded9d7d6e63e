//! Normalization by the root of the mean square.

use autodiff::Var;
use kernels::{Real, RowMoments};

use super::layer::RowNorm;
use super::{FusedNorm, Memory, Normalizer, Step};
use crate::context::Context;
use crate::lengths::Lengths;
use crate::params::Scope;

/// Settings of an [`RmsNorm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsNormConfig {
    /// Where every `γ` starts.
    pub gamma: f64,
    /// Whether there is a `β`, which starts at 0; the paper has none.
    pub beta: bool,
    /// `ε`, added to the mean square.
    pub epsilon: f64,
    /// Number of equal, consecutive groups of features with a mean square of their own.
    pub groups: usize,
}

impl Default for RmsNormConfig {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            beta: false,
            epsilon: 1e-5,
            groups: 1,
        }
    }
}

/// `RMS(x; γ) = γ ⊙ x / √(mean(x²) + ε)` with the mean over the features of each example (Zhang and
/// Sennrich 2019): layer normalization that takes the mean for 0. The same in training and
/// evaluation.
#[derive(Debug)]
pub struct RmsNorm(RowNorm);

impl RmsNorm {
    /// A normalization of rows of `features` elements.
    ///
    /// # Panics
    /// If the groups do not divide the features.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, features: usize, config: RmsNormConfig) -> Self {
        let moments = RowMoments {
            groups: config.groups,
            centered: false,
        };
        let RmsNormConfig {
            gamma, beta, epsilon, ..
        } = config;
        Self(RowNorm::new(scope, features, (gamma, beta), epsilon, moments))
    }
}

impl<T: Real> Normalizer<T> for RmsNorm {
    #[track_caller]
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: Step<'_, T>,
        _: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        self.0.apply(context, x)
    }

    #[track_caller]
    fn sequence<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        self.0.apply(context, x)
    }

    fn fused<'t>(&self, context: &mut Context<'t, '_, T>, _: usize) -> Option<FusedNorm<'t, T>> {
        Some(self.0.fused(context))
    }
}
