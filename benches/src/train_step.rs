//! One training step of an LSTM classifier.

use std::fmt;
use std::sync::Arc;

use autodiff::{Device, Tape, Tensor};
use kernels::{Indices, Real};
use nn::clip::clip_global_norm;
use nn::context::{Context, Mode};
use nn::init::{Gates, Initializer};
use nn::linear::Linear;
use nn::lstm::{GATE_G, Lstm, LstmConfig, LstmSites};
use nn::norm::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Normalizer};
use nn::optimizer::{Denominator, Optimizer, OptimizerConfig};
use nn::params::{ParamStore, Scope};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Joint norm to which the gradients are clipped.
const MAX_NORM: f64 = 1.0;

/// RMSProp with steps so small that the last of a hundred thousand is like the first: with an
/// ordinary learning rate the batch is known by heart after a few thousand, and most gradients of
/// those that are measured vanish.
const OPTIMIZER: OptimizerConfig = OptimizerConfig::RmsProp {
    learning_rate: 1e-6,
    decay: 0.9,
    epsilon: 1e-8,
    momentum: 0.0,
    centred: false,
    denominator: Denominator::RootPlusEpsilon,
};

/// Sizes of a classifier and of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainStepConfig {
    /// `T`, time steps of the sequences.
    pub steps: usize,
    /// `B`, sequences in the batch.
    pub batch: usize,
    /// `D`, elements of an input.
    pub input_size: usize,
    /// `H`, units of the LSTM.
    pub hidden_size: usize,
    /// Number of classes.
    pub classes: usize,
}

impl TrainStepConfig {
    /// A model that trains in seconds on small images.
    pub const SMALL: Self = Self {
        steps: 64,
        batch: 64,
        input_size: 8,
        hidden_size: 64,
        classes: 10,
    };
    /// So little arithmetic that what surrounds it is measured.
    pub const TINY: Self = Self {
        steps: 8,
        batch: 8,
        input_size: 4,
        hidden_size: 8,
        classes: 10,
    };
}

/// Normalization at all three sites of the LSTM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// None at any site.
    None,
    /// Batch normalization with statistics for each time step and γ = 0.1.
    Batch,
    /// Layer normalization with γ = 1.
    Layer,
}

impl Norm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Batch, Self::Layer];

    /// The normalizer of `features` elements at the site `name`, for sequences of `steps` steps.
    fn site<T: Real>(self, scope: &mut Scope<'_, T>, name: &str, features: usize, steps: usize) -> Site<T> {
        let mut scope = scope.within(name);
        // The bias of the gates serves both of their terms.
        let beta = name == "c";
        match self {
            Self::None => None,
            Self::Batch => {
                let config = BatchNormConfig {
                    gamma: 0.1,
                    beta,
                    steps,
                    ..BatchNormConfig::default()
                };
                Some(Box::new(BatchNorm::new(&mut scope, features, config)))
            }
            Self::Layer => {
                let config = LayerNormConfig {
                    beta,
                    ..LayerNormConfig::default()
                };
                Some(Box::new(LayerNorm::new(&mut scope, features, config)))
            }
        }
    }
}

type Site<T> = Option<Box<dyn Normalizer<T>>>;

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Batch => "batch",
            Self::Layer => "layer",
        })
    }
}

/// A classifier of sequences by the last state of an LSTM, with a batch of noise to
/// learn by heart.
///
/// ```
/// use autodiff::Device;
/// use benches::{Norm, TrainStep, TrainStepConfig};
///
/// let device = Device::<f32>::reference();
/// let mut step = TrainStep::new(&device, TrainStepConfig::TINY, Norm::Batch);
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
    /// `[T, B, D]`
    x: Tensor<T>,
    /// `[B]`
    targets: Arc<Indices>,
}

impl<T: Real> TrainStep<T> {
    /// A classifier with new weights and a batch, always the same ones.
    ///
    /// # Panics
    /// If the batch holds no example, the sequences no step, or there are no classes; with
    /// [`Norm::Batch`], training panics for a batch of one example.
    #[track_caller]
    pub fn new(device: &Device<T>, config: TrainStepConfig, norm: Norm) -> Self {
        let TrainStepConfig {
            steps,
            batch,
            input_size,
            hidden_size,
            classes,
        } = config;
        let smallest = steps.min(batch).min(classes);
        assert!(
            smallest > 0,
            "train step: {config:?}; at least 1 step, example and class fit"
        );
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut store = ParamStore::new(device);
        let mut scope = Scope::new(&mut store, &mut rng);
        let lstm = lstm(&mut scope.within("lstm"), config, norm);
        let head = Linear::new(
            &mut scope.within("head"),
            hidden_size,
            classes,
            &Initializer::Glorot,
        );
        let x = (0..steps * batch * input_size).map(|_| T::of(rng.random_range(-1.0..1.0)));
        let x = device.tensor([steps, batch, input_size], &x.collect::<Vec<_>>());
        let targets: Vec<u32> = (0..batch).map(|example| (example % classes) as u32).collect();
        Self {
            tape: Tape::new(device),
            optimizer: Optimizer::new(OPTIMIZER, &store),
            targets: device.indices(&targets),
            store,
            rng,
            lstm,
            head,
            x,
        }
    }

    /// One training step: forward pass with running statistics, backward pass, clipping, RMSProp.
    /// Gives the loss before the update in nats, `[1]`, which stays on the device.
    pub fn run(&mut self) -> Tensor<T> {
        let mut context = Context::new(&self.tape, &mut self.store, Mode::Train, &mut self.rng);
        let x = self.tape.constant(self.x.clone());
        let last = self.lstm.forward(&mut context, x).last();
        let loss = self.head.forward(&mut context, last).cross_entropy(&self.targets);
        let value = loss.value();
        let mut gradients = context.param_gradients(self.tape.backward(loss));
        clip_global_norm(&mut gradients, T::of(MAX_NORM));
        self.optimizer.step(&mut self.store, &gradients);
        self.tape.clear();
        value
    }
}

/// An LSTM with `norm` at each site, initialized as in the released code of Cooijmans et al. 2016:
/// the block of `W_h` for `g` the identity, the others orthogonal, forget bias 1.
#[track_caller]
fn lstm<T: Real>(scope: &mut Scope<'_, T>, config: TrainStepConfig, norm: Norm) -> Lstm<T> {
    let TrainStepConfig {
        steps,
        input_size,
        hidden_size,
        ..
    } = config;
    let sites = LstmSites {
        recurrent: norm.site(scope, "h", 4 * hidden_size, steps),
        input: norm.site(scope, "x", 4 * hidden_size, steps),
        cell: norm.site(scope, "c", hidden_size, steps),
    };
    let config = LstmConfig {
        recurrent_weight: Gates::orthogonal_but_identity(4, GATE_G),
        ..LstmConfig::new(input_size, hidden_size)
    };
    Lstm::new(scope, &config, sites)
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
    fn a_step_lowers_the_loss() {
        for device in devices() {
            for norm in Norm::ALL {
                let mut step = TrainStep::new(&device, TrainStepConfig::TINY, norm);
                let (first, second): (f32, f32) = (step.run().item(), step.run().item());
                assert!(second < first, "{norm}: {first}, then {second}");
            }
        }
    }

    /// A step that left a part out would be measured too fast.
    #[test]
    fn a_step_moves_every_parameter_and_every_running_average() {
        for norm in Norm::ALL {
            let device = Device::<f64>::reference();
            let mut step = TrainStep::new(&device, TrainStepConfig::TINY, norm);
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
                let without_effect = norm == Norm::Batch && param.path == "lstm/h_0";
                if !population && !without_effect {
                    assert_ne!(before, after, "{norm}: {}", param.path);
                }
            }
            let statistics = step.store.count(Role::Statistic);
            assert_eq!(
                statistics > 0,
                norm == Norm::Batch,
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
        let mut step = TrainStep::new(&device, TrainStepConfig::TINY, Norm::Layer);
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
        TrainStep::<f32>::new(&Device::reference(), config, Norm::None);
    }
}
