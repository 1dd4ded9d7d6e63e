//! Estimation of population statistics, and evaluation.

use kernels::Real;
use nn::context::{Context, Mode, Statistics};
use nn::norm::without_population;
use nn::params::{ParamStore, Role};
use rand_chacha::ChaCha8Rng;

use super::carried::Carried;
use super::score::Tally;
use super::{ESTIMATION, EVALUATION_NOISE, Score, Trainer, generator};
use crate::diagnostics::Look;
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

/// Steps that are evaluated at once; more are read in parts, which gives the same outputs.
const PART: usize = 256;

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
        let most = self.config.evaluation.estimation_batches;
        let mut reading = Reading::new(
            self.task,
            Split::Train,
            generator(training.seed, EVALUATION_NOISE),
        );
        let mut seen = 0;
        let pass = self.task.shuffled(training.batch, &mut order);
        for chosen in pass.iter().take(most.unwrap_or(pass.len())) {
            self.answer(&mut reading, chosen, Mode::Estimate { seen }, &mut |_, _| {});
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
    ) -> Result<Vec<T>, NotEstimated> {
        self.require_population(&[statistics])?;
        let noise = generator(self.config.training.seed, EVALUATION_NOISE);
        let mut reading = Reading::new(self.task, split, noise);
        let mut outputs = Vec::new();
        self.answer(&mut reading, chosen, Mode::Eval(statistics), &mut |part, _| {
            outputs.extend(part);
        });
        Ok(outputs)
    }

    pub(super) fn require_population(&self, statistics: &[Statistics]) -> Result<(), NotEstimated> {
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
        let noise = generator(self.config.training.seed, EVALUATION_NOISE);
        let mut reading = Reading::new(task, split, noise);
        let pass = task.in_order(split, self.config.training.batch);
        let most = match split {
            Split::Test => None,
            Split::Train | Split::Valid => self.config.evaluation.batches,
        };
        // A batch that is left over may be too small for statistics of its own.
        let full = match (statistics, has_statistics(&self.store)) {
            (Statistics::Batch, true) => pass.iter().map(<[usize]>::len).max().unwrap_or(0),
            _ => 0,
        };
        let mut tally = Tally::default();
        for chosen in pass
            .iter()
            .filter(|chosen| chosen.len() >= full)
            .take(most.unwrap_or(pass.len()))
        {
            let mode = Mode::Eval(statistics);
            self.answer(&mut reading, chosen, mode, &mut |outputs, targets| {
                tally.add(&outputs, targets);
            });
        }
        tally.score()
    }

    /// Reads the chosen examples and passes outputs `[N, C]`, and what they should be, to `each`: all
    /// at once or, where sequences are long, for one part of their steps after another.
    fn answer(
        &mut self,
        reading: &mut Reading<'_, T>,
        chosen: &[usize],
        mode: Mode,
        each: &mut dyn FnMut(Vec<T>, &Targets),
    ) {
        self.look_at(reading, chosen, mode, None, each);
    }

    /// Watches a pass over the first training batch of an estimation, with the statistics of that batch.
    pub(super) fn watch(&mut self, look: &mut Look<T>) {
        let training = self.config.training;
        let order = &mut generator(training.seed, ESTIMATION);
        let pass = self.task.shuffled(training.batch, order);
        let noise = generator(training.seed, EVALUATION_NOISE);
        let mut reading = Reading::new(self.task, Split::Train, noise);
        let mode = Mode::Eval(Statistics::Batch);
        self.look_at(&mut reading, pass.batch(0), mode, Some(look), &mut |_, _| {});
        self.inference.clear();
    }

    /// [`answer`](Self::answer) with somebody who looks inside.
    fn look_at(
        &mut self,
        reading: &mut Reading<'_, T>,
        chosen: &[usize],
        mode: Mode,
        mut look: Option<&mut Look<T>>,
        each: &mut dyn FnMut(Vec<T>, &Targets),
    ) {
        let batch = reading.task.batch(reading.split, chosen, &mut reading.noise);
        let parts = match mode {
            Mode::Eval(statistics) if self.config.model.goes_on(statistics) => batch.parts(PART),
            _ => vec![batch],
        };
        let carries = reading.task.carries_state();
        let mut within = Carried::default();
        for (index, part) in parts.iter().enumerate() {
            self.inference.clear();
            let on_device = OnDevice::new(part, self.interface.input, self.store.device());
            let noise = &mut reading.noise;
            let mut context = Context::new(&self.inference, &mut self.store, mode, noise);
            if let Some(look) = &mut look {
                context = context.watched_by(*look);
            }
            let mut shown = on_device.shown(&self.inference);
            shown.sequence = match index {
                0 => reading.carried.begin(&self.inference, shown.sequence),
                _ => within.go_on(&self.inference, shown.sequence),
            };
            let answers = self.model.forward(&mut context, &shown);
            if carries || parts.len() > 1 {
                within.put(answers.states.end_values(), shown.sequence.steps());
            }
            each(answers.outputs.value().to_vec(), &part.targets);
        }
        if carries {
            reading.carried = within;
        }
    }
}

/// A pass of evaluation or estimation.
struct Reading<'a, T: Real> {
    task: &'a dyn Task,
    split: Split,
    noise: ChaCha8Rng,
    /// Where the next batch begins, of a task that carries states.
    carried: Carried<T>,
}

impl<'a, T: Real> Reading<'a, T> {
    fn new(task: &'a dyn Task, split: Split, noise: ChaCha8Rng) -> Self {
        Self {
            task,
            split,
            noise,
            carried: Carried::default(),
        }
    }
}

/// Whether there is anything that a model learns besides its parameters, so that it matters which
/// statistics it is evaluated with.
fn has_statistics<T: Real>(store: &ParamStore<T>) -> bool {
    store.count(Role::Statistic) > 0
}
