//! Affine maps and look-ups.

use autodiff::Var;
use kernels::Real;

use crate::cell::Sequence;
use crate::context::Context;
use crate::init::Initializer;
use crate::params::{ParamId, Scope};

/// `y = x W + b` with `x [.., D]`, `W [D, H]`, `b [H]`.
#[derive(Debug)]
pub struct Linear {
    weight: ParamId,
    bias: ParamId,
}

impl Linear {
    /// A map with a weight drawn by `init` and a bias of zeros.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, input: usize, output: usize, init: &Initializer) -> Self {
        Self {
            weight: scope.matrix("weight", input, output, init),
            bias: scope.vector("bias", output, &Initializer::Zeros),
        }
    }

    /// `x [B, D]` to `[B, H]`, or `[T, B, D]` to `[T, B, H]`.
    ///
    /// # Panics
    /// If the last axis of `x` is not `D`.
    #[track_caller]
    pub fn forward<'t, T: Real>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        let (weight, bias) = (context.param(self.weight), context.param(self.bias));
        let y = x.matmul(weight).add(bias);
        let inputs = [("x", x), ("weight", weight), ("bias", bias)];
        context.tell(self.weight, "output x W + b", None, y, &inputs);
        y
    }
}

/// A table `[V, D]` of which rows are looked up: the product of one-hot rows with it, without the
/// product.
#[derive(Debug)]
pub struct Embedding {
    table: ParamId,
}

impl Embedding {
    /// A table for `vocabulary` symbols.
    #[track_caller]
    pub fn new<T: Real>(
        scope: &mut Scope<'_, T>,
        vocabulary: usize,
        size: usize,
        init: &Initializer,
    ) -> Self {
        Self {
            table: scope.matrix("table", vocabulary, size, init),
        }
    }

    /// The rows of all symbols of a sequence, `[T, B, D]`; zeros for its padding.
    ///
    /// # Panics
    /// If a symbol is not below V.
    #[track_caller]
    pub fn of_sequence<'t, T: Real>(
        &self,
        context: &mut Context<'t, '_, T>,
        symbols: &Sequence<'t, T>,
    ) -> Var<'t, T> {
        let table = context.param(self.table);
        let rows = symbols.product(table);
        context.tell(
            self.table,
            "embedded symbols",
            symbols.first_step(),
            rows,
            &[("table", table)],
        );
        rows
    }
}
