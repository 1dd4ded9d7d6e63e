//! Layer normalization.

use autodiff::{SequenceMoments, SequenceNorm, Var};
use kernels::{Real, RowMoments};

use super::{Normalizer, Step};
use crate::context::Context;
use crate::init::Initializer;
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
}

impl Default for LayerNormConfig {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            beta: true,
            epsilon: 1e-5,
        }
    }
}

/// `LN(x; γ, β) = β + γ ⊙ (x − mean) / √(var + ε)` with moments over the features of each example
/// (Ba et al. 2016). The same in training and evaluation.
#[derive(Debug)]
pub struct LayerNorm {
    gamma: ParamId,
    beta: Option<ParamId>,
    epsilon: f64,
}

impl LayerNorm {
    /// A normalization of rows of `features` elements.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, features: usize, config: LayerNormConfig) -> Self {
        let value = config.gamma;
        Self {
            gamma: scope.vector("gamma", features, &Initializer::Constant { value }),
            beta: config
                .beta
                .then(|| scope.vector("beta", features, &Initializer::Zeros)),
            epsilon: config.epsilon,
        }
    }

    fn rows<'t, T: Real>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        let gamma = context.param(self.gamma);
        let beta = self.beta.map(|beta| context.param(beta));
        x.layer_norm(gamma, beta, T::of(self.epsilon))
    }
}

impl<T: Real> Normalizer<T> for LayerNorm {
    fn step<'t>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>, _: Step) -> Var<'t, T> {
        self.rows(context, x)
    }

    fn sequence<'t>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        self.rows(context, x)
    }

    fn fused<'t>(&self, context: &mut Context<'t, '_, T>, _: usize) -> Option<SequenceNorm<'t, T>> {
        Some(SequenceNorm {
            gamma: context.param(self.gamma),
            beta: self.beta.map(|beta| context.param(beta)),
            epsilon: T::of(self.epsilon),
            moments: SequenceMoments::Rows(RowMoments::LAYER),
        })
    }
}
