//! Cells with these normalizations.

use std::sync::Arc;

use autodiff::{Device, Tensor, Var, values};
use kernels::Cpu;
use nn::cell::{Cell, Gru, GruConfig, Lstm, LstmConfig, Rnn, RnnConfig, Sequence, Site, Sites};
use nn::context::{Context, Mode};
use nn::norm::{
    CosineNorm, CosineNormConfig, DyT, DyTConfig, NormPropagation, Normalizer, PropagationVariances,
    WeightNorm, WeightNormConfig,
};
use nn::params::{ParamId, ParamStore, Role, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Norm {
    Weight,
    Cosine,
    Propagation,
    DyT,
}

impl Norm {
    pub const ALL: [Self; 4] = [Self::Weight, Self::Cosine, Self::Propagation, Self::DyT];

    pub fn is_defined_at(self, kind: Kind, site: Site) -> bool {
        match self {
            Self::Weight | Self::Cosine => Site::PRODUCTS.contains(&site),
            Self::Propagation => match site {
                Site::H | Site::X | Site::C => true,
                // A GRU's carried state is a sum over the steps.
                Site::Out => kind != Kind::Gru,
                Site::Sum | Site::Carry => false,
            },
            Self::DyT => true,
        }
    }

    /// For a product with `features` columns.
    pub fn of_product(self, scope: &mut Scope<'_, f64>, features: usize) -> Box<dyn Normalizer<f64>> {
        match self {
            Self::Weight => Box::new(WeightNorm::new(scope, features, WeightNormConfig::default())),
            Self::Cosine => Box::new(CosineNorm::new(scope, features, CosineNormConfig::default())),
            Self::Propagation => Box::new(NormPropagation::term(scope, features, 2.0, 1.0)),
            Self::DyT => Box::new(DyT::new(scope, features, DyTConfig::default())),
        }
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

    pub fn variances(self) -> PropagationVariances {
        match self {
            Self::Rnn => PropagationVariances::rnn(2.0, 2.0),
            Self::Lstm => PropagationVariances::lstm(2.0, 2.0, 1.0, 1.0),
            Self::Gru => PropagationVariances::gru(2.0, 2.0),
        }
    }
}

/// A cell with one normalization at some of its sites.
pub struct Design<'a> {
    pub kind: Kind,
    pub norm: Norm,
    pub sites: &'a [Site],
    pub input_size: usize,
    pub hidden_size: usize,
}

impl Design<'_> {
    fn normalizer(&self, scope: &mut Scope<'_, f64>, site: Site) -> Box<dyn Normalizer<f64>> {
        let gates = match site {
            Site::H | Site::X | Site::Sum => self.kind.gates(),
            Site::C | Site::Carry | Site::Out => 1,
        };
        let features = gates * self.hidden_size;
        let variances = self.kind.variances();
        match (self.norm, site) {
            (Norm::Propagation, Site::C) => {
                let variance = variances.cell.expect("an LSTM carries a cell");
                Box::new(NormPropagation::cell(scope, features, 1.0, variance))
            }
            (Norm::Propagation, Site::H) if self.kind == Kind::Gru => {
                Box::new(NormPropagation::term(scope, features, 2.0, variances.hidden))
            }
            (Norm::Propagation, Site::Out) => Box::new(NormPropagation::state(variances.hidden)),
            (norm, _) => norm.of_product(scope, features),
        }
    }
}

pub struct Model {
    pub store: ParamStore<f64>,
    pub cell: Box<dyn Cell<f64>>,
    pub rng: ChaCha8Rng,
}

impl Model {
    /// As it is at the start of training.
    pub fn new(device: &Device<f64>, design: &Design<'_>) -> Self {
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut scope = Scope::new(&mut store, &mut rng);
        let mut sites = Sites::default();
        for &site in design.sites {
            let normalizer = design.normalizer(&mut scope.within(site.name()), site);
            sites.set(site, Some(normalizer));
        }
        let (d, h) = (design.input_size, design.hidden_size);
        let cell: Box<dyn Cell<f64>> = match design.kind {
            Kind::Rnn => Box::new(Rnn::new(&mut scope, &RnnConfig::new(d, h), sites)),
            Kind::Lstm => Box::new(Lstm::new(&mut scope, &LstmConfig::new(d, h), sites)),
            Kind::Gru => Box::new(Gru::new(&mut scope, &GruConfig::new(d, h), sites)),
        };
        Self { store, cell, rng }
    }

    /// With every parameter moved by up to 0.3, so that nothing is 0 or 1 by chance.
    pub fn learned(device: &Device<f64>, design: &Design<'_>) -> Self {
        let mut model = Self::new(device, design);
        for id in model.trainable() {
            let tensor = model.store.get_mut(id);
            let noise = values(10 + id.index() as u64, tensor.len());
            let moved = tensor.to_vec().into_iter().zip(noise);
            let moved: Vec<f64> = moved.map(|(x, noise)| x + 0.3 * noise).collect();
            *tensor = device.tensor(tensor.shape(), &moved);
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

    pub fn context<'t>(&mut self, tape: &'t autodiff::Tape<f64>) -> (Context<'t, '_, f64>, &dyn Cell<f64>) {
        let context = Context::new(tape, &mut self.store, Mode::Train, &mut self.rng);
        (context, &*self.cell)
    }
}

/// Everything that comes out of a cell.
pub fn outputs<'t>(
    cell: &dyn Cell<f64>,
    context: &mut Context<'t, '_, f64>,
    input: &Sequence<'t, f64>,
    by_steps: bool,
) -> Vec<Var<'t, f64>> {
    let states = match by_steps {
        true => cell.forward_by_steps(context, input),
        false => cell.forward(context, input),
    };
    [Some(states.h), states.c, Some(states.last)]
        .into_iter()
        .flatten()
        .collect()
}

/// Both devices in double precision.
pub fn devices() -> [Device<f64>; 2] {
    [Device::reference(), Device::new(Arc::new(Cpu::new(2)))]
}

/// Reproducible numbers between −1 and 1.
pub fn random(device: &Device<f64>, dims: &[usize], seed: u64) -> Tensor<f64> {
    let shape = autodiff::Shape::new(dims);
    device.tensor(shape, &values(seed, shape.len()))
}

#[track_caller]
pub fn assert_close(what: &str, got: &Tensor<f64>, want: &Tensor<f64>, tolerance: f64) {
    assert_eq!(got.shape(), want.shape(), "{what}");
    let want = want.to_vec();
    let largest = want.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
    for (i, (got, want)) in got.to_vec().into_iter().zip(want).enumerate() {
        let error = (got - want).abs();
        assert!(
            error <= tolerance * largest,
            "{what}, element {i}: {got}, not {want}: off by {error:e}"
        );
    }
}
