//! What a device has to offer.

use std::fmt::Debug;

use crate::buffer::{Buffer, Indices, View, ViewMut};
use crate::composed;
use crate::dims::{Axis, Broadcast, Cells, Columns, CopyRows, Gemm, RowMoments, Rows};
use crate::functions::{Binary, Reduce, Unary};
use crate::optimizer::{Adam, RmsProp, Sgd};
use crate::real::Real;
use crate::sequence::FusedLstm;

/// A device that computes with elements of type `T`, chosen at run time.
///
/// The methods without a body are *required*. The others are fused operations that every device
/// has for free, composed from the required ones (see [`crate::composed`]); a device overrides
/// those that it can do faster. [`fused_lstm`](Backend::fused_lstm) alone is optional: without it a
/// sequence goes step by step. [`crate::conformance`] tells whether it does them right.
///
/// Buffers are opaque, and only [`upload`](Backend::upload),
/// [`upload_indices`](Backend::upload_indices) and [`download`](Backend::download) touch the
/// host's memory: a device may be asynchronous and have a memory of its own.
///
/// # Contract
/// * An operation that is not an `accumulate`, `axpy` or `in_place` one writes every element of
///   its outputs and never reads them; what was there before does not matter.
/// * The same inputs give the same bits, for any number of threads.
/// * NaN and infinities go through as in IEEE arithmetic; nothing filters them.
/// * Sizes of zero are allowed everywhere.
///
/// # Panics
/// Every method panics when a view's length does not fit its dimensions, with the operation, the
/// operand, its length and the length that would fit.
pub trait Backend<T: Real>: Debug + Send + Sync {
    /// Name of the device with what matters for its speed, for a report's first line.
    fn name(&self) -> String;

    /// Memory for `len` elements, with unspecified contents.
    fn allocate(&self, len: usize) -> Buffer<T>;

    /// Copies from the host.
    fn upload(&self, from: &[T], to: ViewMut<'_, T>);

    /// Copies to the host, after everything that the values depend on is done.
    fn download(&self, from: View<'_, T>, to: &mut [T]);

    /// Copies indices from the host.
    fn upload_indices(&self, from: &[u32]) -> Indices;

    /// Sets all elements to `value`.
    fn fill(&self, value: T, to: ViewMut<'_, T>);

    /// Copies `rows` pieces of `columns` elements with a stride on each side.
    ///
    /// Elements of `to` between the pieces keep their values.
    fn copy_rows(&self, dims: CopyRows, from: View<'_, T>, to: ViewMut<'_, T>);

    /// Matrix product, see [`Gemm`]. Empty sums (`k = 0`) are 0.
    fn gemm(&self, dims: Gemm, a: View<'_, T>, b: View<'_, T>, c: ViewMut<'_, T>);

    /// `y = f(x)`, elementwise.
    fn map(&self, f: Unary<T>, x: View<'_, T>, y: ViewMut<'_, T>);

    /// `x = f(x)`, elementwise.
    fn map_in_place(&self, f: Unary<T>, x: ViewMut<'_, T>);

    /// `y = f(a, b)`, elementwise, with operands repeated as `dims` says.
    fn zip(&self, f: Binary, dims: &Broadcast, a: View<'_, T>, b: View<'_, T>, y: ViewMut<'_, T>);

    /// `a = f(a, b)`, elementwise; `a` has the shape of the result.
    fn zip_in_place(&self, f: Binary, dims: &Broadcast, a: ViewMut<'_, T>, b: View<'_, T>);

    /// Reduces `x [outer, axis, inner]` to `y [outer, inner]`.
    ///
    /// A sum's error must not grow linearly with the axis: rows are summed in blocks.
    fn reduce(&self, f: Reduce, dims: Axis, x: View<'_, T>, y: ViewMut<'_, T>);

    /// `y [N, D]`: row `indices[n]` of `table [V, D]`; `dims` is that of the table.
    fn gather_rows(&self, dims: Rows, table: View<'_, T>, indices: &Indices, y: ViewMut<'_, T>);

    /// Adds row `n` of `x [N, D]` to row `indices[n]` of `table [V, D]`, in the order of `n`;
    /// `dims` is that of the table.
    fn scatter_add_rows(&self, dims: Rows, x: View<'_, T>, indices: &Indices, table: ViewMut<'_, T>);

    /// `y += alpha · x`
    fn axpy(&self, alpha: T, x: View<'_, T>, y: ViewMut<'_, T>) {
        composed::elementwise::axpy(self.required(), alpha, x, y);
    }

    /// Mean and biased variance of `x [G, B, F]` over `B`: `mean [G, F]`, `var [G, F]`.
    ///
    /// Two passes (or shifted sums), never `E[x²] − E[x]²`. An empty batch gives NaN.
    fn moments(&self, dims: Columns, x: View<'_, T>, mean: ViewMut<'_, T>, var: ViewMut<'_, T>) {
        composed::batch_norm::moments(self.required(), dims, x, mean, var);
    }

    /// `y = beta + gamma ⊙ (x − mean) / √(var + epsilon)` with given statistics
    /// (Ioffe and Szegedy 2015): `x, y [G, B, F]`, `mean, var [G, F]`, `gamma, beta [F]`.
    fn batch_norm(&self, dims: Columns, epsilon: T, input: BatchNorm<'_, T>, y: ViewMut<'_, T>) {
        composed::batch_norm::forward(self.required(), dims, epsilon, input, y);
    }

    /// Gradients through [`batch_norm`](Backend::batch_norm) *and* through the moments of `x`,
    /// which `input.mean` and `input.var` must be: with `x̂ = (x − mean) / √(var + epsilon)`,
    ///
    /// ```text
    /// d_beta  = Σ dy
    /// d_gamma = Σ dy ⊙ x̂                                  both over G and B
    /// dx = gamma / √(var + epsilon) ⊙ (dy − mean_B(dy) − x̂ ⊙ mean_B(dy ⊙ x̂))
    /// ```
    fn batch_norm_backward(
        &self,
        dims: Columns,
        epsilon: T,
        input: BatchNorm<'_, T>,
        dy: View<'_, T>,
        gradients: NormGradients<'_, T>,
    ) {
        composed::batch_norm::backward(self.required(), dims, epsilon, input, dy, gradients);
    }

    /// `y = beta + gamma ⊙ (x − mean) / √(var + epsilon)` with the moments of each of the
    /// `moments.groups` groups `G` of a row: `x, y [R, F]`, `gamma, beta [F]`. Keeps `mean [R, G]`
    /// and `inverse_deviation [R, G]`, `1 / √(var + epsilon)`, for the backward pass.
    ///
    /// Layer normalization (Ba et al. 2016) in one group, group normalization (Wu and He 2018) in
    /// several. Not centered, the mean is 0 and `var` the mean square: RMS normalization (Zhang and
    /// Sennrich 2019).
    fn row_norm(
        &self,
        dims: Rows,
        moments: RowMoments,
        epsilon: T,
        input: RowNorm<'_, T>,
        output: RowNormOutput<'_, T>,
    ) {
        composed::row_norm::forward(self.required(), dims, moments, epsilon, input, output);
    }

    /// Gradients through [`row_norm`](Backend::row_norm), moments included: with
    /// `x̂ = (x − mean) · inverse_deviation`, `u = gamma ⊙ dy` and means over each group,
    /// `dx = inverse_deviation · (u − mean(u) − x̂ ⊙ mean(u ⊙ x̂))`, of which `mean(u)` is left out
    /// where the moments are not centered.
    fn row_norm_backward(
        &self,
        dims: Rows,
        moments: RowMoments,
        saved: RowNormSaved<'_, T>,
        dy: View<'_, T>,
        gradients: NormGradients<'_, T>,
    ) {
        composed::row_norm::backward(self.required(), dims, moments, saved, dy, gradients);
    }

    /// The gates and the cell of an LSTM (Cooijmans et al. 2016, eq. 6–7): with `z [B, 4H]` in
    /// the order `f, i, o, g` and `c_previous [B, H]`,
    ///
    /// ```text
    /// gates = (σ(f), σ(i), σ(o), tanh(g))   [B, 4H]
    /// c     = σ(f) ⊙ c_previous + σ(i) ⊙ tanh(g)   [B, H]
    /// o     = σ(o)   [B, H], a copy for the output
    /// ```
    ///
    /// Cells below [`Real::TINY`] become 0.
    fn lstm_gates(&self, dims: Cells, z: View<'_, T>, c_previous: View<'_, T>, output: LstmOutput<'_, T>) {
        composed::lstm::forward(self.required(), dims, z, c_previous, output);
    }

    /// Gradients through [`lstm_gates`](Backend::lstm_gates): from `dc [B, H]` and `d_o [B, H]`
    /// to `dz [B, 4H]` and `dc_previous [B, H]`, where gradients below [`Real::TINY`] become 0.
    fn lstm_gates_backward(
        &self,
        dims: Cells,
        saved: LstmSaved<'_, T>,
        dc: View<'_, T>,
        d_o: View<'_, T>,
        gradients: LstmGradients<'_, T>,
    ) {
        composed::lstm::backward(self.required(), dims, saved, dc, d_o, gradients);
    }

    /// `y = x − log Σ exp(x)` for every row.
    fn log_softmax(&self, dims: Rows, x: View<'_, T>, y: ViewMut<'_, T>) {
        composed::loss::log_softmax(self.required(), dims, x, y);
    }

    /// `dx = dy − exp(y) · Σ dy` for every row.
    fn log_softmax_backward(&self, dims: Rows, y: View<'_, T>, dy: View<'_, T>, dx: ViewMut<'_, T>) {
        composed::loss::log_softmax_backward(self.required(), dims, y, dy, dx);
    }

    /// Mean cross-entropy in nats, `loss [1] = −mean_n log_probabilities[n, targets[n]]`, with
    /// the `log_probabilities [N, C]` of `logits [N, C]`. No rows give NaN.
    fn cross_entropy(
        &self,
        dims: Rows,
        logits: View<'_, T>,
        targets: &Indices,
        log_probabilities: ViewMut<'_, T>,
        loss: ViewMut<'_, T>,
    ) {
        composed::loss::cross_entropy(self.required(), dims, logits, targets, log_probabilities, loss);
    }

    /// `d_logits = (exp(log_probabilities) − onehot(targets)) · d_loss / N`
    fn cross_entropy_backward(
        &self,
        dims: Rows,
        log_probabilities: View<'_, T>,
        targets: &Indices,
        d_loss: View<'_, T>,
        d_logits: ViewMut<'_, T>,
    ) {
        composed::loss::cross_entropy_backward(
            self.required(),
            dims,
            log_probabilities,
            targets,
            d_loss,
            d_logits,
        );
    }

    /// One update, see [`Sgd`]; `velocity` may be missing without momentum.
    fn sgd(
        &self,
        rule: Sgd<T>,
        gradient: View<'_, T>,
        parameter: ViewMut<'_, T>,
        velocity: Option<ViewMut<'_, T>>,
    ) {
        composed::optimizer::sgd(self.required(), rule, gradient, parameter, velocity);
    }

    /// One update, see [`RmsProp`].
    fn rmsprop(
        &self,
        rule: RmsProp<T>,
        gradient: View<'_, T>,
        parameter: ViewMut<'_, T>,
        state: RmsPropState<'_, T>,
    ) {
        composed::optimizer::rmsprop(self.required(), rule, gradient, parameter, state);
    }

    /// One update, see [`Adam`].
    fn adam(&self, rule: Adam<T>, gradient: View<'_, T>, parameter: ViewMut<'_, T>, state: AdamState<'_, T>) {
        composed::optimizer::adam(self.required(), rule, gradient, parameter, state);
    }

    /// LSTM sequences in one operation, if the device has them.
    fn fused_lstm(&self) -> Option<&dyn FusedLstm<T>> {
        None
    }

    /// This device as a trait object, for the composed operations.
    fn required(&self) -> &dyn Backend<T>;
}

/// Operands of a batch normalization.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm<'a, T> {
    /// `[G, B, F]`
    pub x: View<'a, T>,
    /// `[G, F]`
    pub mean: View<'a, T>,
    /// `[G, F]`
    pub var: View<'a, T>,
    /// `[F]`
    pub gamma: View<'a, T>,
    /// `[F]`; 0 when missing. The backward pass does not read it.
    pub beta: Option<View<'a, T>>,
}

/// Operands of a normalization of rows.
#[derive(Clone, Copy, Debug)]
pub struct RowNorm<'a, T> {
    /// `[R, F]`
    pub x: View<'a, T>,
    /// `[F]`
    pub gamma: View<'a, T>,
    /// `[F]`; 0 when missing.
    pub beta: Option<View<'a, T>>,
}

/// Results of a normalization of rows.
#[derive(Debug)]
pub struct RowNormOutput<'a, T> {
    /// `[R, F]`
    pub y: ViewMut<'a, T>,
    /// `[R, G]`
    pub mean: ViewMut<'a, T>,
    /// `[R, G]`, `1 / √(var + epsilon)`
    pub inverse_deviation: ViewMut<'a, T>,
}

/// What a normalization of rows keeps for its backward pass.
#[derive(Clone, Copy, Debug)]
pub struct RowNormSaved<'a, T> {
    /// `[R, F]`
    pub x: View<'a, T>,
    /// `[R, G]`
    pub mean: View<'a, T>,
    /// `[R, G]`
    pub inverse_deviation: View<'a, T>,
    /// `[F]`
    pub gamma: View<'a, T>,
}

/// Gradients of a normalization; those of `gamma` and `beta` are replaced, not accumulated.
#[derive(Debug)]
pub struct NormGradients<'a, T> {
    /// Shape of `x`.
    pub dx: ViewMut<'a, T>,
    /// `[F]`
    pub d_gamma: ViewMut<'a, T>,
    /// `[F]`, where a `beta` was given.
    pub d_beta: Option<ViewMut<'a, T>>,
}

/// Results of an LSTM's gates.
#[derive(Debug)]
pub struct LstmOutput<'a, T> {
    /// `[B, 4H]`, kept for the backward pass.
    pub gates: ViewMut<'a, T>,
    /// `[B, H]`
    pub c: ViewMut<'a, T>,
    /// `[B, H]`
    pub o: ViewMut<'a, T>,
}

/// What an LSTM's gates keep for their backward pass.
#[derive(Clone, Copy, Debug)]
pub struct LstmSaved<'a, T> {
    /// `[B, 4H]`
    pub gates: View<'a, T>,
    /// `[B, H]`
    pub c_previous: View<'a, T>,
}

/// Gradients of an LSTM's gates.
#[derive(Debug)]
pub struct LstmGradients<'a, T> {
    /// `[B, 4H]`
    pub dz: ViewMut<'a, T>,
    /// `[B, H]`
    pub dc_previous: ViewMut<'a, T>,
}

/// State of RMSProp.
#[derive(Debug)]
pub struct RmsPropState<'a, T> {
    /// `s`
    pub mean_square: ViewMut<'a, T>,
    /// `v`; may be missing without momentum.
    pub velocity: Option<ViewMut<'a, T>>,
    /// `a`; present in the centred form only.
    pub mean_gradient: Option<ViewMut<'a, T>>,
}

/// State of Adam.
#[derive(Debug)]
pub struct AdamState<'a, T> {
    /// `m`
    pub mean: ViewMut<'a, T>,
    /// `v`
    pub mean_square: ViewMut<'a, T>,
}
