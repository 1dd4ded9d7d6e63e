//! How long a training step takes.

use std::time::{Duration, Instant};

use autodiff::{Device, Tape, Tensor};
use nn::context::{Context, Mode};
use nn::optimizer::{Optimizer, OptimizerConfig};
use nn::params::{ParamStore, Scope};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::Serialize;

use super::Sizes;
use crate::config::ModelConfig;
use crate::model::Classifier;
use crate::normalization::Sites;
use crate::task;

/// Training steps before those that are measured: buffers are made in them.
const WARM_UP: usize = 2;
/// Training steps of each model that are measured.
const REPEATS: usize = 9;

/// Times of a training step, on random inputs, of a classifier of the last hidden state, with its
/// update.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measured {
    /// Number of training steps of each model.
    pub repeats: usize,
    /// Median time in milliseconds.
    pub milliseconds: f64,
    /// The same without normalization.
    pub milliseconds_without: f64,
    /// The first divided by the second.
    pub ratio: f64,
}

impl Measured {
    /// Measures a model and the same without normalization in turns.
    pub fn of(model: &ModelConfig, sizes: Sizes, device: &Device<f32>) -> Self {
        let without = ModelConfig {
            normalization: Sites::none(model.normalization.cell()),
            ..*model
        };
        let mut runs = [model, &without].map(|model| Run::new(model, sizes, device));
        let mut times = [Vec::new(), Vec::new()];
        for round in 0..WARM_UP + REPEATS {
            for (run, times) in runs.iter_mut().zip(&mut times) {
                let time = run.step();
                times.extend((round >= WARM_UP).then_some(time));
            }
        }
        let [milliseconds, milliseconds_without] = times.map(median);
        Self {
            repeats: REPEATS,
            milliseconds,
            milliseconds_without,
            ratio: milliseconds / milliseconds_without,
        }
    }
}

/// In milliseconds, of an odd number of times.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// A model in training.
struct Run {
    model: Classifier<f32>,
    store: ParamStore<f32>,
    optimizer: Optimizer<f32>,
    tape: Tape<f32>,
    rng: ChaCha8Rng,
    inputs: Tensor<f32>,
    targets: std::sync::Arc<kernels::Indices>,
}

impl Run {
    fn new(config: &ModelConfig, sizes: Sizes, device: &Device<f32>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut store = ParamStore::new(device);
        let sizes_of_task = task::Sizes::from(sizes);
        let mut scope = Scope::new(&mut store, &mut rng);
        let layers = config.layers(&mut scope, sizes_of_task);
        let model = Classifier::new(&mut scope, layers, config, sizes_of_task);
        let shape = [sizes.steps, sizes.batch, sizes.input_size];
        let inputs: Vec<f32> = (0..shape.iter().product())
            .map(|_| rng.random_range(-1.0..1.0))
            .collect();
        let classes = sizes_of_task.classes;
        let targets: Vec<u32> = (0..sizes.batch).map(|row| (row % classes) as u32).collect();
        let rule = OptimizerConfig::Sgd {
            learning_rate: 1e-3,
            momentum: 0.9,
        };
        Self {
            model,
            optimizer: Optimizer::new(rule, &store),
            tape: Tape::new(device),
            rng,
            inputs: device.tensor(shape, &inputs),
            targets: device.indices(&targets),
            store,
        }
    }

    /// One update; its time.
    fn step(&mut self) -> Duration {
        let start = Instant::now();
        self.tape.clear();
        let mut context = Context::new(&self.tape, &mut self.store, Mode::Train, &mut self.rng);
        let x = self.tape.constant(self.inputs.clone());
        let (loss, penalty) = self.model.loss(&mut context, x, &self.targets);
        let total = penalty.map_or(loss, |penalty| loss.add(penalty));
        let gradients = context.param_gradients(self.tape.backward(total));
        self.optimizer.step(&mut self.store, &gradients);
        start.elapsed()
    }
}
