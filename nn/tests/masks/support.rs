//! Layers of every cell and normalization, and what a pass over them gives.

use std::sync::Arc;

use autodiff::{Device, Shape, Tape, Tensor, values};
use kernels::Cpu;
use nn::cell::{Gru, GruConfig, Layer, Lstm, LstmConfig, Rnn, RnnConfig, Sequence, Site, Sites};
use nn::context::{Context, Mode};
use nn::norm::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Normalizer, Padding, StepRows};
use nn::params::{ParamId, ParamStore, Role, Scope};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(41),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Rnn,
    Lstm,
    Gru,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Rnn, Self::Lstm, Self::Gru];

    pub fn sites(self) -> &'static [Site] {
        match self {
            Self::Rnn => &Rnn::<f64>::SITES,
            Self::Lstm => &Lstm::<f64>::SITES,
            Self::Gru => &Gru::<f64>::SITES,
        }
    }

    fn gates(self) -> usize {
        match self {
            Self::Rnn => 1,
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Norm {
    None,
    Layer,
    /// Sequence-wise ones have statistics for each step at all sites but `x`.
    Batch(StepRows, Padding),
}

/// Time steps with statistics of their own.
pub const T_MAX: usize = 3;
pub const PER_STEP: StepRows = StepRows::PerStep(T_MAX);
/// Weight of the old value in running averages.
pub const MOMENTUM: f64 = 0.9;
pub const EPSILON: f64 = 1e-5;
/// Elements of an input, and of a state.
pub const D: usize = 2;
pub const H: usize = 3;

/// A cell and its normalizers.
#[derive(Clone, Copy, Debug)]
pub struct Design {
    pub kind: Kind,
    pub norm: Norm,
    /// Bit `i` for the normalizer at the cell's site `i`.
    pub sites: u8,
    pub gamma: f64,
}

/// Every site.
pub const EVERYWHERE: u8 = u8::MAX;

impl Design {
    pub fn everywhere(kind: Kind, norm: Norm) -> Self {
        Self {
            kind,
            norm,
            sites: EVERYWHERE,
            gamma: 0.5,
        }
    }

    fn normalizer(&self, scope: &mut Scope<'_, f64>, site: Site) -> Option<Box<dyn Normalizer<f64>>> {
        let gates = match site {
            Site::H | Site::X | Site::Sum => self.kind.gates(),
            Site::C | Site::Carry | Site::Out => 1,
        };
        let mut scope = scope.within(&format!("norm_{}", site.name()));
        let (features, gamma, beta) = (gates * H, self.gamma, true);
        match self.norm {
            Norm::None => None,
            Norm::Layer => {
                let config = LayerNormConfig {
                    gamma,
                    beta,
                    epsilon: EPSILON,
                    ..LayerNormConfig::default()
                };
                Some(Box::new(LayerNorm::new(&mut scope, features, config)))
            }
            Norm::Batch(steps, padding) => {
                let steps = match steps {
                    StepRows::SequenceWise if site != Site::X => PER_STEP,
                    steps => steps,
                };
                let config = BatchNormConfig {
                    gamma,
                    beta,
                    epsilon: EPSILON,
                    momentum: MOMENTUM,
                    steps,
                    padding,
                    ..BatchNormConfig::default()
                };
                Some(Box::new(BatchNorm::new(&mut scope, features, config)))
            }
        }
    }

    /// The layer, for inputs of `input_size` elements.
    pub fn layer(&self, scope: &mut Scope<'_, f64>, input_size: usize) -> Layer<f64> {
        let mut sites = Sites::default();
        for (i, &site) in self.kind.sites().iter().enumerate() {
            if self.sites >> i & 1 == 1 {
                sites.set(site, self.normalizer(scope, site));
            }
        }
        match self.kind {
            Kind::Rnn => Layer::cell(Rnn::new(scope, &RnnConfig::new(input_size, H), sites)),
            Kind::Lstm => Layer::cell(Lstm::new(scope, &LstmConfig::new(input_size, H), sites)),
            Kind::Gru => Layer::cell(Gru::new(scope, &GruConfig::new(input_size, H), sites)),
        }
    }
}

/// Cells, normalizations and sites.
pub fn designs(norms: &'static [Norm]) -> impl Strategy<Value = Design> {
    let parts = (
        prop::sample::select(&Kind::ALL[..]),
        prop::sample::select(norms),
        any::<u8>(),
    );
    parts.prop_map(|(kind, norm, sites)| Design {
        sites,
        ..Design::everywhere(kind, norm)
    })
}

/// Layers that read upon each other, with their parameters.
pub struct Trial {
    pub store: ParamStore<f64>,
    pub layers: Vec<Layer<f64>>,
    pub rng: ChaCha8Rng,
}

/// All that a pass gives.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub h: Tensor<f64>,
    pub c: Option<Tensor<f64>>,
    pub last: Tensor<f64>,
    pub of_x: Tensor<f64>,
    /// Path and gradient of every parameter.
    pub gradients: Vec<(String, Tensor<f64>)>,
}

impl Trial {
    /// Parameters away from zeros and ones, and statistics that differ from step to step.
    pub fn new(device: &Device<f64>, make: impl FnOnce(&mut Scope<'_, f64>) -> Vec<Layer<f64>>) -> Self {
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let layers = make(&mut Scope::new(&mut store, &mut rng));
        let ids: Vec<ParamId> = store.iter().map(|(id, _)| id).collect();
        for id in ids {
            let param = store.entry(id);
            let (scale, shift) = match (param.role, param.path.rsplit('_').next()) {
                (Role::Statistic, Some("var")) => (0.4, 0.6),
                (Role::Statistic, Some("count")) => (0.0, 8.0),
                (Role::Statistic, _) => (0.3, 0.0),
                (Role::Trainable, _) => (0.2, f64::NAN),
            };
            let noise = values(10 + id.index() as u64, param.tensor.len());
            let old = param.tensor.to_vec().into_iter().zip(noise);
            let new = old.map(|(x, u)| if shift.is_nan() { x } else { shift } + scale * u);
            let new = device.tensor(param.tensor.shape(), &new.collect::<Vec<f64>>());
            *store.get_mut(id) = new;
        }
        Self { store, layers, rng }
    }

    pub fn of(device: &Device<f64>, design: &Design) -> Self {
        Self::new(device, |scope| vec![design.layer(&mut scope.within("cell"), D)])
    }

    /// Takes the tensors of the same paths from another.
    pub fn copy_from(&mut self, other: &Self) {
        let paths: Vec<String> = self.store.iter().map(|(_, param)| param.path.clone()).collect();
        for path in paths {
            let [to, from] = [&self.store, &other.store].map(|store| store.find(&path).expect("the path"));
            *self.store.get_mut(to) = other.store.get(from).clone();
        }
    }

    pub fn tensor(&self, path: &str) -> &Tensor<f64> {
        let id = self.store.find(path).unwrap_or_else(|| panic!("no `{path}`"));
        self.store.get(id)
    }

    pub fn set(&mut self, path: &str, tensor: Tensor<f64>) {
        let id = self.store.find(path).unwrap_or_else(|| panic!("no `{path}`"));
        assert_eq!(self.store.get(id).shape(), tensor.shape(), "{path}");
        *self.store.get_mut(id) = tensor;
    }

    /// A pass over `x [T, B, D]`, and the gradients of `Σ r h`, `r [T, B, H]`.
    pub fn run(
        &mut self,
        mode: Mode,
        x: &Tensor<f64>,
        lengths: Option<&[usize]>,
        r: &Tensor<f64>,
    ) -> Outcome {
        let tape = Tape::new(x.device());
        let mut context = Context::new(&tape, &mut self.store, mode, &mut self.rng);
        let x = tape.leaf(x.clone());
        let mut sequence = Sequence::from(x);
        if let Some(lengths) = lengths {
            sequence = sequence.with_lengths(lengths);
        }
        let mut states = self.layers[0].forward(&mut context, &sequence);
        for layer in &self.layers[1..] {
            states = layer.forward(&mut context, &sequence.with_input(states.h));
        }
        let mut gradients = tape.backward_from(&[(states.h, r.clone())]);
        let of_x = gradients.take(x).expect("a gradient of x");
        let gradients = context.param_gradients(gradients);
        let params = self.store.iter().filter_map(|(id, param)| {
            let gradient = gradients.get(id)?;
            Some((param.path.clone(), gradient.clone()))
        });
        Outcome {
            h: states.h.value(),
            c: states.c.map(|c| c.value()),
            last: states.last.value(),
            of_x,
            gradients: params.collect(),
        }
    }

    /// The hidden states of a pass without gradients.
    pub fn states(&mut self, mode: Mode, x: &Tensor<f64>, lengths: Option<&[usize]>) -> [Tensor<f64>; 2] {
        let tape = Tape::inference(x.device());
        let mut context = Context::new(&tape, &mut self.store, mode, &mut self.rng);
        let mut sequence = Sequence::from(tape.constant(x.clone()));
        if let Some(lengths) = lengths {
            sequence = sequence.with_lengths(lengths);
        }
        let mut states = self.layers[0].forward(&mut context, &sequence);
        for layer in &self.layers[1..] {
            states = layer.forward(&mut context, &sequence.with_input(states.h));
        }
        [states.h.value(), states.last.value()]
    }

    /// Path and value of every statistic.
    pub fn statistics(&self) -> Vec<(String, Tensor<f64>)> {
        let statistics = self
            .store
            .iter()
            .filter(|(_, param)| param.role == Role::Statistic);
        statistics
            .map(|(_, param)| (param.path.clone(), param.tensor.clone()))
            .collect()
    }

    /// Every bit of the store.
    pub fn snapshot(&self) -> Vec<Vec<u64>> {
        self.store.iter().map(|(_, param)| bits(&param.tensor)).collect()
    }
}

pub fn bits(tensor: &Tensor<f64>) -> Vec<u64> {
    tensor.to_vec().iter().map(|x| x.to_bits()).collect()
}

pub fn devices() -> [Device<f64>; 2] {
    [Device::reference(), Device::new(Arc::new(Cpu::new(2)))]
}

/// Reproducible numbers between −1 and 1.
pub fn random(device: &Device<f64>, shape: impl Into<Shape>, seed: u64) -> Tensor<f64> {
    let shape = shape.into();
    device.tensor(shape, &values(seed, shape.len()))
}

/// `to [T', B', F]` with all elements `value`, but those of `from [T, B, F]` at the steps that the
/// sequences have.
pub fn placed(from: &Tensor<f64>, lengths: &[usize], [steps, batch]: [usize; 2], value: f64) -> Tensor<f64> {
    let features = from.shape().last();
    let (rows, given) = (from.shape().extent(1), from.to_vec());
    let mut to = vec![value; steps * batch * features];
    for (b, &length) in lengths.iter().enumerate() {
        for t in 0..length {
            let (a, z) = ((t * rows + b) * features, (t * batch + b) * features);
            to[z..z + features].copy_from_slice(&given[a..a + features]);
        }
    }
    from.device().tensor([steps, batch, features], &to)
}

/// Row `b` of `x [T, B, F]` over its first `length` steps, `[length, 1, F]`.
pub fn row(x: &Tensor<f64>, b: usize, length: usize) -> Tensor<f64> {
    x.slice(1, b..b + 1).slice(0, 0..length)
}

#[track_caller]
pub fn assert_close(what: &str, got: &Tensor<f64>, want: &Tensor<f64>, tolerance: f64) {
    assert_eq!(got.shape(), want.shape(), "{what}");
    for (i, (got, want)) in got.to_vec().iter().zip(want.to_vec()).enumerate() {
        let error = (got - want).abs();
        assert!(
            error <= tolerance,
            "{what}, element {i}: {got}, not {want}: off by {error:e}"
        );
    }
}

#[track_caller]
pub fn assert_same_bits(what: &str, got: &Tensor<f64>, want: &Tensor<f64>) {
    assert_eq!(got.shape(), want.shape(), "{what}");
    assert_eq!(
        bits(got),
        bits(want),
        "{what}: {:?}, not {:?}",
        got.to_vec(),
        want.to_vec()
    );
}
