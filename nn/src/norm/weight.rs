//! Weight normalization.

use std::ops::Range;

use autodiff::Var;
use kernels::Real;

use super::{FusedNorm, Memory, Normalizer, Step};
use crate::context::Context;
use crate::init::Initializer;
use crate::lengths::Lengths;
use crate::params::{ParamId, Scope};

/// Least norm of a weight's column. Shorter columns are divided by this instead of their norm: a column of zeros gives zeros, and a
/// gradient of at most `γ / 1e-6` times the one that arrives at it. A weight that matters is longer:
/// those of orthogonal matrices have norm 1.
pub const LEAST_COLUMN_NORM: f64 = 1e-6;

/// Settings of a [`WeightNorm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightNormConfig {
    /// Where the length `γ_j` of every column starts.
    pub gamma: f64,
}

impl Default for WeightNormConfig {
    /// Length 1, which leaves a square orthogonal weight, the initial recurrent one of each gate, as
    /// it is.
    fn default() -> Self {
        Self { gamma: 1.0 }
    }
}

/// `w_j = γ_j v_j / ‖v_j‖` for every column `v_j` of a weight `[D, F]`, those of one output unit
/// each (Salimans and Kingma 2016, *Weight Normalization*, eq. 2, where `γ` is called `g`).
///
/// The stored weight is `v`, of which only the directions matter; the lengths `γ [F]` are a
/// parameter of their own. The weight is computed once in a pass, and the activations are left as
/// they are, so that a step costs what it costs without normalization.
///
/// The paper starts `γ` such that the pre-activations of a batch of data have variance 1, which it
/// says not to fit recurrent networks (section 3). Here `γ` starts as a constant: of the weight as it
/// was drawn the directions are kept, and the lengths only where they are that constant. With a
/// single input (`D = 1`) the direction is a sign, so that the stored weight has no gradient and `γ`
/// alone learns.
#[derive(Debug)]
pub struct WeightNorm {
    gamma: ParamId,
}

impl WeightNorm {
    /// A normalization of weights with `features` columns.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, features: usize, config: WeightNormConfig) -> Self {
        let value = config.gamma;
        Self {
            gamma: scope.vector("gamma", features, &Initializer::Constant { value }),
        }
    }

    /// The weight times `factor`.
    #[track_caller]
    pub(super) fn scaled<'t, T: Real>(
        &self,
        context: &mut Context<'t, '_, T>,
        w: Var<'t, T>,
        factor: f64,
    ) -> Var<'t, T> {
        let lengths = context.param(self.gamma).scale(T::of(factor));
        w.unit_axis(0, T::of(LEAST_COLUMN_NORM)).mul(lengths)
    }
}

impl<T: Real> Normalizer<T> for WeightNorm {
    #[track_caller]
    fn weight<'t>(&self, context: &mut Context<'t, '_, T>, w: Var<'t, T>) -> Var<'t, T> {
        self.scaled(context, w, 1.0)
    }

    fn step<'t>(
        &self,
        _: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: Step<'_, T>,
        _: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        x
    }

    fn sequence<'t>(
        &self,
        _: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: usize,
        _: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        x
    }

    fn fused<'t>(&self, _: &mut Context<'t, '_, T>, _: Range<usize>) -> Option<FusedNorm<'t, T>> {
        Some(FusedNorm::Weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::norm::products::{Product, product};

    fn weight_norm(gamma: f64) -> impl Fn(&mut Scope<'_, f64>, usize) -> WeightNorm {
        move |scope, features| WeightNorm::new(scope, features, WeightNormConfig { gamma })
    }

    #[test]
    fn columns_have_length_gamma() {
        // Columns (3, 4) and (0, −2) become 2 (0.6, 0.8) and 2 (0, −1).
        let got = product(
            &weight_norm(2.0),
            Product {
                v: &[1.0, 10.0],
                weight: &[3.0, 0.0, 4.0, -2.0],
                features: 2,
            },
        );
        for (got, want) in got.into_iter().zip([17.2, -20.0]) {
            // A few roundings of 1e-16.
            assert!((got - want).abs() < 1e-14, "{got}, not {want}");
        }
    }

    #[test]
    fn a_column_of_zeros_gives_zero() {
        let weight = [0.0, 1.0, 0.0, 0.0];
        let of = Product {
            v: &[1.0, 10.0],
            weight: &weight,
            features: 2,
        };
        assert_eq!(product(&weight_norm(1.0), of), [0.0, 1.0]);
    }
}
