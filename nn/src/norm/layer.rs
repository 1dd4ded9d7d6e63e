//! Layer normalization, of whole rows or of groups.

use autodiff::{SequenceMoments, SequenceNorm, Var};
use kernels::{Real, RowMoments};

use super::{FusedNorm, Memory, Normalizer, Step};
use crate::context::Context;
use crate::init::Initializer;
use crate::lengths::Lengths;
use crate::params::{ParamId, Scope};

/// Settings of a [`LayerNorm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerNormConfig {
    /// Where every `γ` starts.
    pub gamma: f64,
    /// Whether there is a `β`, which starts at 0.
    pub beta: bool,
    /// `ε`, added to the variance.
    pub epsilon: f64,
    /// Number of equal, consecutive groups of features with moments of their own: 1 for layer
    /// normalization, the number of gates to normalize each gate by itself.
    pub groups: usize,
}

impl Default for LayerNormConfig {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            beta: true,
            epsilon: 1e-5,
            groups: 1,
        }
    }
}

/// `LN(x; γ, β) = β + γ ⊙ (x − mean) / √(var + ε)` with moments over the features of each example
/// (Ba et al. 2016), or over those of each group (Wu and He 2018). The same in training and
/// evaluation.
#[derive(Debug)]
pub struct LayerNorm(RowNorm);

impl LayerNorm {
    /// A normalization of rows of `features` elements.
    ///
    /// # Panics
    /// If the groups do not divide the features.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, features: usize, config: LayerNormConfig) -> Self {
        let moments = RowMoments {
            groups: config.groups,
            centered: true,
        };
        let LayerNormConfig {
            gamma, beta, epsilon, ..
        } = config;
        Self(RowNorm::new(scope, features, (gamma, beta), epsilon, moments))
    }
}

impl<T: Real> Normalizer<T> for LayerNorm {
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

/// A normalization of rows by moments over features.
#[derive(Debug)]
pub(super) struct RowNorm {
    gamma: ParamId,
    beta: Option<ParamId>,
    epsilon: f64,
    moments: RowMoments,
}

impl RowNorm {
    /// `γ` starts at the first number, and the second says whether there is a `β`.
    #[track_caller]
    pub(super) fn new<T: Real>(
        scope: &mut Scope<'_, T>,
        features: usize,
        (value, beta): (f64, bool),
        epsilon: f64,
        moments: RowMoments,
    ) -> Self {
        assert!(
            moments.fits(features),
            "normalization `{}`: {} groups of {features} features; a divisor of {features} would fit",
            scope.path("").trim_end_matches('/'),
            moments.groups
        );
        Self {
            gamma: scope.vector("gamma", features, &Initializer::Constant { value }),
            beta: beta.then(|| scope.vector("beta", features, &Initializer::Zeros)),
            epsilon,
            moments,
        }
    }

    /// Normalizes every row of `x [.., F]`.
    #[track_caller]
    pub(super) fn apply<'t, T: Real>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        let gamma = context.param(self.gamma);
        let beta = self.beta.map(|beta| context.param(beta));
        x.row_norm(gamma, beta, T::of(self.epsilon), self.moments)
    }

    pub(super) fn fused<'t, T: Real>(&self, context: &mut Context<'t, '_, T>) -> FusedNorm<'t, T> {
        FusedNorm::Values(SequenceNorm {
            gamma: context.param(self.gamma),
            beta: self.beta.map(|beta| context.param(beta)),
            epsilon: T::of(self.epsilon),
            moments: SequenceMoments::Rows(self.moments),
        })
    }
}
