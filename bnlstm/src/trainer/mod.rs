//! Training, estimation of population statistics, and evaluation of one model.

mod carried;
mod cursor;
mod diagnose;
mod diagnosis;
mod evaluate;
mod gradient_norms;
mod restore;
mod sample;
mod save;
mod score;
mod training;

use autodiff::{Device, Tape};
use kernels::Real;
use nn::cell::Layer;
use nn::checkpoint::Snapshot;
use nn::optimizer::Optimizer;
use nn::params::{ParamStore, Role, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::config::RunConfig;
use crate::model::Model;
use crate::task::{Interface, Task};

use carried::Carried;
use cursor::Cursor;
pub use diagnose::Weights;
pub use diagnosis::Cause;
pub use evaluate::NotEstimated;
pub use restore::{Origin, RestoreError, beside};
pub use score::Score;
pub use training::{Diverged, Phases, TrainReport, Trouble};
use training::{Seen, Sums};

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
    /// Of the task's examples.
    digest: u32,
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
    /// Of the updates since the last report.
    sums: Sums<T>,
    /// The updates since somebody asked whether one has gone wrong.
    seen: Vec<Seen<T>>,
    /// Loss of the first batch, with the weights as they were drawn.
    first_loss: Option<f64>,
    phases: Phases,
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
            digest: task.digest(),
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
            sums: Sums::new(device),
            seen: Vec::new(),
            first_loss: None,
            phases: Phases::default(),
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

    /// All parameters and statistics as they are.
    pub fn snapshot(&self) -> Snapshot<T> {
        Snapshot::of(&self.store)
    }

    /// Puts parameters and statistics back as they were.
    ///
    /// # Panics
    /// If they are of another model.
    #[track_caller]
    pub fn put_back(&mut self, snapshot: &Snapshot<T>) {
        snapshot.put_back(&mut self.store);
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
}
