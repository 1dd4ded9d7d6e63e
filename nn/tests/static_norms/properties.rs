//! What these normalizations are for.

use autodiff::{Device, Tape, Tensor};
use nn::cell::Site;
use nn::context::{Context, Mode};
use nn::norm::{Memory, Step};
use nn::params::{ParamStore, Scope};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::StandardNormal;

use crate::support::{Design, Kind, Model, Norm, assert_close, devices, random};

/// `N((k_v v) (k_w W))`
fn product(device: &Device<f64>, norm: Norm, k_v: f64, k_w: f64) -> Tensor<f64> {
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let norm = norm.of_product(&mut Scope::new(&mut store, &mut rng), 4);
    let tape = Tape::inference(device);
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    let v = tape.constant(random(device, &[5, 3], 1)).scale(k_v);
    let weight = tape.constant(random(device, &[3, 4], 2)).scale(k_w);
    let weight = norm.weight(&mut context, weight);
    let x = norm.operand(&mut context, v).matmul(weight);
    let y = norm.step(&mut context, x, Step::new(0, 1), &mut Memory::default());
    y.value()
}

/// Up to a few roundings of 1e-16, for factors that leave norms above the least ones.
#[test]
fn the_scale_of_the_weight_does_not_matter() {
    for device in devices() {
        for k in [1e-3, 0.7, 3.0, 1e5] {
            for norm in [Norm::Weight, Norm::Cosine, Norm::Propagation] {
                let what = format!("{norm:?}, {k} W");
                let (got, want) = (product(&device, norm, 1.0, k), product(&device, norm, 1.0, 1.0));
                assert_close(&what, &got, &want, 1e-14);
            }
        }
        for k in [0.1, 1e5] {
            let (got, want) = (
                product(&device, Norm::Cosine, k, 1.0),
                product(&device, Norm::Cosine, 1.0, 1.0),
            );
            assert_close("cosine, k v", &got, &want, 1e-14);
        }
    }
}

#[test]
fn a_cosine_is_at_most_one() {
    for device in devices() {
        let y = product(&device, Norm::Cosine, 50.0, 7.0).to_vec();
        assert!(y.iter().all(|y| y.abs() <= 1.0) && y.iter().any(|y| y.abs() > 0.5));
    }
}

/// Variance of the hidden states, with inputs of variance 1 and weights as they are drawn, after
/// some steps.
fn hidden_variance(kind: Kind, sites: &[Site]) -> f64 {
    let [_, cpu] = devices();
    let (steps, batch, size) = (25, 20, 100);
    let design = Design {
        kind,
        norm: Norm::Propagation,
        sites,
        input_size: size,
        hidden_size: size,
    };
    let mut model = Model::new(&cpu, &design);
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let x: Vec<f64> = (0..steps * batch * size)
        .map(|_| rng.sample(StandardNormal))
        .collect();
    let tape = Tape::inference(&cpu);
    let x = tape.constant(cpu.tensor([steps, batch, size], &x));
    let (mut context, cell) = model.context(&tape);
    let last = cell.forward(&mut context, &x.into()).last.value().to_vec();
    last.iter().map(|h| h * h).sum::<f64>() / last.len() as f64
}

/// Up to what the formulas leave out: the states of successive steps are correlated, which adds
/// more than a tenth where a sum over the steps is carried on.
#[test]
fn propagation_keeps_the_variance() {
    let gru = Kind::Gru.variances().hidden;
    for (kind, sites, want) in [
        (Kind::Rnn, &[Site::H, Site::X, Site::Out][..], 1.0),
        (Kind::Lstm, &[Site::H, Site::X, Site::C, Site::Out], 1.0),
        (Kind::Gru, &[Site::H, Site::X], gru),
    ] {
        let variance = hidden_variance(kind, sites);
        assert!(
            (variance / want - 1.0).abs() < 0.2,
            "{kind:?}: {variance}, not {want}"
        );
    }
}
