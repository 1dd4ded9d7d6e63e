//! A whole LSTM sequence in one operation.

use crate::buffer::{Indices, View, ViewMut};
use crate::dims::RowMoments;

/// Dimensions of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    /// `T`, time steps.
    pub steps: usize,
    /// `B`, examples.
    pub batch: usize,
    /// `H`, hidden units.
    pub hidden: usize,
}

/// The sites of an LSTM that can be normalized, as indices.
pub mod site {
    /// `h_{t−1} W_h`, `[B, 4H]`
    pub const RECURRENT: usize = 0;
    /// `x_t W_x`, `[B, 4H]`
    pub const INPUT: usize = 1;
    /// The copy of `c_t` inside the output's tanh, `[B, H]`
    pub const CELL: usize = 2;

    /// Elements of a site for each hidden unit: `f, i, o, g` of the terms, one of the cell.
    pub fn gates(which: usize) -> usize {
        if which == CELL { 1 } else { 4 }
    }
}

/// One value for each site.
pub type Sites<X> = [X; 3];

/// Normalization of a site.
#[derive(Clone, Copy, Debug)]
pub struct SiteNorm<'a, T> {
    /// `[F]`
    pub gamma: View<'a, T>,
    /// `[F]`; 0 when missing.
    pub beta: Option<View<'a, T>>,
    /// Added to the variance.
    pub epsilon: T,
    /// With which moments.
    pub moments: NormMoments<'a, T>,
}

/// The moments that a site is normalized with.
#[derive(Clone, Copy, Debug)]
pub enum NormMoments<'a, T> {
    /// Of each column over the batch, at each step anew.
    Columns,
    /// Of each column at each step, given.
    Given {
        /// `[T, F]`
        mean: View<'a, T>,
        /// `[T, F]`
        var: View<'a, T>,
    },
    /// Of each row over the features, or over each of some groups of them.
    Rows(RowMoments),
    /// Of each column over the batch, at each step anew, and corrected towards given ones
    /// (Ioffe 2017): with `s = √(var + ε)`,
    ///
    /// ```text
    /// y = beta + gamma ⊙ ((x − mean) / s ⊙ r + d)
    /// r = clip(s / std, 1 / r_max, r_max),   d = clip((mean − given mean) / std, −d_max, d_max)
    /// ```
    ///
    /// where `r` and `d` have no gradient.
    Renorm {
        /// `[T, F]`
        mean: View<'a, T>,
        /// Standard deviation, `[T, F]`.
        std: View<'a, T>,
        /// At least 1.
        r_max: T,
        /// At least 0.
        d_max: T,
    },
}

/// Where the input term `x_t W_x` comes from.
#[derive(Clone, Copy, Debug)]
pub enum InputTerm<'a, T> {
    /// It is given, `[T, B, 4H]`.
    Product(View<'a, T>),
    /// One number a step: `x [T, B]` times `weight [4H]`.
    Scalar {
        /// `[T, B]`
        x: View<'a, T>,
        /// `[4H]`
        weight: View<'a, T>,
    },
    /// Rows of a table: `symbols [T · B]` into `table [V, 4H]`.
    Lookup {
        /// `[V, 4H]`
        table: View<'a, T>,
        /// `V`
        rows: usize,
        /// `[T · B]`
        symbols: &'a Indices,
    },
}

/// Operands of a sequence.
#[derive(Clone, Copy, Debug)]
pub struct SequenceInput<'a, T> {
    /// The input term.
    pub input: InputTerm<'a, T>,
    /// `[H, 4H]`, gates in the order `f, i, o, g`
    pub w_h: View<'a, T>,
    /// `[4H]`
    pub bias: View<'a, T>,
    /// `[B, H]`
    pub h_0: View<'a, T>,
    /// `[B, H]`
    pub c_0: View<'a, T>,
    /// Normalizations.
    pub norms: Sites<Option<SiteNorm<'a, T>>>,
    /// `p [T, B, H]`, added to the hidden states; 0 when missing.
    pub probe: Option<View<'a, T>>,
}

/// Moments of a site that are computed: `[T, F]` each of columns, `[T, G, B]` of the groups of rows.
#[derive(Debug)]
pub struct MomentsMut<'a, T> {
    /// `[T, F]` or `[T, G, B]`
    pub mean: ViewMut<'a, T>,
    /// `[T, F]` or `[T, G, B]`
    pub var: ViewMut<'a, T>,
}

/// Results of a sequence.
#[derive(Debug)]
pub struct SequenceOutput<'a, T> {
    /// `[T, B, H]`
    pub h: ViewMut<'a, T>,
    /// `[T, B, H]`
    pub c: ViewMut<'a, T>,
    /// Present where a site's moments are not given.
    pub moments: Sites<Option<MomentsMut<'a, T>>>,
    /// For the backward pass on the same device; its contents are nobody else's business.
    pub workspace: ViewMut<'a, T>,
}

/// What the backward pass starts from.
#[derive(Clone, Copy, Debug)]
pub struct SequenceSaved<'a, T> {
    /// `[T, B, H]`
    pub h: View<'a, T>,
    /// `[T, B, H]`
    pub c: View<'a, T>,
    /// Moments of the sites that have a normalization, computed or given.
    pub moments: Sites<Option<(View<'a, T>, View<'a, T>)>>,
    /// As the forward pass has left it.
    pub workspace: View<'a, T>,
}

/// Gradients that arrive.
#[derive(Clone, Copy, Debug)]
pub struct SequenceUpstream<'a, T> {
    /// Of all hidden states, `[T, B, H]`.
    pub dh: Option<View<'a, T>>,
    /// Of all cells, `[T, B, H]`.
    pub dc: Option<View<'a, T>>,
    /// Of the last hidden state, `[B, H]`.
    pub dh_last: Option<View<'a, T>>,
}

/// Gradient of the input term's source.
#[derive(Debug)]
pub enum InputGradient<'a, T> {
    /// Of the term itself, `[T, B, 4H]`.
    Product(ViewMut<'a, T>),
    /// Of the weight `[4H]` of a [`InputTerm::Scalar`], or of the table `[V, 4H]` of a
    /// [`InputTerm::Lookup`].
    Weight(ViewMut<'a, T>),
}

/// Gradients of a site's parameters.
#[derive(Debug)]
pub struct SiteNormGradients<'a, T> {
    /// `[F]`
    pub gamma: ViewMut<'a, T>,
    /// `[F]`, where there is a `beta`.
    pub beta: Option<ViewMut<'a, T>>,
}

/// Gradients of a sequence; all are replaced, not accumulated.
#[derive(Debug)]
pub struct SequenceGradients<'a, T> {
    /// Of the input.
    pub input: InputGradient<'a, T>,
    /// `[H, 4H]`
    pub w_h: ViewMut<'a, T>,
    /// `[4H]`
    pub bias: ViewMut<'a, T>,
    /// `[B, H]`
    pub h_0: ViewMut<'a, T>,
    /// `[B, H]`
    pub c_0: ViewMut<'a, T>,
    /// Of the normalizations.
    pub norms: Sites<Option<SiteNormGradients<'a, T>>>,
    /// `[T, B, H]`, where there is a probe: the total derivative of the loss by each `h_t`, through
    /// all steps behind it.
    pub probe: Option<ViewMut<'a, T>>,
}

/// LSTM sequences as one operation: an optimization of the steps
///
/// ```text
/// (f, i, o, g)_t = N_h(h_{t−1} W_h) + N_x(x_t W_x) + b
/// c_t = σ(f) ⊙ c_{t−1} + σ(i) ⊙ tanh(g)
/// h_t = σ(o) ⊙ tanh(N_c(c_t)) + p_t
/// ```
///
/// with a normalization over the batch, over the features, or none at each site (Cooijmans et al.
/// 2016, eq. 6–8), and a probe `p` that is missing unless `∂loss/∂h_t` is asked for. What the plain operations compute is the definition.
pub trait FusedLstm<T> {
    /// Whether sequences of these dimensions are computed faster than step by step.
    fn applies(&self, dims: Sequence) -> bool;

    /// Whether a site that is normalized like this can be a part of them.
    fn supports(&self, which: usize, moments: &NormMoments<'_, T>) -> bool;

    /// Elements of the workspace.
    fn workspace_len(&self, dims: Sequence) -> usize;

    /// All states.
    fn forward(&self, dims: Sequence, input: SequenceInput<'_, T>, output: SequenceOutput<'_, T>);

    /// All gradients, through the moments where they are not given.
    fn backward(
        &self,
        dims: Sequence,
        input: SequenceInput<'_, T>,
        saved: SequenceSaved<'_, T>,
        upstream: SequenceUpstream<'_, T>,
        gradients: SequenceGradients<'_, T>,
    );
}
