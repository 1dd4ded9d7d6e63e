//! One training step of an LSTM classifier.

use std::sync::Arc;
use std::time::{Duration, Instant};

use autodiff::{Device, Tape, Tensor};
use kernels::{Indices, Real};
use nn::cell::{Cell, Lstm, Sequence};
use nn::clip::clip_global_norm;
use nn::context::{Context, Mode};
use nn::init::Initializer;
use nn::linear::Linear;
use nn::optimizer::{Denominator, Optimizer, OptimizerConfig};
use nn::params::{ParamStore, Scope};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::lstm::{LstmSpec, Norm};
use crate::noise::noise;

/// Joint norm to which the gradients are clipped.
const MAX_NORM: f64 = 1.0;

/// RMSProp with steps so small that the last of a hundred thousand is like the first: with an
/// ordinary learning rate the batch is known by heart after a few thousand, and most gradients of
/// those that are measured vanish.
const RMSPROP: OptimizerConfig = OptimizerConfig::RmsProp {
    learning_rate: 1e-6,
    decay: 0.9,
    epsilon: 1e-8,
    momentum: 0.0,
    centred: false,
    denominator: Denominator::RootPlusEpsilon,
};

/// Adam with steps as small.
const ADAM: OptimizerConfig = OptimizerConfig::Adam {
    learning_rate: 1e-6,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
};

/// What a model reads at each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// `D` numbers.
    Numbers(usize),
    /// One of `V` symbols, one-hot.
    Symbols(usize),
}

/// What the loss is taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossOn {
    /// The last hidden state: one target for each sequence, RMSProp.
    LastStep,
    /// Every hidden state: one target for each step of each sequence, Adam.
    EveryStep,
}

/// Sizes of a model and of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainStepConfig {
    /// `T`, time steps of the sequences.
    pub steps: usize,
    /// `B`, sequences in the batch.
    pub batch: usize,
    /// What comes in at a step.
    pub reads: Reads,
    /// `H`, units of the LSTM.
    pub hidden_size: usize,
    /// Number of classes.
    pub classes: usize,
    /// What the loss is taken on.
    pub loss: LossOn,
}

impl TrainStepConfig {
    /// Permuted MNIST as in the paper: a pixel a step, 100 units.
    pub const PMNIST: Self = Self {
        steps: 784,
        batch: 100,
        reads: Reads::Numbers(1),
        hidden_size: 100,
        classes: 10,
        loss: LossOn::LastStep,
    };
    /// Characters of the Penn Treebank as in the paper: one of 50 symbols a step, 1000 units.
    pub const PTB: Self = Self {
        steps: 100,
        batch: 64,
        reads: Reads::Symbols(50),
        hidden_size: 1000,
        classes: 50,
        loss: LossOn::EveryStep,
    };
    /// A model that trains in seconds on small images.
    pub const SMALL: Self = Self {
        steps: 64,
        batch: 64,
        reads: Reads::Numbers(8),
        hidden_size: 64,
        classes: 10,
        loss: LossOn::LastStep,
    };
    /// So little arithmetic that what surrounds it is measured.
    pub const TINY: Self = Self {
        steps: 8,
        batch: 8,
        reads: Reads::Numbers(4),
        hidden_size: 8,
        classes: 10,
        loss: LossOn::LastStep,
    };

    /// Elements of an input.
    pub fn input_size(&self) -> usize {
        match self.reads {
            Reads::Numbers(size) | Reads::Symbols(size) => size,
        }
    }

    /// Floating-point operations of a step's matrix products. The state's and the logits' are three:
    /// one forward, and two back, for their left operand and their weight. The input's are two, since
    /// nobody wants its gradient; there are none for one-hot inputs, which are looked up, and for
    /// `D = 1`, where a number is multiplied with a row.
    pub fn flops(&self) -> f64 {
        let rows = (self.steps * self.batch) as f64;
        let gates = 4.0 * self.hidden_size as f64;
        let input = match self.reads {
            Reads::Numbers(1) | Reads::Symbols(_) => 0.0,
            Reads::Numbers(size) => size as f64,
        };
        let outputs = match self.loss {
            LossOn::LastStep => self.batch as f64,
            LossOn::EveryStep => rows,
        };
        let hidden_size = self.hidden_size as f64;
        let thrice = rows * gates * hidden_size + outputs * hidden_size * self.classes as f64;
        2.0 * (3.0 * thrice + 2.0 * rows * gates * input)
    }

    fn optimizer(&self) -> OptimizerConfig {
        match self.loss {
            LossOn::LastStep => RMSPROP,
            LossOn::EveryStep => ADAM,
        }
    }
}

/// A model with an LSTM and a linear map of its states to logits, with a batch of noise to learn by
/// heart.
///
/// ```
/// use autodiff::Device;
/// use benches::{Norm, TrainStep, TrainStepConfig};
///
/// let device = Device::<f32>::reference();
/// let mut step = TrainStep::new(&device, TrainStepConfig::TINY, Norm::named("batch"));
/// let first = step.run().item();
/// assert!(step.run().item() < first);
/// ```
#[derive(Debug)]
pub struct TrainStep<T: Real> {
    tape: Tape<T>,
    store: ParamStore<T>,
    rng: ChaCha8Rng,
    lstm: Lstm<T>,
    head: Linear,
    optimizer: Optimizer<T>,
    config: TrainStepConfig,
    input: Input<T>,
    /// `[B]` or `[T · B]`
    targets: Arc<Indices>,
}

/// A batch of inputs.
#[derive(Debug)]
enum Input<T: Real> {
    /// `[T, B, D]`
    Numbers(Tensor<T>),
    /// `[T · B]`
    Symbols(Arc<Indices>),
}

impl<T: Real> Input<T> {
    fn random(device: &Device<T>, config: TrainStepConfig, rng: &mut ChaCha8Rng) -> Self {
        let TrainStepConfig { steps, batch, .. } = config;
        match config.reads {
            Reads::Numbers(size) => {
                let x = noise(steps * batch * size, rng);
                Self::Numbers(device.tensor([steps, batch, size], &x))
            }
            Reads::Symbols(count) => {
                let symbols = (0..steps * batch).map(|_| rng.random_range(0..count) as u32);
                Self::Symbols(device.indices(&symbols.collect::<Vec<_>>()))
            }
        }
    }
}

/// Times of the phases of a step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Phases {
    /// Forward pass with running statistics.
    pub forward: Duration,
    /// Backward pass.
    pub backward: Duration,
    /// Clipping and the update.
    pub update: Duration,
}

impl<T: Real> TrainStep<T> {
    /// A classifier with new weights and a batch, always the same ones.
    ///
    /// # Panics
    /// If the batch holds no example, the sequences no step, or there are no classes; with
    /// batch normalization, training panics for a batch of one example.
    #[track_caller]
    pub fn new(device: &Device<T>, config: TrainStepConfig, norm: Norm) -> Self {
        let smallest = config.steps.min(config.batch).min(config.classes);
        assert!(
            smallest > 0,
            "train step: {config:?}; at least 1 step, example and class fit"
        );
        let spec = LstmSpec::new(config.steps, config.input_size(), config.hidden_size, norm);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut store = ParamStore::new(device);
        let mut scope = Scope::new(&mut store, &mut rng);
        let lstm = spec.build(&mut scope.within("lstm"));
        let head = Linear::new(
            &mut scope.within("head"),
            config.hidden_size,
            config.classes,
            &Initializer::Glorot,
        );
        let input = Input::random(device, config, &mut rng);
        let count = match config.loss {
            LossOn::LastStep => config.batch,
            LossOn::EveryStep => config.steps * config.batch,
        };
        let targets: Vec<u32> = (0..count)
            .map(|example| (example % config.classes) as u32)
            .collect();
        Self {
            tape: Tape::new(device),
            optimizer: Optimizer::new(config.optimizer(), &store),
            targets: device.indices(&targets),
            store,
            rng,
            lstm,
            head,
            config,
            input,
        }
    }

    /// One training step: forward pass with running statistics, backward pass, clipping, update.
    /// Gives the loss before the update in nats, `[1]`, which stays on the device.
    pub fn run(&mut self) -> Tensor<T> {
        self.run_timed(&mut Phases::default())
    }

    /// The same, adding up the times of its phases.
    pub fn run_timed(&mut self, phases: &mut Phases) -> Tensor<T> {
        let start = Instant::now();
        let mut context = Context::new(&self.tape, &mut self.store, Mode::Train, &mut self.rng);
        let input = match &self.input {
            Input::Numbers(x) => Sequence::from(self.tape.constant(x.clone())),
            Input::Symbols(symbols) => Sequence::symbols(&self.tape, symbols, self.config.batch),
        };
        let states = self.lstm.forward(&mut context, &input);
        let logits = match self.config.loss {
            LossOn::LastStep => self.head.forward(&mut context, states.last),
            LossOn::EveryStep => {
                let rows = self.config.steps * self.config.batch;
                let h = states.h.reshape([rows, self.config.hidden_size]);
                self.head.forward(&mut context, h)
            }
        };
        let loss = logits.cross_entropy(&self.targets);
        let value = loss.value();
        let forward = Instant::now();
        let mut gradients = context.param_gradients(self.tape.backward(loss));
        let backward = Instant::now();
        clip_global_norm(&mut gradients, T::of(MAX_NORM));
        self.optimizer.step(&mut self.store, &gradients);
        self.tape.clear();
        phases.forward += forward - start;
        phases.backward += backward - forward;
        phases.update += backward.elapsed();
        value
    }
}

#[cfg(test)]
mod tests {
    use kernels::Cpu;
    use nn::params::Role;

    use super::*;

    fn devices() -> [Device<f32>; 2] {
        [Device::reference(), Device::new(Arc::new(Cpu::new(2)))]
    }

    #[test]
    fn operations_of_all_products_are_counted() {
        // 78,400 and 6,400 rows times W_h, thrice, and as often the head's.
        let pmnist = 78_400.0 * 40_000.0 * 6.0 + 100.0 * 1_000.0 * 6.0;
        assert_eq!(TrainStepConfig::PMNIST.flops(), pmnist);
        assert_eq!((pmnist / 1e8).round(), 188.0);
        let ptb = 6_400.0 * 4_000_000.0 * 6.0 + 6_400.0 * 50_000.0 * 6.0;
        assert_eq!(TrainStepConfig::PTB.flops(), ptb);
        // An input of more than one number: forward, and to the weight.
        let small = 4_096.0 * 256.0 * (64.0 * 6.0 + 8.0 * 4.0) + 64.0 * 640.0 * 6.0;
        assert_eq!(TrainStepConfig::SMALL.flops(), small);
    }

    #[test]
    fn a_step_lowers_the_loss() {
        for device in devices() {
            for norm in Norm::basic() {
                let mut step = TrainStep::new(&device, TrainStepConfig::TINY, norm.clone());
                let (first, second): (f32, f32) = (step.run().item(), step.run().item());
                assert!(second < first, "{norm}: {first}, then {second}");
            }
        }
    }

    /// A step that left a part out would be measured too fast.
    #[test]
    fn a_step_moves_every_parameter_and_every_running_average() {
        for norm in Norm::basic() {
            let device = Device::<f64>::reference();
            let mut step = TrainStep::new(&device, TrainStepConfig::TINY, norm.clone());
            let values = |step: &TrainStep<f64>| -> Vec<Vec<f64>> {
                step.store
                    .iter()
                    .map(|(_, param)| param.tensor.to_vec())
                    .collect()
            };
            let before = values(&step);
            step.run();
            let after = values(&step);
            for ((_, param), (before, after)) in step.store.iter().zip(before.iter().zip(&after)) {
                let population = param.role == Role::Statistic && param.path.contains("population");
                // Normalized over the batch, `h_0` is one vector for all and has no effect.
                let without_effect = norm == Norm::named("batch") && param.path == "lstm/h_0";
                if !population && !without_effect {
                    assert_ne!(before, after, "{norm}: {}", param.path);
                }
            }
            let statistics = step.store.count(Role::Statistic);
            assert_eq!(
                statistics > 0,
                norm == Norm::named("batch"),
                "{norm}: {statistics} statistics"
            );
        }
    }

    #[test]
    fn the_gradients_are_clipped() {
        // Layer normalization of h_0 W_h = 0, a row without variance, multiplies gradients by 1 / √ε:
        // their norm is 69 here. Clipped, it is 1 but for the 1e-6 of the clipping's formula; and
        // with decay 0.9 the first mean squares are 0.1 g², whose sum is 0.1 times the squared norm.
        let device = Device::<f64>::reference();
        let mut step = TrainStep::new(&device, TrainStepConfig::TINY, Norm::named("layer"));
        step.run();
        let ids = step.store.iter().map(|(id, _)| id);
        let states = ids.flat_map(|id| step.optimizer.state(id).map(|(_, state)| state.to_vec()));
        let norm = (states.flatten().sum::<f64>() / 0.1).sqrt();
        assert!((norm - MAX_NORM).abs() < 1e-6, "{norm}");
    }

    #[test]
    #[should_panic(expected = "at least 1 step, example and class fit")]
    fn an_empty_batch_panics() {
        let config = TrainStepConfig {
            batch: 0,
            ..TrainStepConfig::TINY
        };
        TrainStep::<f32>::new(&Device::reference(), config, Norm::named("none"));
    }
}
