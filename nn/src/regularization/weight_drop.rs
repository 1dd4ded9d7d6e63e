//! Weight drop.

use autodiff::Var;
use kernels::Real;

use super::mask;
use crate::context::Context;

/// Weight drop (Merity et al. 2018, arXiv 1708.02182), which is DropConnect (Wan et al. 2013) of the
/// recurrent weight:
///
/// ```text
/// W_h ⊙ m / (1 − p) in training,  W_h in evaluation,   m ~ Bernoulli(1 − p)
/// ```
///
/// with one mask a pass, the same for all steps and all examples. The paper has `p = 0.5` for words
/// of the Penn Treebank and WikiText-2.
///
/// A cell drops elements of what stands for `W_h` during a pass, so after a normalizer that replaces
/// the weight has done so. That normalizer would undo the factor `1/(1 − p)` otherwise, and enlarge
/// what is left of a column by how much of it was dropped; this way the weight of evaluation is the
/// mean of those of training.
pub fn weight_drop<'t, T: Real>(context: &mut Context<'t, '_, T>, p: f64, w_h: Var<'t, T>) -> Var<'t, T> {
    mask::dropout(context, p, w_h)
}
