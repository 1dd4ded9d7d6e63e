//! Cosine normalization.

use autodiff::Var;
use kernels::Real;

use super::weight::LEAST_COLUMN_NORM;
use super::{Memory, Normalizer, Step};
use crate::context::Context;
use crate::init::Initializer;
use crate::lengths::Lengths;
use crate::params::{ParamId, Scope};

/// Settings of a [`CosineNorm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineNormConfig {
    /// Where every `γ` starts. 1 is the cosine itself.
    pub gamma: f64,
    /// `ε`, positive: vectors that are shorter are divided by it instead of their norm.
    pub epsilon: f64,
}

impl Default for CosineNormConfig {
    /// `γ = 1`; `ε = 1e-3`, far below the norm of any state but one of zeros, from which a gradient
    /// comes back up to `γ / ε` times as large.
    fn default() -> Self {
        Self {
            gamma: 1.0,
            epsilon: 1e-3,
        }
    }
}

/// `y_j = γ_j (w_j · v) / (‖w_j‖ max(‖v‖, ε))`: the cosine of the angle between the vector `v` that
/// is multiplied and each column `w_j` of the weight (Luo et al. 2017, *Cosine Normalization*,
/// arXiv 1702.05870), times a scale.
///
/// A cosine is at most 1, which hardly opens or shuts a gate: the learned scale `γ [F]` is added to
/// the paper's formula.
///
/// A vector of zeros, such as a first state, gives zeros; so does a column of zeros. Since the norm
/// of a hidden state is new at every step, a recurrent term goes step by step on every device.
#[derive(Debug)]
pub struct CosineNorm {
    gamma: ParamId,
    epsilon: f64,
}

impl CosineNorm {
    /// A normalization of products with `features` columns.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, features: usize, config: CosineNormConfig) -> Self {
        let value = config.gamma;
        Self {
            gamma: scope.vector("gamma", features, &Initializer::Constant { value }),
            epsilon: config.epsilon,
        }
    }

    fn scale<'t, T: Real>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        x.mul(context.param(self.gamma))
    }
}

impl<T: Real> Normalizer<T> for CosineNorm {
    #[track_caller]
    fn weight<'t>(&self, _: &mut Context<'t, '_, T>, w: Var<'t, T>) -> Var<'t, T> {
        w.unit_axis(0, T::of(LEAST_COLUMN_NORM))
    }

    #[track_caller]
    fn operand<'t>(&self, _: &mut Context<'t, '_, T>, v: Var<'t, T>) -> Var<'t, T> {
        v.unit_axis(v.shape().rank() - 1, T::of(self.epsilon))
    }

    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: Step<'_, T>,
        _: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        self.scale(context, x)
    }

    fn sequence<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: usize,
        _: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        self.scale(context, x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norm::products::{Product, product};

    fn cosine(scope: &mut Scope<'_, f64>, features: usize) -> CosineNorm {
        let config = CosineNormConfig {
            gamma: 2.0,
            ..CosineNormConfig::default()
        };
        CosineNorm::new(scope, features, config)
    }

    #[test]
    fn cosines_times_gamma() {
        // v = (3, 4), columns (1, 0) · 7, (−3, −4) and (4, −3): cosines 3/5, −1, 0.
        let of = Product {
            v: &[3.0, 4.0],
            weight: &[7.0, -3.0, 4.0, 0.0, -4.0, -3.0],
            features: 3,
        };
        for (got, want) in product(&cosine, of).into_iter().zip([1.2, -2.0, 0.0]) {
            // A few roundings of 1e-16.
            assert!((got - want).abs() < 1e-14, "{got}, not {want}");
        }
    }

    #[test]
    fn a_vector_of_zeros_gives_zeros() {
        let of = Product {
            v: &[0.0, 0.0],
            weight: &[7.0, -3.0, 0.0, -4.0],
            features: 2,
        };
        assert_eq!(product(&cosine, of), [0.0, 0.0]);
    }
}
