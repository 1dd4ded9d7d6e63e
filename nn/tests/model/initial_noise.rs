//! Noise on the initial state.

use autodiff::{Device, Tape};
use nn::cell::{Cell, GATE_G};
use nn::context::{Context, Mode, Statistics};
use rand::Rng;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::Norm::None;
use crate::support::{Design, Model};

const H: usize = 50;
const BATCH: usize = 400;
/// A product small enough that its tanh can be undone.
const SMALL: f64 = 0.01;

/// `h_0` of every example, `[B, H]`, seen through one step of an LSTM without inputs: its weight is
/// the identity for the gate g, and `c_1 = σ(0) tanh(h_0)`.
fn initial(noise: f64, mean: f64, mode: Mode, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let device = Device::<f64>::reference();
    let design = Design {
        hidden_size: H,
        initial_noise: noise,
        ..Design::new([None; 3], 1.0)
    };
    let mut model = Model::new(&device, &design, 1);
    let mut w_h = vec![0.0; H * 4 * H];
    (0..H).for_each(|i| w_h[i * 4 * H + GATE_G * H + i] = SMALL);
    let mut set = |path: &str, values: &[f64]| {
        let id = model.store.find(path).expect("a parameter");
        let shape = model.store.get(id).shape();
        *model.store.get_mut(id) = device.tensor(shape, values);
    };
    set("lstm/w_h", &w_h);
    set("lstm/bias", &[0.0; 4 * H]);
    set("lstm/h_0", &[mean; H]);
    let tape = Tape::inference(&device);
    let mut context = Context::new(&tape, &mut model.store, mode, rng);
    let x = tape.constant(device.zeros([1, BATCH, 2]));
    let c = model.lstm.forward(&mut context, &x.into()).cell().value().row(0);
    c.to_vec().iter().map(|c| (2.0 * c).atanh() / SMALL).collect()
}

fn seeded(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

#[test]
fn the_noise_has_the_given_deviation_around_the_learned_state() {
    let (std, mean) = (0.3, 0.7);
    let h_0 = initial(std, mean, Mode::Train, &mut seeded(4));
    let count = h_0.len() as f64;
    let average = h_0.iter().sum::<f64>() / count;
    let variance = h_0.iter().map(|x| (x - average).powi(2)).sum::<f64>() / count;
    // Four standard errors, of the mean and of the deviation, for 20000 numbers.
    assert!((average - mean).abs() < 4.0 * std / count.sqrt(), "{average}");
    assert!(
        (variance.sqrt() - std).abs() < 4.0 * std / (2.0 * count).sqrt(),
        "{variance}"
    );
    // A Gaussian has 31.7 % beyond one deviation and 4.55 % beyond two; again four standard errors.
    for (bound, share) in [(1.0, 0.3173), (2.0, 0.0455)] {
        let beyond = h_0.iter().filter(|&x| (x - mean).abs() > bound * std).count() as f64 / count;
        let error = (share * (1.0 - share) / count).sqrt();
        assert!((beyond - share).abs() < 4.0 * error, "{beyond}");
    }
}

#[test]
fn the_noise_comes_from_the_generator_of_the_pass() {
    let first = initial(0.3, 0.0, Mode::Train, &mut seeded(4));
    assert_eq!(initial(0.3, 0.0, Mode::Train, &mut seeded(4)), first);
    // In evaluation alike.
    assert_eq!(
        initial(0.3, 0.0, Mode::Eval(Statistics::Population), &mut seeded(4)),
        first
    );
    assert_ne!(initial(0.3, 0.0, Mode::Train, &mut seeded(5)), first);
    // A second pass goes on where the first one ended.
    let mut rng = seeded(4);
    initial(0.3, 0.0, Mode::Train, &mut rng);
    assert_ne!(initial(0.3, 0.0, Mode::Train, &mut rng), first);
}

#[test]
fn without_noise_the_generator_is_left_alone() {
    let mut rng = seeded(4);
    let h_0 = initial(0.0, 0.7, Mode::Train, &mut rng);
    // Rounding of the way back.
    assert!(h_0.iter().all(|x| (x - 0.7).abs() < 1e-12));
    assert_eq!(rng.next_u64(), seeded(4).next_u64());
}
