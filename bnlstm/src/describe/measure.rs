//! How long a training step takes.

use std::time::{Duration, Instant};

use autodiff::{Device, Tape};
use nn::context::{Context, Mode};
use nn::optimizer::{Optimizer, OptimizerConfig};
use nn::params::{ParamStore, Scope};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::Serialize;

use super::Sizes;
use crate::config::ModelConfig;
use crate::model::{Model, OnDevice};
use crate::normalization::Sites;
use crate::task::{Batch, Inputs, Interface, Targets};

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
    model: Model<f32>,
    store: ParamStore<f32>,
    optimizer: Optimizer<f32>,
    tape: Tape<f32>,
    rng: ChaCha8Rng,
    batch: OnDevice<f32>,
}

impl Run {
    fn new(config: &ModelConfig, sizes: Sizes, device: &Device<f32>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut store = ParamStore::new(device);
        let interface = Interface::from(sizes);
        let mut scope = Scope::new(&mut store, &mut rng);
        let model = Model::new(&mut scope, config, interface);
        let shape = [sizes.steps, sizes.batch, sizes.input_size];
        let inputs = (0..shape.iter().product()).map(|_| rng.random_range(-1.0..1.0));
        let targets = (0..sizes.batch).map(|row| (row % interface.head.size()) as u32);
        let batch = Batch {
            examples: sizes.batch,
            inputs: Inputs::Numbers(inputs.collect()),
            lengths: None,
            question: None,
            targets: Targets::Classes(targets.collect()),
        };
        let rule = OptimizerConfig::Sgd {
            learning_rate: 1e-3,
            momentum: 0.9,
        };
        Self {
            model,
            optimizer: Optimizer::new(rule, &store),
            tape: Tape::new(device),
            rng,
            batch: OnDevice::new(&batch, interface.input, device),
            store,
        }
    }

    /// One update; its time.
    fn step(&mut self) -> Duration {
        let start = Instant::now();
        self.tape.clear();
        let mut context = Context::new(&self.tape, &mut self.store, Mode::Train, &mut self.rng);
        let shown = self.batch.shown(&self.tape);
        let answers = self.model.forward(&mut context, &shown);
        let loss = self.model.loss(&answers, &self.batch);
        let penalty = self.model.penalty(&answers, &shown);
        let total = penalty.map_or(loss, |penalty| loss.add(penalty));
        let gradients = context.param_gradients(self.tape.backward(total));
        self.optimizer.step(&mut self.store, &gradients);
        start.elapsed()
    }
}
