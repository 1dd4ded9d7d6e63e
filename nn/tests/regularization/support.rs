//! Cells and passes that the tests share.

use std::sync::Arc;

use autodiff::{Device, Shape, Tape, Tensor, values};
use kernels::{Cpu, Real};
use nn::cell::{Gru, GruConfig, Layer, Lstm, LstmConfig, Rnn, RnnConfig, Sequence, Sites};
use nn::context::{Context, Mode, Statistics};
use nn::params::{ParamId, ParamStore, Role, Scope};
use nn::regularization::Regularization;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

pub const NONE: Regularization = Regularization {
    zoneout_h: 0.0,
    zoneout_c: 0.0,
    recurrent_dropout: 0.0,
    variational_x: 0.0,
    variational_h: 0.0,
    weight_drop: 0.0,
};
pub const EVAL: Mode = Mode::Eval(Statistics::Running);
pub const CELLS: [Kind; 3] = [Kind::Rnn, Kind::Lstm, Kind::Gru];
/// `D` and `H`
pub const INPUT: usize = 3;
pub const HIDDEN: usize = 17;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Rnn,
    Lstm,
    Gru,
}

impl Kind {
    /// Each setting that the cell has, alone, then all together.
    pub fn choices(self, p: f64) -> Vec<(&'static str, Regularization)> {
        let known: &[&str] = match self {
            Self::Rnn => &Rnn::<f64>::REGULARIZATION,
            Self::Lstm => &Lstm::<f64>::REGULARIZATION,
            Self::Gru => &Gru::<f64>::REGULARIZATION,
        };
        let mut all = NONE;
        let mut choices = Vec::new();
        for &name in known {
            let mut one = NONE;
            *setting(&mut one, name) = p;
            *setting(&mut all, name) = p;
            choices.push((name, one));
        }
        choices.push(("all", all));
        choices
    }
}

/// A setting by name.
pub fn setting<'a>(regularization: &'a mut Regularization, name: &str) -> &'a mut f64 {
    match name {
        "zoneout_h" => &mut regularization.zoneout_h,
        "zoneout_c" => &mut regularization.zoneout_c,
        "recurrent_dropout" => &mut regularization.recurrent_dropout,
        "variational_x" => &mut regularization.variational_x,
        "variational_h" => &mut regularization.variational_h,
        "weight_drop" => &mut regularization.weight_drop,
        _ => panic!("no setting {name}"),
    }
}

/// A cell with its parameters.
pub struct Model<T: Real> {
    pub store: ParamStore<T>,
    pub layer: Layer<T>,
}

/// What a pass has computed, and where it left the source of randomness.
#[derive(Debug, PartialEq)]
pub struct Run<T: Real> {
    /// `[T, B, H]`
    pub h: Vec<T>,
    /// `[T, B, H]`, or nothing.
    pub c: Vec<T>,
    pub rng: ChaCha8Rng,
}

impl<T: Real> Model<T> {
    /// Without normalizers, with parameters away from 0.
    pub fn new(device: &Device<T>, kind: Kind, regularization: Regularization) -> Self {
        Self::with_sites(device, kind, regularization, |_| Sites::default())
    }

    pub fn with_sites(
        device: &Device<T>,
        kind: Kind,
        regularization: Regularization,
        sites: impl FnOnce(&mut Scope<'_, T>) -> Sites<T>,
    ) -> Self {
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut scope = Scope::new(&mut store, &mut rng);
        let sites = sites(&mut scope);
        let layer = match kind {
            Kind::Rnn => {
                let config = RnnConfig {
                    regularization,
                    ..RnnConfig::new(INPUT, HIDDEN)
                };
                Layer::cell(Rnn::new(&mut scope, &config, sites))
            }
            Kind::Lstm => {
                let config = LstmConfig {
                    regularization,
                    ..LstmConfig::new(INPUT, HIDDEN)
                };
                Layer::cell(Lstm::new(&mut scope, &config, sites))
            }
            Kind::Gru => {
                let config = GruConfig {
                    regularization,
                    ..GruConfig::new(INPUT, HIDDEN)
                };
                Layer::cell(Gru::new(&mut scope, &config, sites))
            }
        };
        let mut model = Self { store, layer };
        for id in model.trainable() {
            let tensor = model.store.get(id);
            let noise = values(100 + id.index() as u64, tensor.len());
            let moved = tensor.to_vec().into_iter().zip(noise);
            let moved: Vec<T> = moved.map(|(x, noise)| x + T::of(0.3 * noise)).collect();
            model.set(id, &moved);
        }
        model
    }

    pub fn trainable(&self) -> Vec<ParamId> {
        let trainable = self
            .store
            .iter()
            .filter(|(_, param)| param.role == Role::Trainable);
        trainable.map(|(id, _)| id).collect()
    }

    pub fn id(&self, path: &str) -> ParamId {
        self.store.find(path).expect("a parameter of the cell")
    }

    pub fn set(&mut self, id: ParamId, numbers: &[T]) {
        let shape = self.store.get(id).shape();
        *self.store.get_mut(id) = self.store.device().tensor(shape, numbers);
    }

    pub fn run(&mut self, mode: Mode, x: &Tensor<T>, seed: u64) -> Run<T> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let tape = Tape::inference(x.device());
        let mut context = Context::new(&tape, &mut self.store, mode, &mut rng);
        let input = Sequence::from(tape.constant(x.clone()));
        let states = self.layer.forward(&mut context, &input);
        Run {
            h: states.h.value().to_vec(),
            c: states.c.map(|c| c.value().to_vec()).unwrap_or_default(),
            rng,
        }
    }
}

/// What `f` draws in a pass of training with this seed.
pub fn drawn(
    seed: u64,
    f: impl for<'t> FnOnce(&mut Context<'t, '_, f64>) -> Option<autodiff::Var<'t, f64>>,
) -> Vec<f64> {
    let device = Device::reference();
    let (mut store, mut rng) = (ParamStore::new(&device), ChaCha8Rng::seed_from_u64(seed));
    let tape = Tape::inference(&device);
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    f(&mut context).expect("a mask").value().to_vec()
}

/// Reproducible numbers between −1 and 1.
pub fn random<T: Real>(device: &Device<T>, shape: impl Into<Shape>, seed: u64) -> Tensor<T> {
    let shape = shape.into();
    let numbers: Vec<T> = values(seed, shape.len()).into_iter().map(T::of).collect();
    device.tensor(shape, &numbers)
}

/// Both devices in double precision.
pub fn devices() -> [Device<f64>; 2] {
    [Device::reference(), Device::new(Arc::new(Cpu::new(2)))]
}

/// Equal up to the rounding of a few steps of about 20 additions of numbers near 1.
#[track_caller]
pub fn assert_close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() < 1e-13, "element {i}: {got}, not {want}");
    }
}
