//! Estimation of population statistics, and evaluation.

use autodiff::Tensor;
use kernels::Real;
use nn::context::{Context, Mode, Statistics};
use nn::norm::without_population;
use nn::params::{ParamStore, Role};
use rand_chacha::ChaCha8Rng;

use super::score::Tally;
use super::{ESTIMATION, EVALUATION_NOISE, Score, Trainer, generator};
use crate::model::OnDevice;
use crate::task::{Split, Targets, Task};

/// There are no population statistics to evaluate with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the population statistics of `{path}` were never estimated; estimate them with a pass over the \
     training examples, as `train` does before every evaluation, or evaluate with other statistics"
)]
pub struct NotEstimated {
    /// The normalization.
    pub path: String,
}

impl<T: Real> Trainer<'_, T> {
    /// Estimates the population statistics: the average of those of the training batches, with the
    /// weights as they are (Cooijmans et al. 2016, section 3). Does nothing for a model without
    /// normalization over the batch.
    pub fn estimate(&mut self) {
        if !has_statistics(&self.store) {
            return;
        }
        let training = self.config.training;
        let mut order = generator(training.seed, ESTIMATION);
        let mut noise = generator(training.seed, EVALUATION_NOISE);
        let most = self.config.evaluation.estimation_batches;
        let mut seen = 0;
        let pass = self.task.shuffled(training.batch, &mut order);
        for chosen in pass.iter().take(most.unwrap_or(pass.len())) {
            self.answer(
                self.task,
                Split::Train,
                chosen,
                Mode::Estimate { seen },
                &mut noise,
            );
            seen += chosen.len();
        }
    }

    /// Loss and accuracy with each of the given statistics, over the whole part for the test and over
    /// as much of the other parts as the configuration says. A model without normalization over the
    /// batch is measured once, as they are all the same to it.
    ///
    /// # Errors
    /// If population statistics are asked for, and were never estimated.
    pub fn evaluate<const N: usize>(
        &mut self,
        split: Split,
        statistics: [Statistics; N],
    ) -> Result<[Score; N], NotEstimated> {
        self.evaluate_on(self.task, split, statistics)
    }

    /// The same with the examples of another task, which the model must fit.
    ///
    /// # Errors
    /// If population statistics are asked for, and were never estimated.
    pub fn evaluate_on<const N: usize>(
        &mut self,
        task: &dyn Task,
        split: Split,
        statistics: [Statistics; N],
    ) -> Result<[Score; N], NotEstimated> {
        self.require_population(&statistics)?;
        if has_statistics(&self.store) {
            return Ok(statistics.map(|statistics| self.score(task, split, statistics)));
        }
        Ok([self.score(task, split, Statistics::Batch); N])
    }

    /// Outputs `[N, C]` for the chosen examples: logits of classes, or a number for each.
    ///
    /// # Errors
    /// If population statistics are asked for, and were never estimated.
    ///
    /// # Panics
    /// If there is no such example.
    pub fn predict(
        &mut self,
        split: Split,
        chosen: &[usize],
        statistics: Statistics,
    ) -> Result<Tensor<T>, NotEstimated> {
        self.require_population(&[statistics])?;
        let mut noise = generator(self.config.training.seed, EVALUATION_NOISE);
        let (outputs, _) = self.answer(self.task, split, chosen, Mode::Eval(statistics), &mut noise);
        Ok(outputs)
    }

    fn require_population(&self, statistics: &[Statistics]) -> Result<(), NotEstimated> {
        if !statistics.contains(&Statistics::Population) {
            return Ok(());
        }
        without_population(&self.store).map_or(Ok(()), |path| {
            Err(NotEstimated {
                path: path.to_owned(),
            })
        })
    }

    fn score(&mut self, task: &dyn Task, split: Split, statistics: Statistics) -> Score {
        let mut noise = generator(self.config.training.seed, EVALUATION_NOISE);
        let pass = task.in_order(split, self.config.training.batch);
        let most = match split {
            Split::Test => None,
            Split::Train | Split::Valid => self.config.evaluation.batches,
        };
        let mut tally = Tally::default();
        for chosen in pass.iter().take(most.unwrap_or(pass.len())) {
            let (outputs, targets) = self.answer(task, split, chosen, Mode::Eval(statistics), &mut noise);
            tally.add(&outputs.to_vec(), &targets);
        }
        tally.score()
    }

    /// Outputs `[N, C]` for the chosen examples, and what they should be.
    fn answer(
        &mut self,
        task: &dyn Task,
        split: Split,
        chosen: &[usize],
        mode: Mode,
        noise: &mut ChaCha8Rng,
    ) -> (Tensor<T>, Targets) {
        self.inference.clear();
        let batch = task.batch(split, chosen, noise);
        let shown = OnDevice::new(&batch, self.interface.input, self.store.device());
        let mut context = Context::new(&self.inference, &mut self.store, mode, noise);
        let answers = self.model.forward(&mut context, &shown.sequence(&self.inference));
        (answers.outputs.value(), batch.targets)
    }
}

/// Whether there is anything that a model learns besides its parameters, so that it matters which
/// statistics it is evaluated with.
fn has_statistics<T: Real>(store: &ParamStore<T>) -> bool {
    store.count(Role::Statistic) > 0
}
