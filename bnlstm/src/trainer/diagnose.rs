//! A look inside a model under training.

use autodiff::Tensor;
use kernels::Real;
use nn::context::{Context, Mode, Statistics};
use nn::params::{ParamId, Role};

use super::{ESTIMATION, EVALUATION_NOISE, Trainer, generator};
use crate::diagnostics::{Diagnostics, Look, ParamUpdate};
use crate::model::OnDevice;
use crate::probe::{GradientNorms, norm};
use crate::task::Split;

impl<T: Real> Trainer<'_, T> {
    /// Looks inside the model as it stands, in one pass over the first training batch of an
    /// [estimation](Trainer::estimate): gradient norms of the hidden states, gates, and moments beside the
    /// population statistics. Of updates it says nothing.
    ///
    /// The pass is that of [`gradient_norms`](Trainer::gradient_norms), of evaluation with the statistics
    /// of the batch. So nothing of the run changes, and every call sees the same batch and noise.
    pub fn diagnose(&mut self) -> Diagnostics {
        let training = self.config.training;
        let mut order = generator(training.seed, ESTIMATION);
        let pass = self.task.shuffled(training.batch, &mut order);
        let mut noise = generator(training.seed, EVALUATION_NOISE);
        let batch = self.task.batch(Split::Train, pass.batch(0), &mut noise);
        let batch = OnDevice::new(&batch, self.interface.input, self.store.device());
        let (mut look, mut norms) = (Look::default(), GradientNorms::default());
        self.tape.clear();
        let mode = Mode::Eval(Statistics::Batch);
        let context = Context::new(&self.tape, &mut self.store, mode, &mut noise);
        norms.add(&mut context.watched_by(&mut look), &self.model, &batch);
        self.tape.clear();
        // Step by step it takes far more memory than an update, which would be kept for the next one.
        self.store.device().release_unused();
        look.diagnostics(&norms.means(), &self.store)
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
