//! What a sequence is made of: its input term and the normalizations of its sites.

use std::sync::Arc;

use kernels::sequence::NormMoments;
use kernels::{Indices, Real, RowMoments};

use crate::{Tensor, Var};

/// Where the input term `x_t W_x` of a sequence comes from.
#[derive(Clone, Debug)]
pub enum SequenceTerm<'t, T: Real> {
    /// It is given, `[T, B, 4H]`.
    Product(Var<'t, T>),
    /// One number a step: `x [T, B]`, without a gradient, times `weight [1, 4H]`.
    Scalar {
        /// `[T, B]`
        x: Tensor<T>,
        /// `[1, 4H]`
        weight: Var<'t, T>,
    },
    /// Rows of a table: `steps · B` symbols into `table [V, 4H]`.
    Lookup {
        /// `[V, 4H]`
        table: Var<'t, T>,
        /// `[T · B]`
        symbols: Arc<Indices>,
    },
}

/// Normalization of a site.
#[derive(Clone, Debug)]
pub struct SequenceNorm<'t, T: Real> {
    /// `[F]`
    pub gamma: Var<'t, T>,
    /// `[F]`
    pub beta: Option<Var<'t, T>>,
    /// Added to the variance.
    pub epsilon: T,
    /// With which moments.
    pub moments: SequenceMoments<T>,
}

/// The moments that a site is normalized with.
#[derive(Clone, Debug)]
pub enum SequenceMoments<T: Real> {
    /// Of each column over the batch, at each step anew.
    Columns,
    /// Mean and variance of each column at each step, `[T, F]` each.
    Given(Tensor<T>, Tensor<T>),
    /// Of each row over the features, as in [`Var::row_norm`].
    Rows(RowMoments),
    /// Of each column over the batch, corrected as in [`Var::batch_renorm`].
    Renorm {
        /// `[T, F]`
        mean: Tensor<T>,
        /// Standard deviation, `[T, F]`.
        std: Tensor<T>,
        /// At least 1.
        r_max: T,
        /// At least 0.
        d_max: T,
    },
}

impl<T: Real> SequenceMoments<T> {
    /// Whether the sequence computes them.
    pub(super) fn computed(&self) -> bool {
        !matches!(self, Self::Given(..))
    }

    /// What is given, by name.
    pub(super) fn statistics(&self) -> Vec<(&'static str, &Tensor<T>)> {
        match self {
            Self::Given(mean, var) => vec![("mean", mean), ("var", var)],
            Self::Renorm { mean, std, .. } => vec![("mean", mean), ("std", std)],
            Self::Columns | Self::Rows(_) => Vec::new(),
        }
    }

    /// As the kernel reads them.
    pub(super) fn view(&self) -> NormMoments<'_, T> {
        match self {
            Self::Columns => NormMoments::Columns,
            Self::Given(mean, var) => NormMoments::Given {
                mean: mean.view(),
                var: var.view(),
            },
            Self::Rows(rows) => NormMoments::Rows(*rows),
            Self::Renorm {
                mean,
                std,
                r_max,
                d_max,
            } => NormMoments::Renorm {
                mean: mean.view(),
                std: std.view(),
                r_max: *r_max,
                d_max: *d_max,
            },
        }
    }
}
