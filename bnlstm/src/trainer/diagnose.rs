//! A look inside a model under training.

use autodiff::Tensor;
use kernels::Real;
use nn::params::{ParamId, Role};

use super::Trainer;
use crate::diagnostics::{Diagnostics, Look, ParamUpdate};
use crate::probe::norm;

impl<T: Real> Trainer<'_, T> {
    /// Looks inside the model as it stands, at the first training batch of an
    /// [estimation](Trainer::estimate): gradient norms of the hidden states, gates, and moments beside the
    /// population statistics. Of updates it says nothing.
    ///
    /// The gradient norms are those of [`gradient_norms`](Trainer::gradient_norms); all else is seen in a
    /// pass forward of the same kind, step by step. So nothing of the run changes, and every call sees the
    /// same batch and noise.
    pub fn diagnose(&mut self) -> Diagnostics {
        let norms = self.gradient_norms(1);
        let mut look = Look::default();
        self.watch(&mut look);
        look.diagnostics(&norms, &self.store)
    }

    /// The trainable parameters as they stand. They share memory with those of the model until an update
    /// changes them.
    pub fn weights(&self) -> Weights<T> {
        let trainable = self
            .store
            .iter()
            .filter(|(_, param)| param.role == Role::Trainable);
        Weights(trainable.map(|(id, param)| (id, param.tensor.clone())).collect())
    }

    /// How much the parameters have changed since they were as `before`.
    pub fn changes(&self, before: &Weights<T>) -> Vec<ParamUpdate> {
        let change = |(id, before): &(ParamId, Tensor<T>)| {
            let after = self.store.get(*id).to_vec().into_iter();
            let before = before.to_vec();
            let change: Vec<T> = after
                .zip(&before)
                .map(|(after, &before)| after - before)
                .collect();
            ParamUpdate {
                path: self.store.entry(*id).path.clone(),
                weight: norm(&before) as f32,
                change: norm(&change) as f32,
            }
        };
        before.0.iter().map(change).collect()
    }
}

/// The trainable parameters of a model as they were.
#[derive(Clone, Debug)]
pub struct Weights<T: Real>(Vec<(ParamId, Tensor<T>)>);

#[cfg(test)]
mod tests;
