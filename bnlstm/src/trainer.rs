//! Training, estimation of population statistics, and evaluation of one model.

mod restore;

use std::path::Path;
use std::time::{Duration, Instant};

use autodiff::{Device, Tape, Tensor};
use kernels::Real;
use nn::cell::Layer;
use nn::checkpoint::{self, CheckpointError};
use nn::clip::clip_global_norm;
use nn::context::{Context, Mode, Statistics};
use nn::data::{Batches, LastBatch};
use nn::norm::without_population;
use nn::optimizer::Optimizer;
use nn::params::{ParamStore, Role, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::{Deserialize, Serialize};

use crate::config::RunConfig;
use crate::model::Classifier;
use crate::task::{Sizes, Split, Task};

pub use restore::RestoreError;

/// Loss and accuracy over a part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Mean cross-entropy in nats.
    pub loss: f64,
    /// Share of examples whose largest logit is that of their class.
    pub accuracy: f64,
}

/// What an epoch of training did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochReport {
    /// Mean training loss in nats.
    pub loss: f64,
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Time of the updates, without evaluation.
    pub time: Duration,
}

/// Training cannot go on.
#[derive(Debug, thiserror::Error)]
#[error(
    "epoch {epoch}: the mean training loss is {loss} and the mean gradient norm {gradient_norm}, so the \
     run has diverged; lower the learning rate, clip harder, or give normalizations a larger eps"
)]
pub struct Diverged {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Its loss.
    pub loss: f64,
    /// Its mean gradient norm.
    pub gradient_norm: f64,
}

/// There are no population statistics to evaluate with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the population statistics of `{path}` were never estimated; estimate them with a pass over the \
     training examples, as `train` does after every epoch, or evaluate with other statistics"
)]
pub struct NotEstimated {
    /// The normalization.
    pub path: String,
}

/// State of a run beside its tensors.
#[derive(Debug, Serialize, Deserialize)]
struct RunState {
    config: RunConfig,
    epochs_done: usize,
    batches: ChaCha8Rng,
    noise: ChaCha8Rng,
}

/// Independent sources of randomness of a run, from one seed.
fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

const WEIGHTS: u64 = 0;
const BATCHES: u64 = 1;
const NOISE: u64 = 2;
/// Order of the training examples in an estimation pass, the same in every pass.
const ESTIMATION: u64 = 3;
/// Noise in estimation and evaluation, the same in every pass.
const EVALUATION_NOISE: u64 = 4;

/// A model under training.
pub struct Trainer<'a, T: Real> {
    config: RunConfig,
    task: &'a dyn Task,
    model: Classifier<T>,
    store: ParamStore<T>,
    optimizer: Optimizer<T>,
    tape: Tape<T>,
    inference: Tape<T>,
    batches: ChaCha8Rng,
    noise: ChaCha8Rng,
    epochs_done: usize,
}

impl<'a, T: Real> Trainer<'a, T> {
    /// A model with fresh weights.
    pub fn new(config: &RunConfig, task: &'a dyn Task, device: &Device<T>) -> Self {
        let layers = |scope: &mut Scope<'_, T>, sizes| config.model.layers(scope, sizes);
        Self::with_layers(config, task, device, layers)
    }

    /// The same with recurrent layers of one's own, which `make` makes, in place of those that the
    /// configuration names.
    pub fn with_layers(
        config: &RunConfig,
        task: &'a dyn Task,
        device: &Device<T>,
        make: impl FnOnce(&mut Scope<'_, T>, Sizes) -> Layer<T>,
    ) -> Self {
        let seed = config.training.seed;
        let mut store = ParamStore::new(device);
        let mut weights = generator(seed, WEIGHTS);
        let mut scope = Scope::new(&mut store, &mut weights);
        let layers = make(&mut scope, task.sizes());
        let model = Classifier::new(&mut scope, layers, &config.model, task.sizes());
        let optimizer = Optimizer::new(config.optimizer, &store);
        Self {
            config: config.clone(),
            task,
            model,
            store,
            optimizer,
            tape: Tape::new(device),
            inference: Tape::inference(device),
            batches: generator(seed, BATCHES),
            noise: generator(seed, NOISE),
            epochs_done: 0,
        }
    }

    /// Number of trainable parameters, and of statistics.
    pub fn counts(&self) -> (usize, usize) {
        (
            self.store.count(Role::Trainable),
            self.store.count(Role::Statistic),
        )
    }

    /// Number of updates in an epoch.
    pub fn updates_per_epoch(&self) -> usize {
        self.cut(Split::Train).per_epoch()
    }

    fn cut(&self, split: Split) -> Batches {
        Batches::new(
            self.task.examples(split),
            self.config.training.batch,
            LastBatch::Keep,
        )
    }

    /// One pass over the training examples; `after` is called after every update.
    ///
    /// # Errors
    /// If the loss is no longer finite.
    pub fn epoch(&mut self, mut after: impl FnMut()) -> Result<EpochReport, Diverged> {
        let start = Instant::now();
        let epoch = self.cut(Split::Train).shuffled(&mut self.batches);
        let device = self.store.device().clone();
        // Sums stay on the device; they are read once, at the end.
        let mut loss_sum = device.zeros([1]);
        let mut norm_sum = device.zeros([1]);
        for chosen in epoch.iter() {
            let (loss, norm) = self.update(chosen);
            loss_sum.add_scaled(T::of(chosen.len() as f64), &loss);
            norm_sum.add_scaled(T::one(), &norm);
            after();
        }
        self.epochs_done += 1;
        let report = EpochReport {
            loss: loss_sum.item().as_f64() / self.task.examples(Split::Train) as f64,
            gradient_norm: norm_sum.item().as_f64() / epoch.iter().len() as f64,
            time: start.elapsed(),
        };
        // A loss tells of the updates before it, the gradient of the last one too.
        if report.loss.is_finite() && report.gradient_norm.is_finite() {
            Ok(report)
        } else {
            Err(Diverged {
                epoch: self.epochs_done,
                loss: report.loss,
                gradient_norm: report.gradient_norm,
            })
        }
    }

    /// One update; loss and gradient norm, `[1]` each.
    fn update(&mut self, chosen: &[usize]) -> (Tensor<T>, Tensor<T>) {
        self.tape.clear();
        let (x, targets) = upload(self.task, Split::Train, chosen, self.store.device());
        let mut context = Context::new(&self.tape, &mut self.store, Mode::Train, &mut self.noise);
        let (loss, penalty) = self.model.loss(&mut context, self.tape.constant(x), &targets);
        let total = penalty.map_or(loss, |penalty| loss.add(penalty));
        let mut gradients = context.param_gradients(self.tape.backward(total));
        let loss = loss.value();
        self.tape.clear();
        let norm = clip_global_norm(&mut gradients, T::of(self.config.training.clip));
        self.optimizer.step(&mut self.store, &gradients);
        (loss, norm)
    }

    /// Estimates the population statistics: the average of those of the training batches, with the
    /// weights as they are (Cooijmans et al. 2016, section 3). Does nothing for a model without
    /// normalization over the batch.
    pub fn estimate(&mut self) {
        if !has_statistics(&self.store) {
            return;
        }
        let mut order = generator(self.config.training.seed, ESTIMATION);
        let mut noise = generator(self.config.training.seed, EVALUATION_NOISE);
        let mut seen = 0;
        for chosen in self.cut(Split::Train).shuffled(&mut order).iter() {
            self.logits(Split::Train, chosen, Mode::Estimate { seen }, &mut noise);
            seen += chosen.len();
        }
    }

    /// Loss and accuracy with each of the given statistics. A model without normalization over the
    /// batch is measured once, as they are all the same to it.
    ///
    /// # Errors
    /// If population statistics are asked for, and were never estimated.
    pub fn evaluate<const N: usize>(
        &mut self,
        split: Split,
        statistics: [Statistics; N],
    ) -> Result<[Score; N], NotEstimated> {
        self.require_population(&statistics)?;
        if has_statistics(&self.store) {
            return Ok(statistics.map(|statistics| self.score(split, statistics)));
        }
        Ok([self.score(split, Statistics::Batch); N])
    }

    /// Logits `[B, C]` of the chosen examples.
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
        Ok(self.logits(split, chosen, Mode::Eval(statistics), &mut noise))
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

    fn score(&mut self, split: Split, statistics: Statistics) -> Score {
        let mut noise = generator(self.config.training.seed, EVALUATION_NOISE);
        let (mut loss, mut correct) = (0.0, 0);
        for chosen in self.cut(split).in_order().iter() {
            let logits = self.logits(split, chosen, Mode::Eval(statistics), &mut noise);
            let targets = self.task.batch(split, chosen).targets;
            let classes = logits.shape().last();
            for (row, &target) in logits.to_vec().chunks_exact(classes).zip(&targets) {
                loss += cross_entropy(row, target as usize);
                correct += usize::from(largest(row) == Some(target as usize));
            }
        }
        let examples = self.task.examples(split) as f64;
        Score {
            loss: loss / examples,
            accuracy: correct as f64 / examples,
        }
    }

    fn logits(&mut self, split: Split, chosen: &[usize], mode: Mode, noise: &mut ChaCha8Rng) -> Tensor<T> {
        self.inference.clear();
        let (x, _) = upload(self.task, split, chosen, self.store.device());
        let mut context = Context::new(&self.inference, &mut self.store, mode, noise);
        let logits = self.model.logits(&mut context, self.inference.constant(x));
        logits.value()
    }

    /// Writes all that the run is after its last epoch to a file: weights, statistics, optimizer,
    /// configuration, number of epochs, and the generators of batches and noise. A trainer that
    /// restores it goes on with the same bits as this one.
    ///
    /// # Errors
    /// If the file cannot be written; one that was there before is then untouched.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let state = RunState {
            config: self.config.clone(),
            epochs_done: self.epochs_done,
            batches: self.batches.clone(),
            noise: self.noise.clone(),
        };
        checkpoint::save(path, &self.store, &self.optimizer, &state)
    }

    /// Epochs of training so far.
    pub fn epochs_done(&self) -> usize {
        self.epochs_done
    }
}

/// Whether there is anything that a model learns besides its parameters, so that it matters which
/// statistics it is evaluated with.
fn has_statistics<T: Real>(store: &ParamStore<T>) -> bool {
    store.count(Role::Statistic) > 0
}

/// Inputs `[T, B, D]` and targets `[B]` on the device.
fn upload<T: Real>(
    task: &dyn Task,
    split: Split,
    chosen: &[usize],
    device: &Device<T>,
) -> (Tensor<T>, std::sync::Arc<kernels::Indices>) {
    let batch = task.batch(split, chosen);
    let sizes = task.sizes();
    let inputs: Vec<T> = batch.inputs.iter().map(|&x| T::of(f64::from(x))).collect();
    let x = device.tensor([sizes.steps, batch.examples, sizes.input_size], &inputs);
    (x, device.indices(&batch.targets))
}

/// `log Σ exp(logits) − logits[target]`
fn cross_entropy<T: Real>(logits: &[T], target: usize) -> f64 {
    let max = logits
        .iter()
        .fold(f64::NEG_INFINITY, |max, x| max.max(x.as_f64()));
    let sum: f64 = logits.iter().map(|x| (x.as_f64() - max).exp()).sum();
    max + sum.ln() - logits[target].as_f64()
}

/// Position of the largest logit; none if they are not numbers.
fn largest<T: Real>(logits: &[T]) -> Option<usize> {
    let numbers = logits.iter().enumerate().filter(|(_, x)| !x.is_nan());
    numbers
        .max_by(|(_, a), (_, b)| a.partial_cmp(b).expect("no NaN is left"))
        .map(|(i, _)| i)
}
