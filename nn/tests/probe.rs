//! Probes: the gradient of one is the total derivative by every hidden state, as differences say, as
//! one operation and step by step.

use std::cell::RefCell;
use std::sync::Arc;

use autodiff::{Device, Tape, Tensor, gradcheck, values};
use kernels::{Binary, Cpu, Real};
use nn::cell::{Cell, Gru, GruConfig, Layer, Lstm, LstmConfig, Rnn, RnnConfig, Sequence, Sites};
use nn::context::{Context, Mode};
use nn::norm::{
    BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, NormPropagation, Normalizer, StepRows,
};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const STEPS: usize = 4;
const BATCH: usize = 3;
const D: usize = 2;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Norm {
    None,
    Batch,
    Layer,
    /// At the hidden state, beside batch normalization at `h`.
    Out,
}

impl Norm {
    const ALL: [Self; 4] = [Self::None, Self::Batch, Self::Layer, Self::Out];

    fn sites<T: Real>(self, scope: &mut Scope<'_, T>, features: usize) -> Sites<T> {
        let mut scope = scope.within("norm_h");
        let batch = BatchNormConfig {
            gamma: 0.3,
            steps: StepRows::PerStep(STEPS),
            ..BatchNormConfig::default()
        };
        let h: Option<Box<dyn Normalizer<T>>> = match self {
            Self::None => None,
            Self::Batch | Self::Out => Some(Box::new(BatchNorm::new(&mut scope, features, batch))),
            Self::Layer => Some(Box::new(LayerNorm::new(
                &mut scope,
                features,
                LayerNormConfig::default(),
            ))),
        };
        let out: Option<Box<dyn Normalizer<T>>> = match self {
            Self::Out => Some(Box::new(NormPropagation::state(0.2))),
            _ => None,
        };
        Sites {
            h,
            out,
            ..Sites::default()
        }
    }
}

fn lstm<T: Real>(scope: &mut Scope<'_, T>, norm: Norm, [input_size, hidden_size]: [usize; 2]) -> Lstm<T> {
    let sites = norm.sites(scope, 4 * hidden_size);
    // With noise, since rows of the same state have no variance but rounding at the first step.
    let config = LstmConfig {
        initial_noise: 0.1,
        ..LstmConfig::new(input_size, hidden_size)
    };
    Lstm::new(scope, &config, sites)
}

fn random<T: Real>(device: &Device<T>, shape: [usize; 3], seed: u64) -> Tensor<T> {
    let numbers = values(seed, shape.iter().product());
    device.tensor(shape, &numbers.into_iter().map(T::of).collect::<Vec<T>>())
}

/// Differences of all states of a layer by its probe, around one that is not 0.
fn check(device: &Device<f64>, make: impl Fn(&mut Scope<'_, f64>) -> Layer<f64>, lengths: &[usize]) {
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let layer = make(&mut Scope::new(&mut store, &mut rng));
    let store = RefCell::new(store);
    let probe = random(device, [STEPS, BATCH, layer.output_size()], 9);
    let comparisons = gradcheck(
        |tape, probe| {
            let mut store = store.borrow_mut();
            let mut rng = ChaCha8Rng::seed_from_u64(3);
            let mut context = Context::new(tape, &mut store, Mode::Train, &mut rng);
            let x = tape.constant(random(device, [STEPS, BATCH, D], 7));
            let sequence = Sequence::from(x).with_lengths(lengths).with_probe(probe[0]);
            let states = layer.forward(&mut context, &sequence);
            [Some(states.h), states.c, Some(states.last)]
                .into_iter()
                .flatten()
                .collect()
        },
        &[probe],
    );
    assert!(comparisons[0].numeric_rms > 0.1, "{}", comparisons[0]);
}

/// `Cpu` has sequences of 20 units as one operation, those of 5 go step by step.
fn check_lengths(make: impl Fn(&mut Scope<'_, f64>) -> Layer<f64>) {
    let cpu = Device::new(Arc::new(Cpu::new(2)));
    for lengths in [[STEPS; BATCH], [1, STEPS, 2]] {
        check(&Device::reference(), &make, &lengths);
        check(&cpu, &make, &lengths);
    }
}

#[test]
fn every_cell_gradcheck() {
    for norm in Norm::ALL {
        for hidden_size in [5, 20] {
            check_lengths(|scope| Layer::cell(lstm(scope, norm, [D, hidden_size])));
        }
        check_lengths(|scope| {
            let sites = norm.sites(scope, 3 * 5);
            Layer::cell(Gru::new(scope, &GruConfig::new(D, 5), sites))
        });
        check_lengths(|scope| {
            let sites = norm.sites(scope, 5);
            Layer::cell(Rnn::new(scope, &RnnConfig::new(D, 5), sites))
        });
    }
}

#[test]
fn stacks_and_both_directions_gradcheck() {
    for hidden_size in [5, 20] {
        let cell = |scope: &mut Scope<'_, f64>, name: &str, sizes| {
            Layer::cell(lstm(&mut scope.within(name), Norm::Batch, sizes))
        };
        let both = |scope: &mut Scope<'_, f64>, input_size| {
            let back = hidden_size + 1;
            let ahead = cell(scope, "ahead", [input_size, hidden_size]);
            Layer::bidirectional(ahead, cell(scope, "back", [input_size, back]))
        };
        check_lengths(|scope| both(scope, D));
        check_lengths(|scope| {
            let below = cell(scope, "below", [D, 3]);
            Layer::stack(vec![below, both(scope, 3)])
        });
        check_lengths(|scope| {
            let below = both(scope, D);
            Layer::stack(vec![
                below,
                cell(scope, "above", [2 * hidden_size + 1, hidden_size]),
            ])
        });
    }
}

/// `h`, and the gradients of a loss on the last state and on one before it: of every parameter, and of
/// the probe if there is one.
fn pass<T: Real>(device: &Device<T>, norm: Norm, by_steps: bool, probed: bool) -> Vec<(String, Tensor<T>)> {
    const H: usize = 20;
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let cell = lstm(&mut Scope::new(&mut store, &mut rng), norm, [D, H]);
    let tape = Tape::new(device);
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    let probe = tape.leaf(device.zeros([STEPS, BATCH, H]));
    let mut sequence = Sequence::from(tape.constant(random(device, [STEPS, BATCH, D], 7)));
    if probed {
        sequence = sequence.with_probe(probe);
    }
    assert_eq!(cell.unfused(&mut context, &sequence), None, "{norm:?}");
    let states = match by_steps {
        true => cell.forward_by_steps(&mut context, &sequence),
        false => cell.forward(&mut context, &sequence),
    };
    let seed = |shape: [usize; 3], seed| random(device, shape, seed);
    let last = seed([1, BATCH, H], 11).reshape([BATCH, H]);
    let middle = states.h.slice(0, 1..2);
    let mut gradients = tape.backward_from(&[(states.last, last), (middle, seed([1, BATCH, H], 12))]);
    let mut found = vec![("h".to_owned(), states.h.value())];
    found.extend(
        gradients
            .take(probe)
            .map(|gradient| ("probe".to_owned(), gradient)),
    );
    let gradients = context.param_gradients(gradients);
    let params = store.iter().filter_map(|(id, param)| {
        let gradient = gradients.get(id)?.clone();
        Some((param.path.clone(), gradient))
    });
    found.extend(params);
    found
}

fn largest<T: Real>(tensor: &Tensor<T>) -> f64 {
    tensor
        .to_vec()
        .iter()
        .fold(0.0, |max, x| max.max(x.as_f64().abs()))
}

/// Both compute the same formulas in another order.
fn compare<T: Real>(device: &Device<T>, tolerance: f64) {
    for norm in Norm::ALL {
        let [fused, plain] = [false, true].map(|by_steps| pass(device, norm, by_steps, true));
        assert_eq!(fused.len(), plain.len());
        assert_eq!(plain[1].0, "probe");
        let largest_gradient = plain[1..].iter().map(|(_, x)| largest(x)).fold(0.0, f64::max);
        for ((name, got), (_, want)) in fused.iter().zip(&plain) {
            let error = largest(&got.zip(Binary::Sub, want));
            // Gradients that the moments over the batch cancel are rounding, relative to the others.
            let scale = match largest(want) {
                small if small < 1e-6 * largest_gradient => largest_gradient,
                scale => scale,
            };
            assert!(
                error <= tolerance * scale,
                "{norm:?} {name}: off by {error:e} of {scale}"
            );
        }
    }
}

#[test]
fn fused_equals_by_steps() {
    let cpu = Arc::new(Cpu::new(2));
    compare(&Device::<f64>::new(cpu.clone()), 1e-12);
    compare(&Device::<f32>::new(cpu), 1e-4);
}

#[test]
fn a_probe_of_zeros_changes_nothing() {
    let device = Device::<f64>::new(Arc::new(Cpu::new(2)));
    for norm in Norm::ALL {
        for by_steps in [false, true] {
            let mut probed = pass(&device, norm, by_steps, true);
            let (name, _) = probed.remove(1);
            assert_eq!(name, "probe");
            let without = pass(&device, norm, by_steps, false);
            assert_eq!(probed.len(), without.len());
            for ((name, got), (_, want)) in probed.iter().zip(&without) {
                assert_eq!(got.to_vec(), want.to_vec(), "{norm:?} {name}");
            }
        }
    }
}

/// With the loss `Σ h_T` the derivative by `h_T` is 1, and by the state that padding holds 0, since the
/// last one before it has it all.
#[test]
fn padding_has_no_gradient() {
    let device = Device::<f64>::reference();
    let mut store = ParamStore::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let cell = lstm(&mut Scope::new(&mut store, &mut rng), Norm::Batch, [D, 5]);
    let tape = Tape::new(&device);
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    let x = tape.constant(random(&device, [STEPS, BATCH, D], 7));
    let probe = tape.leaf(device.zeros([STEPS, BATCH, 5]));
    let sequence = Sequence::from(x).with_lengths(&[2, STEPS, 3]).with_probe(probe);
    let last = cell.forward(&mut context, &sequence).last;
    let gradient = tape
        .backward(last.sum())
        .take(probe)
        .expect("a gradient")
        .to_vec();
    for (b, length) in [2, STEPS, 3].into_iter().enumerate() {
        let at = |t: usize| &gradient[(t * BATCH + b) * 5..][..5];
        assert_eq!(at(length - 1), [1.0; 5]);
        assert!(at(0).iter().all(|&x| x != 0.0), "row {b}");
        (length..STEPS).for_each(|t| assert_eq!(at(t), [0.0; 5], "row {b}, step {t}"));
    }
}
