//! Models and data that the tests share.

use std::sync::Arc;

use autodiff::{Device, Shape, Tape, Tensor, Var, values};
use kernels::{Cpu, Indices, Real};
use nn::cell::{Cell, Lstm, LstmConfig, Sites};
use nn::clip::clip_global_norm;
use nn::context::{Context, Mode};
use nn::init::Initializer;
use nn::linear::Linear;
use nn::norm::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Normalizer, StepRows};
use nn::optimizer::{Denominator, Optimizer, OptimizerConfig};
use nn::params::{ParamId, ParamStore, Role, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Norm {
    None,
    Batch,
    Layer,
}

/// Names of the sites, in the order of [`Design::sites`].
pub const SITES: [&str; 3] = ["h", "x", "c"];

/// What a [`Model`] looks like.
#[derive(Clone, Copy, Debug)]
pub struct Design {
    pub sites: [Norm; 3],
    pub input_size: usize,
    pub hidden_size: usize,
    pub gamma: f64,
    pub epsilon: f64,
    /// Time steps with statistics of their own.
    pub steps: StepRows,
    pub initial_noise: f64,
}

/// One row for each of several steps; a single one is shared.
pub fn rows_of(steps: usize) -> StepRows {
    match steps {
        1 => StepRows::Shared,
        steps => StepRows::PerStep(steps),
    }
}

impl Design {
    /// D = 2, H = 3, statistics for 4 steps, without noise.
    pub fn new(sites: [Norm; 3], gamma: f64) -> Self {
        Self {
            sites,
            input_size: 2,
            hidden_size: 3,
            gamma,
            epsilon: 1e-5,
            steps: StepRows::PerStep(4),
            initial_noise: 0.0,
        }
    }

    fn site<T: Real>(&self, scope: &mut Scope<'_, T>, site: usize) -> Option<Box<dyn Normalizer<T>>> {
        let mut scope = scope.within(SITES[site]);
        let features = [4, 4, 1][site] * self.hidden_size;
        let Self {
            gamma,
            epsilon,
            steps,
            ..
        } = *self;
        let (beta, momentum) = (true, 0.9);
        match self.sites[site] {
            Norm::None => None,
            Norm::Batch => {
                let config = BatchNormConfig {
                    gamma,
                    beta,
                    epsilon,
                    momentum,
                    steps,
                    ..BatchNormConfig::default()
                };
                Some(Box::new(BatchNorm::new(&mut scope, features, config)))
            }
            Norm::Layer => {
                let config = LayerNormConfig {
                    gamma,
                    beta,
                    epsilon,
                    ..LayerNormConfig::default()
                };
                Some(Box::new(LayerNorm::new(&mut scope, features, config)))
            }
        }
    }
}

/// Classes that the head of a [`Model`] tells apart.
pub const CLASSES: usize = 3;

/// An LSTM with a head on its last state.
pub struct Model<T: Real> {
    pub store: ParamStore<T>,
    pub lstm: Lstm<T>,
    pub head: Linear,
    pub rng: ChaCha8Rng,
}

impl<T: Real> Model<T> {
    pub fn new(device: &Device<T>, design: &Design, seed: u64) -> Self {
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut scope = Scope::new(&mut store, &mut rng);
        let mut lstm = scope.within("lstm");
        let [h, x, c] = [0, 1, 2].map(|site| design.site(&mut lstm, site));
        let sites = Sites {
            h,
            x,
            c,
            ..Sites::default()
        };
        let config = LstmConfig {
            initial_noise: design.initial_noise,
            ..LstmConfig::new(design.input_size, design.hidden_size)
        };
        let lstm = Lstm::new(&mut lstm, &config, sites);
        let glorot = Initializer::Glorot;
        let head = Linear::new(&mut scope.within("head"), design.hidden_size, CLASSES, &glorot);
        Self {
            store,
            lstm,
            head,
            rng,
        }
    }

    /// The same with every trainable parameter moved by up to 0.3, in proportion if it is a gamma:
    /// as training would, it leaves no vector at zeros.
    pub fn learned(device: &Device<T>, design: &Design, seed: u64) -> Self {
        let mut model = Self::new(device, design, seed);
        for id in trainable(&model.store) {
            let tensor = model.store.get_mut(id);
            let noise = values(seed + 100 * id.index() as u64, tensor.len());
            let gamma = T::of(design.gamma);
            let is_gamma = tensor.to_vec().iter().all(|&x| x == gamma);
            let scale = if is_gamma { 0.3 * design.gamma } else { 0.3 };
            let moved = tensor.to_vec().into_iter().zip(noise);
            let moved: Vec<T> = moved.map(|(x, noise)| x + T::of(scale * noise)).collect();
            *tensor = device.tensor(tensor.shape(), &moved);
        }
        model
    }

    pub fn logits<'t>(&mut self, tape: &'t Tape<T>, mode: Mode, x: &Tensor<T>) -> Var<'t, T> {
        let mut context = Context::new(tape, &mut self.store, mode, &mut self.rng);
        let last = self
            .lstm
            .forward(&mut context, &tape.constant(x.clone()).into())
            .last;
        self.head.forward(&mut context, last)
    }

    /// One update with clipped gradients of the cross-entropy.
    pub fn train(&mut self, optimizer: &mut Optimizer<T>, x: &Tensor<T>, targets: &Arc<Indices>) {
        let tape = Tape::new(x.device());
        let mut context = Context::new(&tape, &mut self.store, Mode::Train, &mut self.rng);
        let last = self
            .lstm
            .forward(&mut context, &tape.constant(x.clone()).into())
            .last;
        let loss = self.head.forward(&mut context, last).cross_entropy(targets);
        let mut gradients = context.param_gradients(tape.backward(loss));
        clip_global_norm(&mut gradients, T::of(0.5));
        optimizer.step(&mut self.store, &gradients);
    }
}

/// RMSProp with all the state that it can have.
pub const RMSPROP: OptimizerConfig = OptimizerConfig::RmsProp {
    learning_rate: 0.01,
    decay: 0.9,
    epsilon: 1e-6,
    momentum: 0.5,
    centred: true,
    denominator: Denominator::RootPlusEpsilon,
};

/// Reproducible numbers between −1 and 1.
pub fn random<T: Real>(device: &Device<T>, shape: impl Into<Shape>, seed: u64) -> Tensor<T> {
    let shape = shape.into();
    let numbers: Vec<T> = values(seed, shape.len()).into_iter().map(T::of).collect();
    device.tensor(shape, &numbers)
}

/// Classes for a batch, one after another.
pub fn targets<T: Real>(device: &Device<T>, batch: usize) -> Arc<Indices> {
    let targets: Vec<u32> = (0..batch).map(|b| (b % CLASSES) as u32).collect();
    device.indices(&targets)
}

pub fn trainable<T: Real>(store: &ParamStore<T>) -> Vec<ParamId> {
    let trainable = store.iter().filter(|(_, param)| param.role == Role::Trainable);
    trainable.map(|(id, _)| id).collect()
}

pub fn path<T: Real>(store: &ParamStore<T>, id: ParamId) -> &str {
    &store.entry(id).path
}

/// All bits of a store, by path.
pub fn snapshot<T: Real>(store: &ParamStore<T>) -> Vec<(String, Vec<u64>)> {
    let params = store
        .iter()
        .map(|(_, param)| (param.path.clone(), bits(&param.tensor)));
    params.collect()
}

/// Elements bit by bit; the conversion to `f64` is exact.
pub fn bits<T: Real>(tensor: &Tensor<T>) -> Vec<u64> {
    tensor.to_vec().iter().map(|x| x.as_f64().to_bits()).collect()
}

/// Both devices in double precision.
pub fn devices() -> [Device<f64>; 2] {
    [Device::reference(), Device::new(Arc::new(Cpu::new(2)))]
}

#[track_caller]
pub fn assert_close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (got - want).abs();
        assert!(
            error <= tolerance,
            "element {i}: {got}, not {want}: off by {error:e}"
        );
    }
}
