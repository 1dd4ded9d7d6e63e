//! Training, estimation of population statistics, and evaluation of one model.

mod carried;
mod cursor;
mod diagnose;
mod diagnosis;
mod evaluate;
mod gradient_norms;
mod restore;
mod sample;
mod score;

use std::path::Path;
use std::time::{Duration, Instant};

use autodiff::{Device, Tape, Tensor};
use kernels::Real;
use nn::cell::Layer;
use nn::checkpoint::{self, CheckpointError};
use nn::clip::clip_global_norm;
use nn::context::{Context, Mode};
use nn::optimizer::Optimizer;
use nn::params::{ParamStore, Role, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::{Deserialize, Serialize};

use crate::config::RunConfig;
use crate::model::{Model, OnDevice};
use crate::task::{Interface, Split, Task};

use carried::{Carried, WrittenStates};
use cursor::{Cursor, Place};
pub use diagnose::Weights;
pub use diagnosis::Cause;
pub use evaluate::NotEstimated;
pub use restore::RestoreError;
pub use score::Score;

/// What some updates did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainReport {
    /// Mean training loss: in nats, or squared.
    pub loss: f64,
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Time of the updates, without evaluation.
    pub time: Duration,
}

/// Training cannot go on.
#[derive(Debug, thiserror::Error)]
#[error(
    "update {update}: since the last evaluation the mean training loss is {loss} and the mean gradient \
     norm {gradient_norm}, so the run has diverged; lower the learning rate, clip harder, or give \
     normalizations a larger eps"
)]
pub struct Diverged {
    /// Number of updates so far.
    pub update: usize,
    /// The loss.
    pub loss: f64,
    /// The mean gradient norm.
    pub gradient_norm: f64,
}

/// State of a run beside its tensors.
#[derive(Debug, Serialize, Deserialize)]
struct RunState {
    config: RunConfig,
    updates: usize,
    place: Place,
    carried: WrittenStates,
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
    interface: Interface,
    model: Model<T>,
    store: ParamStore<T>,
    optimizer: Optimizer<T>,
    tape: Tape<T>,
    inference: Tape<T>,
    cursor: Cursor,
    /// Where the next batch begins, of a task that carries states.
    carried: Carried<T>,
    noise: ChaCha8Rng,
    updates: usize,
}

impl<'a, T: Real> Trainer<'a, T> {
    /// A model with fresh weights.
    pub fn new(config: &RunConfig, task: &'a dyn Task, device: &Device<T>) -> Self {
        let model = |scope: &mut Scope<'_, T>, interface| Model::new(scope, &config.model, interface);
        Self::with_model(config, task, device, model)
    }

    /// The same with recurrent layers of one's own, which `make` makes, in place of those that the
    /// configuration names.
    pub fn with_layers(
        config: &RunConfig,
        task: &'a dyn Task,
        device: &Device<T>,
        make: impl FnOnce(&mut Scope<'_, T>, Interface) -> Layer<T>,
    ) -> Self {
        Self::with_model(config, task, device, |scope, interface| {
            let layers = make(scope, interface);
            Model::with_layers(scope, layers, &config.model, interface)
        })
    }

    fn with_model(
        config: &RunConfig,
        task: &'a dyn Task,
        device: &Device<T>,
        make: impl FnOnce(&mut Scope<'_, T>, Interface) -> Model<T>,
    ) -> Self {
        let seed = config.training.seed;
        let interface = task.interface();
        let mut store = ParamStore::new(device);
        let mut weights = generator(seed, WEIGHTS);
        let model = make(&mut Scope::new(&mut store, &mut weights), interface);
        let optimizer = Optimizer::new(config.optimizer, &store);
        Self {
            config: config.clone(),
            task,
            interface,
            model,
            store,
            optimizer,
            tape: Tape::new(device),
            inference: Tape::inference(device),
            cursor: Cursor::new(task, config.training.batch, generator(seed, BATCHES)),
            carried: Carried::default(),
            noise: generator(seed, NOISE),
            updates: 0,
        }
    }

    /// What it learns.
    pub fn task(&self) -> &'a dyn Task {
        self.task
    }

    /// The tensors of the model.
    pub fn store(&self) -> &ParamStore<T> {
        &self.store
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
        self.cursor.per_pass()
    }

    /// Updates so far.
    pub fn updates(&self) -> usize {
        self.updates
    }

    /// Epochs so far, in full and in part.
    pub fn epochs(&self) -> f64 {
        self.updates as f64 / self.updates_per_epoch() as f64
    }

    /// A number of updates; `after` is called after each of them.
    ///
    /// # Errors
    /// If the loss is no longer finite.
    ///
    /// # Panics
    /// If the number is 0.
    #[track_caller]
    pub fn train(&mut self, updates: usize, mut after: impl FnMut()) -> Result<TrainReport, Diverged> {
        assert!(updates > 0, "train: 0 updates have no loss; 1 or more fit");
        let start = Instant::now();
        let device = self.store.device().clone();
        // Sums stay on the device; they are read once, at the end.
        let mut loss_sum = device.zeros([1]);
        let mut norm_sum = device.zeros([1]);
        let mut answers = 0;
        for _ in 0..updates {
            let (chosen, begins) = self.cursor.advance(self.task, self.config.training.batch);
            if begins {
                self.carried = Carried::default();
            }
            let (loss, norm, count) = self.update(&chosen);
            loss_sum.add_scaled(T::of(count as f64), &loss);
            norm_sum.add_scaled(T::one(), &norm);
            answers += count;
            after();
        }
        self.updates += updates;
        let report = TrainReport {
            loss: loss_sum.item().as_f64() / answers as f64,
            gradient_norm: norm_sum.item().as_f64() / updates as f64,
            time: start.elapsed(),
        };
        // A loss tells of the updates before it, the gradient of the last one too.
        if report.loss.is_finite() && report.gradient_norm.is_finite() {
            Ok(report)
        } else {
            Err(Diverged {
                update: self.updates,
                loss: report.loss,
                gradient_norm: report.gradient_norm,
            })
        }
    }

    /// One update; loss and gradient norm, `[1]` each, and the number of answers.
    fn update(&mut self, chosen: &[usize]) -> (Tensor<T>, Tensor<T>, usize) {
        self.tape.clear();
        let batch = self.task.batch(Split::Train, chosen, &mut self.noise);
        let on_device = OnDevice::new(&batch, self.interface.input, self.store.device());
        let mut context = Context::new(&self.tape, &mut self.store, Mode::Train, &mut self.noise);
        let mut shown = on_device.shown(&self.tape);
        shown.sequence = self.carried.begin(&self.tape, shown.sequence);
        let answers = self.model.forward(&mut context, &shown);
        if self.task.carries_state() {
            self.carried
                .put(answers.states.end_values(), shown.sequence.steps());
        }
        let loss = self.model.loss(&answers, &on_device);
        let penalty = self.model.penalty(&answers, &shown);
        let total = penalty.map_or(loss, |penalty| loss.add(penalty));
        let mut gradients = context.param_gradients(self.tape.backward(total));
        let loss = loss.value();
        self.tape.clear();
        let norm = clip_global_norm(&mut gradients, T::of(self.config.training.clip));
        self.optimizer.step(&mut self.store, &gradients);
        (loss, norm, batch.targets.len())
    }

    /// Writes all that the run is after its last update to a file: weights, statistics, optimizer,
    /// configuration, number of updates, place in the training examples, carried states, and the
    /// generators of batches and noise. A trainer that restores it goes on with the same bits as this
    /// one.
    ///
    /// # Errors
    /// If the file cannot be written; one that was there before is then untouched.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let state = RunState {
            config: self.config.clone(),
            updates: self.updates,
            place: self.cursor.place().clone(),
            carried: WrittenStates::of(&self.carried),
            noise: self.noise.clone(),
        };
        checkpoint::save(path, &self.store, &self.optimizer, &state)
    }
}
