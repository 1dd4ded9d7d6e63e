//! Recurrent dropout.

use autodiff::Var;
use kernels::Real;

use super::mask;
use crate::context::Context;

/// Recurrent dropout without memory loss (Semeniuta et al. 2016, arXiv 1603.05118): dropout of the
/// candidate `g` (an LSTM's `tanh(g)`, a GRU's `n`), so that what the cell carries is never dropped:
///
/// ```text
/// lstm  c_t = f ⊙ c_{t−1} + i ⊙ d(g)
/// gru   h_t = (1 − z) ⊙ d(n) + z ⊙ h_{t−1}
/// d(g) = g ⊙ m / (1 − p) in training,  g in evaluation,   m ~ Bernoulli(1 − p)
/// ```
///
/// with a mask for each element of each example at each step. Ha et al. 2016 (HyperNetworks, arXiv
/// 1609.09106) have `p = 0.1` in characters of the Penn Treebank.
pub fn recurrent_dropout<'t, T: Real>(
    context: &mut Context<'t, '_, T>,
    p: f64,
    candidate: Var<'t, T>,
) -> Var<'t, T> {
    mask::dropout(context, p, candidate)
}

/// Whether this pass drops anything of the candidates.
pub(crate) fn drops_candidates<T: Real>(context: &Context<'_, '_, T>, p: f64) -> bool {
    mask::is_drawn(context, p)
}
