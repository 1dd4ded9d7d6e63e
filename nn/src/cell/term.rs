//! Products with a weight, and values, as a cell's sites normalize them.

use autodiff::Var;
use kernels::Real;

use super::sequence::{Input, Sequence};
use crate::context::Context;
use crate::lengths::Lengths;
use crate::norm::{Memory, Normalizer, Step};
use crate::params::ParamId;
use crate::regularization::{Regularization, variational_mask, weight_drop};
use crate::watch::TermNames;

/// A site during a pass: the normalizer, if there is one, and what it remembers.
#[derive(Debug)]
pub struct AtSite<'a, 't, T: Real> {
    normalizer: Option<&'a dyn Normalizer<T>>,
    memory: Memory<'t, T>,
    /// A parameter of the layer, and what a watch knows the values and the normalized ones by.
    names: Option<(ParamId, &'static str, &'static str)>,
}

impl<'a, 't, T: Real> AtSite<'a, 't, T> {
    /// Begins a pass.
    pub fn new(normalizer: Option<&'a dyn Normalizer<T>>) -> Self {
        Self {
            normalizer,
            memory: Memory::default(),
            names: None,
        }
    }

    /// The same, whose normalized values are told to a watch as `normalized`, computed of `x`, in the
    /// layer that has the parameter `beside`.
    #[must_use]
    pub fn named(self, beside: ParamId, x: &'static str, normalized: &'static str) -> Self {
        Self {
            names: Some((beside, x, normalized)),
            ..self
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
        let Some(normalizer) = self.normalizer else {
            return x;
        };
        let y = normalizer.step(context, x, step, &mut self.memory);
        if let Some((beside, name, normalized)) = self.names {
            context.tell(beside, normalized, step.time(), y, &[(name, x)]);
        }
        y
    }
}

/// A product with a weight and its normalizer.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a, T: Real> {
    /// `[D, F]`
    pub weight: ParamId,
    /// What normalizes the product.
    pub normalizer: Option<&'a dyn Normalizer<T>>,
    /// What a watch knows it by.
    pub names: TermNames,
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
        // A one-hot vector has norm 1: no normalizer changes it. One that is dropped or enlarged has
        // the norm of its factor, which stands for it.
        let product = match self.normalizer {
            Some(normalizer) => input
                .map_symbol_factors(|factors| normalizer.operand(context, factors))
                .product(weight),
            None => input.product(weight),
        };
        let (names, from) = (self.names, input.first_step());
        context.tell(
            self.weight,
            names.product,
            from,
            product,
            &[(names.weight, weight)],
        );
        self.normalized(context, product, from, input.lengths())
    }

    /// All steps of the product, normalized.
    #[track_caller]
    fn normalized<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        product: Var<'t, T>,
        from: usize,
        lengths: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        let Some(normalizer) = self.normalizer else {
            return product;
        };
        let (names, y) = (self.names, normalizer.sequence(context, product, from, lengths));
        context.tell(
            self.weight,
            names.normalized,
            from,
            y,
            &[(names.product, product)],
        );
        y
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
        let x = match self.normalizer {
            Some(normalizer) => normalizer.operand(context, x),
            None => x,
        };
        let (names, product) = (self.names, x.matmul(weight));
        let inputs = [(names.vector, x), (names.weight, weight)];
        context.tell(self.weight, names.product, from, product, &inputs);
        self.normalized(context, product, from, lengths)
    }

    /// Begins a pass in which one step follows another.
    pub fn begin<'t>(&self, context: &mut Context<'t, '_, T>) -> TermPass<'a, 't, T> {
        TermPass {
            weight: self.weight(context),
            mask: None,
            site: AtSite::new(self.normalizer).named(self.weight, self.names.product, self.names.normalized),
            term: *self,
        }
    }
}

/// A [`Term`] during a pass.
#[derive(Debug)]
pub struct TermPass<'a, 't, T: Real> {
    term: Term<'a, T>,
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
        let Term { weight, names, .. } = self.term;
        let product = v.matmul(self.weight);
        let inputs = [(names.vector, v), (names.weight, self.weight)];
        context.tell(weight, names.product, step.time(), product, &inputs);
        self.site.apply(context, product, step)
    }
}
