//! Layers of a text, and what a pass over them gives.

use std::sync::Arc;

use autodiff::{Device, Shape, Tape, Tensor, values};
use bnlstm::cell::{Cell, Site};
use bnlstm::config::{ModelConfig, RecurrentInit};
use bnlstm::list::combinations;
use bnlstm::normalization::{Normalization, Place, Sites, VARIANTS};
use bnlstm::regularization::Regularization;
use bnlstm::task::{Head, Input, Interface};
use kernels::{Cpu, Real};
use nn::cell::{Layer, Sequence, States};
use nn::context::{Context, Mode};
use nn::norm::Normalizer;
use nn::params::{ParamId, ParamStore, Role, Scope};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Time steps with statistics of their own.
pub const T_MAX: usize = 3;
/// Elements of an input.
pub const D: usize = 2;
/// Units; the default number of groups divides them.
pub const H: usize = 8;

pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(43),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Options that change what is computed, and several sites together.
const OPTIONS: [&str; 8] = [
    "batch(stats=shared)",
    "batch(stats=sequence-wise)",
    "batch-renorm(start=0,ramp=0,rmax=2,dmax=1)",
    "batch-renorm(stats=shared)",
    "layer(groups=gate)",
    "rms(groups=gate)",
    "assorted-time(window=2,groups=gate)",
    "online(control=off)",
];

/// Every normalization at each single site of a cell, each bare name, and [`OPTIONS`].
pub fn texts(cell: Cell) -> Vec<String> {
    let alone = combinations().filter(|combination| combination.cell == cell);
    let alone: Vec<String> = alone.map(|combination| combination.text()).collect();
    assert!(alone.len() > 20, "{} combinations", alone.len());
    let bare = VARIANTS.iter().map(|variant| variant.name.to_owned());
    let options = OPTIONS.iter().map(|&text| text.to_owned());
    alone.into_iter().chain(bare).chain(options).collect()
}

/// [`texts`] of all cells.
pub fn designs() -> Vec<(Cell, String)> {
    let of = |cell: Cell| texts(cell).into_iter().map(move |text| (cell, text));
    Cell::ALL.into_iter().flat_map(of).collect()
}

pub fn interface(input_size: usize) -> Interface {
    Interface {
        input: Input::Numbers(input_size),
        steps: T_MAX,
        head: Head::Class(2),
    }
}

/// One layer with the normalization of a text.
pub fn model(cell: Cell, text: &str, hidden_size: usize) -> ModelConfig {
    ModelConfig {
        normalization: Sites::parse(cell, text).unwrap_or_else(|error| panic!("{error}")),
        regularization: Regularization::default(),
        hidden_size,
        layers: 1,
        bidirectional: false,
        recurrent_init: RecurrentInit::Orthogonal,
        forget_bias: 1.0,
        initial_noise: 0.0,
        reader: None,
    }
}

/// A layer and its parameters.
pub struct Trial<T: Real> {
    pub store: ParamStore<T>,
    pub layer: Layer<T>,
    pub rng: ChaCha8Rng,
}

/// How a layer runs.
#[derive(Clone, Copy, Debug)]
pub enum How {
    Fast,
    BySteps,
}

/// Tensors by name.
pub type Named<T> = Vec<(String, Tensor<T>)>;

/// All that a pass gives.
pub struct Outcome<T: Real> {
    pub h: Tensor<T>,
    pub last: Tensor<T>,
    /// `c`, if there is one.
    pub c: Option<Tensor<T>>,
    pub of_x: Tensor<T>,
    /// Of every parameter, by path.
    pub gradients: Named<T>,
}

impl<T: Real> Trial<T> {
    pub fn new(device: &Device<T>, make: impl FnOnce(&mut Scope<'_, T>) -> Layer<T>) -> Self {
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let layer = make(&mut Scope::new(&mut store, &mut rng));
        move_away(&mut store);
        Self { store, layer, rng }
    }

    pub fn of(device: &Device<T>, model: &ModelConfig) -> Self {
        Self::new(device, |scope| model.layers(scope, interface(D)))
    }

    /// A pass over `x [T, B, D]`, and the gradients of `Σ r (h + c) + Σ r_1 last`, `r [T, B, H]`.
    pub fn run(
        &mut self,
        mode: Mode,
        how: How,
        x: &Tensor<T>,
        lengths: Option<&[usize]>,
        r: &Tensor<T>,
    ) -> Outcome<T> {
        let tape = Tape::new(x.device());
        let mut context = Context::new(&tape, &mut self.store, mode, &mut self.rng);
        let x = tape.leaf(x.clone());
        let States { h, c, last, .. } = forward(&self.layer, &mut context, how, sequence(x.into(), lengths));
        let mut seeds = vec![(h, r.clone()), (last, r.row(0))];
        seeds.extend(c.map(|c| (c, r.clone())));
        let mut gradients = tape.backward_from(&seeds);
        let of_x = gradients.take(x).expect("a gradient of x");
        let gradients = context.param_gradients(gradients);
        let params = self.store.iter().filter_map(|(id, param)| {
            let gradient = gradients.get(id)?;
            Some((param.path.clone(), gradient.clone()))
        });
        Outcome {
            h: h.value(),
            last: last.value(),
            c: c.map(|c| c.value()),
            of_x,
            gradients: params.collect(),
        }
    }

    /// All states of a pass without gradients: `h`, `last`, and `c` if there is one.
    pub fn states(&mut self, mode: Mode, x: &Tensor<T>, lengths: Option<&[usize]>) -> Vec<Tensor<T>> {
        let tape = Tape::inference(x.device());
        let mut context = Context::new(&tape, &mut self.store, mode, &mut self.rng);
        let input = sequence(tape.constant(x.clone()).into(), lengths);
        let States { h, c, last, .. } = forward(&self.layer, &mut context, How::Fast, input);
        let all = [Some(h), Some(last), c].into_iter().flatten();
        all.map(|state| state.value()).collect()
    }

    pub fn statistics(&self) -> Named<T> {
        let all = self
            .store
            .iter()
            .filter(|(_, param)| param.role == Role::Statistic);
        all.map(|(_, param)| (param.path.clone(), param.tensor.copy()))
            .collect()
    }

    pub fn set(&mut self, path: &str, tensor: Tensor<T>) {
        let id = self.store.find(path).unwrap_or_else(|| panic!("no `{path}`"));
        assert_eq!(self.store.get(id).shape(), tensor.shape(), "{path}");
        *self.store.get_mut(id) = tensor;
    }

    /// Every bit of the store, by path.
    pub fn snapshot(&self) -> Vec<(String, Vec<u64>)> {
        let all = self.store.iter();
        all.map(|(_, param)| (param.path.clone(), bits(&param.tensor)))
            .collect()
    }
}

impl<T: Real> Outcome<T> {
    /// Everything, and the statistics after it.
    pub fn named(self, statistics: Named<T>) -> Named<T> {
        let gradients = self.gradients.into_iter();
        let states = [("h", Some(self.h)), ("last", Some(self.last)), ("c", self.c)];
        let states = states
            .into_iter()
            .filter_map(|(name, state)| Some((name.to_owned(), state?)));
        states
            .chain([("gradient of x".to_owned(), self.of_x)])
            .chain(gradients.map(|(path, tensor)| (format!("gradient of {path}"), tensor)))
            .chain(statistics)
            .collect()
    }
}

fn sequence<'t, T: Real>(input: Sequence<'t, T>, lengths: Option<&[usize]>) -> Sequence<'t, T> {
    match lengths {
        Some(lengths) => input.with_lengths(lengths),
        None => input,
    }
}

fn forward<'t, T: Real>(
    layer: &Layer<T>,
    context: &mut Context<'t, '_, T>,
    how: How,
    input: Sequence<'t, T>,
) -> States<'t, T> {
    match how {
        How::Fast => layer.forward(context, &input),
        How::BySteps => layer.forward_by_steps(context, &input),
    }
}

/// Zeros and ones would hide errors: parameters are moved a little, statistics differ from step to
/// step. Counts of updates stay as they are.
pub fn move_away<T: Real>(store: &mut ParamStore<T>) {
    let ids: Vec<ParamId> = store.iter().map(|(id, _)| id).collect();
    for id in ids {
        let param = store.entry(id);
        let name = param.path.rsplit('/').next().unwrap_or_default();
        let (keep, scale, shift) = match (param.role, name) {
            (Role::Trainable, _) => (1.0, 0.2, 0.0),
            (Role::Statistic, "updates") => continue,
            (Role::Statistic, name) if name.ends_with("count") => (0.0, 0.0, 8.0),
            (Role::Statistic, name) if name.ends_with("var") => (0.0, 0.4, 0.6),
            (Role::Statistic, _) => (0.0, 0.1, 0.0),
        };
        let noise = values(10 + id.index() as u64, param.tensor.len());
        let old = param.tensor.to_vec().into_iter().zip(noise);
        let new = old.map(|(x, u)| T::of(keep * x.as_f64() + scale * u + shift));
        let new: Vec<T> = new.collect();
        *store.get_mut(id) = param.tensor.device().tensor(param.tensor.shape(), &new);
    }
}

/// A single normalizer, as it stands at a site of an LSTM with [`H`] units, without `β`.
pub struct Single {
    pub store: ParamStore<f64>,
    pub norm: Box<dyn Normalizer<f64>>,
    pub rng: ChaCha8Rng,
}

impl Single {
    pub fn new(device: &Device<f64>, text: &str, site: Site) -> Self {
        let normalization: Normalization = text.parse().unwrap_or_else(|error| panic!("{error}"));
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let place = Place {
            cell: Cell::Lstm,
            site,
            features: features(site),
            gates: if site.is_gate_term() { 4 } else { 1 },
            beta: false,
            steps: T_MAX,
            forget_bias: 1.0,
        };
        let norm = normalization.build(&mut Scope::new(&mut store, &mut rng).within("norm"), place);
        Self {
            store,
            norm: norm.expect("a normalization"),
            rng,
        }
    }
}

/// Values of an example at a site of an LSTM.
pub fn features(site: Site) -> usize {
    Cell::Lstm.features(site, H)
}

pub fn devices() -> [Device<f64>; 2] {
    [Device::reference(), Device::new(Arc::new(Cpu::new(2)))]
}

/// Reproducible numbers between −1 and 1.
pub fn random<T: Real>(device: &Device<T>, shape: impl Into<Shape>, seed: u64) -> Tensor<T> {
    let shape = shape.into();
    let numbers: Vec<T> = values(seed, shape.len()).into_iter().map(T::of).collect();
    device.tensor(shape, &numbers)
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

pub fn bits<T: Real>(tensor: &Tensor<T>) -> Vec<u64> {
    tensor.to_vec().iter().map(|x| x.as_f64().to_bits()).collect()
}

#[track_caller]
pub fn assert_finite<T: Real>(what: &str, x: &Tensor<T>) {
    let all = x.to_vec();
    assert!(all.iter().all(|x| x.is_finite()), "{what}: {all:?}");
}

#[track_caller]
pub fn assert_same_bits<T: Real>(what: &str, got: &Named<T>, want: &Named<T>) {
    assert_eq!(got.len(), want.len(), "{what}");
    for ((name, got), (_, want)) in got.iter().zip(want) {
        assert_eq!(got.shape(), want.shape(), "{what}: {name}");
        assert!(bits(got) == bits(want), "{what}: {name}: {got:?}, not {want:?}");
    }
}

pub fn largest<T: Real>(x: &Tensor<T>) -> f64 {
    x.to_vec().iter().fold(0.0, |max, x| max.max(x.as_f64().abs()))
}

/// Every element up to `tolerance` times the largest of its tensor. Gradients that moments cancel are
/// rounding: it is relative to the largest of all gradients.
#[track_caller]
pub fn assert_close<T: Real>(what: &str, got: &Named<T>, want: &Named<T>, tolerance: f64) {
    assert_eq!(got.len(), want.len(), "{what}");
    let gradients = want.iter().filter(|(name, _)| name.starts_with("gradient"));
    let of_gradients = gradients.map(|(_, x)| largest(x)).fold(0.0, f64::max);
    for ((name, got), (_, want)) in got.iter().zip(want) {
        assert_eq!(got.shape(), want.shape(), "{what}: {name}");
        let scale = match largest(want) {
            small if name.starts_with("gradient") && small < 1e-6 * of_gradients => of_gradients,
            scale => scale,
        };
        for (i, (got, want)) in got.to_vec().iter().zip(want.to_vec()).enumerate() {
            let error = (*got - want).as_f64().abs();
            assert!(
                error <= tolerance * scale,
                "{what}: {name}, element {i}: {got}, not {want}: off by {error:e}"
            );
        }
    }
}
