//! Products with a weight, and values, as a cell's sites normalize them.

use autodiff::Var;
use kernels::Real;

use super::sequence::{Input, Sequence};
use crate::context::Context;
use crate::lengths::Lengths;
use crate::norm::{Memory, Normalizer, Step};
use crate::params::ParamId;
use crate::regularization::{Regularization, variational_mask, weight_drop};

/// A site during a pass: the normalizer, if there is one, and what it remembers.
#[derive(Debug)]
pub struct AtSite<'a, 't, T: Real> {
    normalizer: Option<&'a dyn Normalizer<T>>,
    memory: Memory<'t, T>,
}

impl<'a, 't, T: Real> AtSite<'a, 't, T> {
    /// Begins a pass.
    pub fn new(normalizer: Option<&'a dyn Normalizer<T>>) -> Self {
        Self {
            normalizer,
            memory: Memory::default(),
        }
    }

    /// Whether there is a normalizer.
    pub fn is_some(&self) -> bool {
        self.normalizer.is_some()
    }

    /// Normalizes the site's values `x [B, F]` at a step.
    #[track_caller]
    pub fn apply(
        &mut self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        step: Step<'_, T>,
    ) -> Var<'t, T> {
        match self.normalizer {
            Some(normalizer) => normalizer.step(context, x, step, &mut self.memory),
            None => x,
        }
    }
}

/// A product with a weight and its normalizer.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a, T: Real> {
    /// `[D, F]`
    pub weight: ParamId,
    /// What normalizes the product.
    pub normalizer: Option<&'a dyn Normalizer<T>>,
}

impl<'a, T: Real> Term<'a, T> {
    /// What stands for the weight during this pass.
    pub fn weight<'t>(&self, context: &mut Context<'t, '_, T>) -> Var<'t, T> {
        let weight = context.param(self.weight);
        match self.normalizer {
            Some(normalizer) => normalizer.weight(context, weight),
            None => weight,
        }
    }

    /// `N(x_t W)` for all steps at once, `[T, B, F]`.
    #[track_caller]
    pub fn of_sequence<'t>(&self, context: &mut Context<'t, '_, T>, input: &Sequence<'t, T>) -> Var<'t, T> {
        match input.input() {
            Input::Dense(x) => self.of_vectors(context, *x, input.first_step(), input.lengths()),
            Input::Symbols(_) => self.of_symbols(context, input),
        }
    }

    #[track_caller]
    fn of_symbols<'t>(&self, context: &mut Context<'t, '_, T>, input: &Sequence<'t, T>) -> Var<'t, T> {
        let weight = self.weight(context);
        let Some(normalizer) = self.normalizer else {
            return input.product(weight);
        };
        // A one-hot vector has norm 1: no normalizer changes it. One that is dropped or enlarged has
        // the norm of its factor, which stands for it.
        let product = input
            .map_symbol_factors(|factors| normalizer.operand(context, factors))
            .product(weight);
        normalizer.sequence(context, product, input.first_step(), input.lengths())
    }

    /// The same for vectors `x [T, B, D]`, the first of which is that of time step `from`.
    #[track_caller]
    pub fn of_vectors<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        from: usize,
        lengths: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        let weight = self.weight(context);
        let Some(normalizer) = self.normalizer else {
            return x.matmul(weight);
        };
        let product = normalizer.operand(context, x).matmul(weight);
        normalizer.sequence(context, product, from, lengths)
    }

    /// Begins a pass in which one step follows another.
    pub fn begin<'t>(&self, context: &mut Context<'t, '_, T>) -> TermPass<'a, 't, T> {
        TermPass {
            weight: self.weight(context),
            mask: None,
            site: AtSite::new(self.normalizer),
        }
    }
}

/// A [`Term`] during a pass.
#[derive(Debug)]
pub struct TermPass<'a, 't, T: Real> {
    weight: Var<'t, T>,
    /// `[B, D]`, of what is multiplied by the weight.
    mask: Option<Var<'t, T>>,
    site: AtSite<'a, 't, T>,
}

impl<'t, T: Real> TermPass<'_, 't, T> {
    /// The same with what `regularization` drops of the weight, and of the vectors that `batch`
    /// examples have for it, during this pass.
    #[must_use]
    pub fn regularized(
        self,
        context: &mut Context<'t, '_, T>,
        regularization: &Regularization,
        batch: usize,
    ) -> Self {
        let shape = [batch, self.weight.shape().extent(0)];
        Self {
            weight: weight_drop(context, regularization.weight_drop, self.weight),
            mask: variational_mask(context, regularization.variational_h, shape),
            ..self
        }
    }

    /// `N(v W)` for `v [B, D]` at a step.
    #[track_caller]
    pub fn apply(
        &mut self,
        context: &mut Context<'t, '_, T>,
        v: Var<'t, T>,
        step: Step<'_, T>,
    ) -> Var<'t, T> {
        let v = self.mask.map_or(v, |mask| v.mul(mask));
        let v = match self.site.normalizer {
            Some(normalizer) => normalizer.operand(context, v),
            None => v,
        };
        self.site.apply(context, v.matmul(self.weight), step)
    }
}
