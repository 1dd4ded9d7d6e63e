//! What a layer's forward pass is given.

use autodiff::{Gradients, Tape, Tensor, Var};
use kernels::Real;
use rand_chacha::ChaCha8Rng;

use crate::norm::forget_population;
use crate::params::{ParamId, ParamStore, Role};
use crate::watch::Watch;

/// Which statistics a normalization over the batch uses in evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistics {
    /// Those of the batch at hand.
    Batch,
    /// Running averages from training.
    Running,
    /// Averages over a pass of [`Mode::Estimate`].
    Population,
}

/// What the forward pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Training: statistics of the batch, which also move the running averages, in every pass. What has
    /// to be computed again without that can be so in `Eval(Statistics::Batch)`, where a normalization
    /// depends on the moments of the batch alone.
    Train,
    /// Evaluation: changes nothing in the store.
    Eval(Statistics),
    /// A pass over the training set that averages the statistics of its batches, weighted by their
    /// sizes, into the population statistics. A single row, which has no variance, is in none of
    /// them: estimates come from batches, and steps of them, with two rows or more.
    Estimate {
        /// Examples of the batches before this one; with 0 the [`Context`] forgets the earlier
        /// estimates as it is made, whatever the batch holds.
        seen: usize,
    },
}

/// A forward pass: the tape it is recorded on, the parameters, the mode, and randomness.
#[derive(Debug)]
pub struct Context<'t, 's, T: Real> {
    tape: &'t Tape<T>,
    store: &'s mut ParamStore<T>,
    mode: Mode,
    rng: &'s mut ChaCha8Rng,
    leaves: Vec<Option<Var<'t, T>>>,
    watch: Option<&'s mut dyn Watch<'t, T>>,
}

impl<'t, 's, T: Real> Context<'t, 's, T> {
    /// A pass over an empty tape. The first of an estimation forgets the population statistics that
    /// `store` has.
    pub fn new(tape: &'t Tape<T>, store: &'s mut ParamStore<T>, mode: Mode, rng: &'s mut ChaCha8Rng) -> Self {
        if mode == (Mode::Estimate { seen: 0 }) {
            forget_population(store);
        }
        let leaves = vec![None; store.len()];
        Self {
            tape,
            store,
            mode,
            rng,
            leaves,
            watch: None,
        }
    }

    /// The same pass, watched. Cells then go step by step on every device, since one operation for a
    /// whole sequence shows nothing of what happens within.
    #[must_use]
    pub fn watched_by(mut self, watch: &'s mut dyn Watch<'t, T>) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Whether somebody watches.
    pub fn is_watched(&self) -> bool {
        self.watch.is_some()
    }

    /// Who watches, and the names of the parameters.
    pub(crate) fn watch(&mut self) -> Option<(&mut dyn Watch<'t, T>, &ParamStore<T>)> {
        let watch: &mut dyn Watch<'t, T> = self.watch.as_deref_mut()?;
        Some((watch, &*self.store))
    }

    /// Where the operations are recorded.
    pub fn tape(&self) -> &'t Tape<T> {
        self.tape
    }

    /// What this pass is for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The source of randomness.
    pub fn rng(&mut self) -> &mut ChaCha8Rng {
        self.rng
    }

    /// A trainable parameter as a leaf of the tape, the same one at every call.
    ///
    /// # Panics
    /// If the tensor is a statistic.
    #[track_caller]
    pub fn param(&mut self, id: ParamId) -> Var<'t, T> {
        let (tape, store) = (self.tape, &*self.store);
        *self.leaves[id.index()].get_or_insert_with(|| {
            let param = store.entry(id);
            assert!(
                param.role == Role::Trainable,
                "param: `{}` is a statistic",
                param.path
            );
            tape.leaf(param.tensor.clone())
        })
    }

    /// A statistic as a leaf of the tape, the same one at every call, for operations whose backward
    /// pass changes it: what they return as its gradient is its increment, which
    /// [`param_gradients`](Self::param_gradients) adds to it.
    ///
    /// # Panics
    /// If the tensor is trainable.
    #[track_caller]
    pub fn accumulator(&mut self, id: ParamId) -> Var<'t, T> {
        let (tape, store) = (self.tape, &*self.store);
        *self.leaves[id.index()].get_or_insert_with(|| {
            let param = store.entry(id);
            assert!(
                param.role == Role::Statistic,
                "accumulator: `{}` is trainable, no statistic",
                param.path
            );
            tape.leaf(param.tensor.clone())
        })
    }

    /// Lets this pass use `var` wherever it would use a parameter, which must not have been used
    /// yet: another parameter, something computed, or an input whose gradient is to be checked. The
    /// store keeps its tensor; [`param_gradients`](Self::param_gradients) has the gradient of `var`
    /// if that is a leaf.
    ///
    /// # Panics
    /// If the tensor is a statistic, the shapes differ, or the parameter is in use.
    #[track_caller]
    pub fn bind(&mut self, id: ParamId, var: Var<'t, T>) {
        let param = self.store.entry(id);
        assert!(
            param.role == Role::Trainable,
            "bind: `{}` is a statistic",
            param.path
        );
        let (have, want) = (var.shape(), param.tensor.shape());
        assert!(
            have == want,
            "bind: {have} for parameter `{}`; {want} would fit",
            param.path
        );
        let before = self.leaves[id.index()].replace(var);
        assert!(
            before.is_none(),
            "bind: parameter `{}` is in use already; bind it first",
            param.path
        );
    }

    /// A tensor of the store.
    pub fn tensor(&self, id: ParamId) -> &Tensor<T> {
        self.store.get(id)
    }

    /// A statistic, to be changed.
    pub fn statistic_mut(&mut self, id: ParamId) -> &mut Tensor<T> {
        self.store.get_mut(id)
    }

    /// The gradients of the parameters that this pass has used. What has arrived at an
    /// [`accumulator`](Self::accumulator) is added to that statistic instead.
    pub fn param_gradients(&mut self, mut gradients: Gradients<T>) -> ParamGradients<T> {
        let mut tensors = vec![None; self.leaves.len()];
        let ids = self.store.iter().map(|(id, param)| (id, param.role));
        let ids: Vec<(ParamId, Role)> = ids.collect();
        for (id, role) in ids {
            let leaf = self.leaves[id.index()];
            let Some(gradient) = leaf.and_then(|leaf| gradients.take(leaf)) else {
                continue;
            };
            match role {
                Role::Trainable => tensors[id.index()] = Some(gradient),
                Role::Statistic => self.store.get_mut(id).add_scaled(T::one(), &gradient),
            }
        }
        ParamGradients { tensors }
    }
}

/// Gradients of a store's parameters; `None` for statistics and for what a loss does not depend on.
#[derive(Debug)]
pub struct ParamGradients<T: Real> {
    tensors: Vec<Option<Tensor<T>>>,
}

impl<T: Real> ParamGradients<T> {
    /// The gradient of one parameter.
    pub fn get(&self, id: ParamId) -> Option<&Tensor<T>> {
        self.tensors[id.index()].as_ref()
    }

    /// All gradients that are there.
    pub fn iter(&self) -> impl Iterator<Item = &Tensor<T>> {
        self.tensors.iter().flatten()
    }

    /// All gradients that are there, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Tensor<T>> {
        self.tensors.iter_mut().flatten()
    }

    /// Gradients by position in the store.
    pub(crate) fn by_index(&self) -> &[Option<Tensor<T>>] {
        &self.tensors
    }
}
