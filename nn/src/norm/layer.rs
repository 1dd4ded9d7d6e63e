//! Layer normalization, of whole rows or of groups, about their mean or about zero.

use std::ops::Range;

use autodiff::{SequenceMoments, SequenceNorm, Tensor, Var};
use kernels::{Binary, Real, Reduce, RowMoments, Unary};

use super::{FusedNorm, Memory, Normalizer, Step};
use crate::context::Context;
use crate::init::Initializer;
use crate::lengths::{Lengths, LiveRows};
use crate::params::{ParamId, Scope};
use crate::watch::Moments;

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
    /// Whether the mean is taken off; without that it is RMS normalization.
    pub centered: bool,
}

impl LayerNormConfig {
    /// RMS normalization, `y = γ ⊙ x / √(mean(x²) + ε)` (Zhang and Sennrich 2019), which has no `β`.
    pub fn rms() -> Self {
        Self {
            beta: false,
            centered: false,
            ..Self::default()
        }
    }
}

impl Default for LayerNormConfig {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            beta: true,
            epsilon: 1e-5,
            groups: 1,
            centered: true,
        }
    }
}

/// `LN(x; γ, β) = β + γ ⊙ (x − mean) / √(var + ε)` with moments over the features of each example
/// (Ba et al. 2016), or over those of each group (Wu and He 2018); with the mean taken for 0 it is
/// [RMS normalization](LayerNormConfig::rms). The same in training and evaluation.
#[derive(Debug)]
pub struct LayerNorm {
    gamma: ParamId,
    beta: Option<ParamId>,
    epsilon: f64,
    moments: RowMoments,
}

impl LayerNorm {
    /// A normalization of rows of `features` elements.
    ///
    /// # Panics
    /// If the groups do not divide the features.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, features: usize, config: LayerNormConfig) -> Self {
        let moments = RowMoments {
            groups: config.groups,
            centered: config.centered,
        };
        assert!(
            moments.fits(features),
            "normalization `{}`: {} groups of {features} features; a divisor of {features} would fit",
            scope.path("").trim_end_matches('/'),
            moments.groups
        );
        let value = config.gamma;
        Self {
            gamma: scope.vector("gamma", features, &Initializer::Constant { value }),
            beta: config
                .beta
                .then(|| scope.vector("beta", features, &Initializer::Zeros)),
            epsilon: config.epsilon,
            moments,
        }
    }

    /// Normalizes every row of `x [.., F]`.
    #[track_caller]
    fn rows<'t, T: Real>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        let gamma = context.param(self.gamma);
        let beta = self.beta.map(|beta| context.param(beta));
        x.row_norm(gamma, beta, T::of(self.epsilon), self.moments)
    }

    /// The moments of the rows of `x`, which are those of so many steps, `[G, B·groups]` each, for a
    /// watch.
    fn row_moments<T: Real>(&self, x: &Tensor<T>, steps: usize) -> (Tensor<T>, Tensor<T>) {
        let rows = x.shape().rows();
        let (all, width) = (
            rows.rows * self.moments.groups,
            rows.columns / self.moments.groups,
        );
        let (of_rows, of_steps) = ([all, width], [steps, all / steps.max(1)]);
        let (share, x) = (Unary::Scale(T::one() / T::of(width as f64)), x.reshape(of_rows));
        let mean = match self.moments.centered {
            true => x.reduce(Reduce::Sum, 1).map(share),
            false => x.device().zeros([all]),
        };
        let centred = x.zip(Binary::Sub, &mean.reshape([all, 1]));
        let var = centred.reduce(Reduce::SumSquares, 1).map(share);
        (mean.reshape(of_steps), var.reshape(of_steps))
    }

    fn told<'a, 't, T: Real>(
        &self,
        x: Var<'t, T>,
        time: usize,
        (mean, var): (&'a Tensor<T>, &'a Tensor<T>),
        live: Option<&'a LiveRows<T>>,
    ) -> Moments<'a, 't, T> {
        Moments {
            time: Some(time),
            x,
            mean,
            var,
            epsilon: self.epsilon,
            live,
        }
    }
}

impl<T: Real> Normalizer<T> for LayerNorm {
    #[track_caller]
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        step: Step<'_, T>,
        _: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        if context.is_watched() {
            let (mean, var) = self.row_moments(&x.value(), 1);
            context.tell_moments(self.gamma, &self.told(x, step.time(), (&mean, &var), step.live));
        }
        self.rows(context, x)
    }

    #[track_caller]
    fn sequence<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        from: usize,
        lengths: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        if context.is_watched() {
            let (mean, var) = self.row_moments(&x.value(), x.shape().extent(0));
            let moments = self.told(x, from, (&mean, &var), None);
            context.tell_moments_of_steps(self.gamma, &moments, lengths);
        }
        self.rows(context, x)
    }

    fn fused<'t>(&self, context: &mut Context<'t, '_, T>, _: Range<usize>) -> Option<FusedNorm<'t, T>> {
        Some(FusedNorm::Values(SequenceNorm {
            gamma: context.param(self.gamma),
            beta: self.beta.map(|beta| context.param(beta)),
            epsilon: T::of(self.epsilon),
            moments: SequenceMoments::Rows(self.moments),
        }))
    }
}
