//! Small cells with every normalizer that has something to tell.

use autodiff::{Device, Tape, values};
use nn::cell::{Gru, GruConfig, Layer, Lstm, LstmConfig, Rnn, RnnConfig, Sequence, Site, Sites};
use nn::norm::{
    AssortedTimeNorm, AssortedTimeNormConfig, BatchNorm, BatchNormConfig, CosineNorm, CosineNormConfig,
    LayerNorm, LayerNormConfig, Normalizer, OnlineNorm, OnlineNormConfig, RenormConfig, StepRows,
};
use nn::params::{ParamStore, Scope};
use nn::regularization::Regularization;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

pub const STEPS: usize = 4;
pub const BATCH: usize = 3;
pub const D: usize = 2;
pub const H: usize = 2;
pub const LENGTHS: [usize; BATCH] = [4, 1, 3];

/// What every cell has.
const DROPS: Regularization = Regularization {
    zoneout_h: 0.3,
    zoneout_c: 0.0,
    recurrent_dropout: 0.0,
    variational_x: 0.2,
    variational_h: 0.0,
    weight_drop: 0.2,
};

pub type Make = fn(&mut Scope<'_, f64>, usize) -> Box<dyn Normalizer<f64>>;

pub fn batch(scope: &mut Scope<'_, f64>, features: usize) -> Box<dyn Normalizer<f64>> {
    let config = BatchNormConfig {
        steps: StepRows::PerStep(STEPS),
        ..BatchNormConfig::default()
    };
    Box::new(BatchNorm::new(scope, features, config))
}

fn renorm(scope: &mut Scope<'_, f64>, features: usize) -> Box<dyn Normalizer<f64>> {
    let config = BatchNormConfig {
        renorm: Some(RenormConfig {
            start: 0,
            ramp: 0,
            ..RenormConfig::default()
        }),
        ..BatchNormConfig::default()
    };
    Box::new(BatchNorm::new(scope, features, config))
}

fn layer(scope: &mut Scope<'_, f64>, features: usize) -> Box<dyn Normalizer<f64>> {
    Box::new(LayerNorm::new(scope, features, LayerNormConfig::default()))
}

pub fn group(scope: &mut Scope<'_, f64>, features: usize) -> Box<dyn Normalizer<f64>> {
    let config = LayerNormConfig {
        groups: 2,
        centered: false,
        ..LayerNormConfig::default()
    };
    Box::new(LayerNorm::new(scope, features, config))
}

fn online(scope: &mut Scope<'_, f64>, features: usize) -> Box<dyn Normalizer<f64>> {
    Box::new(OnlineNorm::new(scope, features, OnlineNormConfig::default()))
}

fn assorted(scope: &mut Scope<'_, f64>, features: usize) -> Box<dyn Normalizer<f64>> {
    let config = AssortedTimeNormConfig {
        window: 2,
        ..AssortedTimeNormConfig::default()
    };
    Box::new(AssortedTimeNorm::new(scope, features, config))
}

fn cosine(scope: &mut Scope<'_, f64>, features: usize) -> Box<dyn Normalizer<f64>> {
    Box::new(CosineNorm::new(scope, features, CosineNormConfig::default()))
}

pub const NORMS: [Make; 7] = [batch, renorm, layer, group, online, assorted, cosine];
pub const CELLS: [&str; 3] = ["lstm", "gru", "rnn"];

/// A cell, all of whose sites that a product or moments can be at are normalized by `make`.
fn cell(scope: &mut Scope<'_, f64>, name: &str, make: Option<Make>) -> Layer<f64> {
    let (known, gates): (&[Site], usize) = match name {
        "lstm" => (&Lstm::<f64>::SITES, 4),
        "gru" => (&Gru::<f64>::SITES, 3),
        _ => (&Rnn::<f64>::SITES, 1),
    };
    let mut sites = Sites::default();
    for &site in known {
        let products_only = make.is_some_and(|make| std::ptr::fn_addr_eq(make, cosine as Make));
        if products_only && !Site::PRODUCTS.contains(&site) {
            continue;
        }
        let features = if site.is_gate_term() { gates * H } else { H };
        let mut scope = scope.within(&format!("norm_{site}"));
        sites.set(site, make.map(|make| make(&mut scope, features)));
    }
    match name {
        "lstm" => {
            let config = LstmConfig {
                regularization: Regularization {
                    recurrent_dropout: 0.3,
                    ..DROPS
                },
                initial_noise: 0.1,
                ..LstmConfig::new(D, H)
            };
            Layer::cell(Lstm::new(scope, &config, sites))
        }
        "gru" => {
            let config = GruConfig {
                regularization: DROPS,
                initial_noise: 0.1,
                ..GruConfig::new(D, H)
            };
            Layer::cell(Gru::new(scope, &config, sites))
        }
        _ => {
            let config = RnnConfig {
                regularization: DROPS,
                initial_noise: 0.1,
                ..RnnConfig::new(D, H)
            };
            Layer::cell(Rnn::new(scope, &config, sites))
        }
    }
}

/// A layer and its tensors.
pub struct Made {
    pub store: ParamStore<f64>,
    pub layer: Layer<f64>,
}

pub fn made(device: &Device<f64>, name: &str, make: Option<Make>) -> Made {
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut scope = Scope::new(&mut store, &mut rng);
    let layer = cell(&mut scope.within(name), name, make);
    Made { store, layer }
}

pub fn inputs<'t>(tape: &'t Tape<f64>, padded: bool) -> Sequence<'t, f64> {
    let x = tape
        .device()
        .tensor([STEPS, BATCH, D], &values(3, STEPS * BATCH * D));
    let sequence = Sequence::from(tape.constant(x));
    match padded {
        true => sequence.with_lengths(&LENGTHS),
        false => sequence,
    }
}
