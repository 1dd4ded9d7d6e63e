//! Parameters that a pass takes from elsewhere.

use autodiff::{Device, Tape};
use nn::context::{Context, Mode};
use nn::params::{ParamId, ParamStore, Role};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

fn store(device: &Device<f64>) -> (ParamStore<f64>, [ParamId; 2]) {
    let mut store = ParamStore::new(device);
    let weight = store.add("weight", Role::Trainable, device.full([2], 3.0));
    let mean = store.add("mean", Role::Statistic, device.zeros([2]));
    (store, [weight, mean])
}

#[test]
fn a_pass_uses_what_is_bound() {
    let device = Device::reference();
    let (mut store, [weight, _]) = store(&device);
    let tape = Tape::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    let var = tape.leaf(device.tensor([2], &[5.0, 7.0]));
    context.bind(weight, var);
    let y = context.param(weight).square().sum();
    assert_eq!(y.value().item(), 74.0);
    let gradients = context.param_gradients(tape.backward(y));
    assert_eq!(gradients.get(weight).expect("a gradient").to_vec(), [10.0, 14.0]);
    assert_eq!(store.get(weight).to_vec(), [3.0, 3.0]);
}

/// Binds a leaf of some shape, after the parameter was used or not.
fn bind(param: usize, shape: [usize; 1], used: bool) {
    let device = Device::reference();
    let (mut store, ids) = store(&device);
    let tape = Tape::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    if used {
        context.param(ids[param]);
    }
    context.bind(ids[param], tape.leaf(device.zeros(shape)));
}

#[test]
#[should_panic(expected = "bind: [3] for parameter `weight`; [2] would fit")]
fn shapes_must_fit() {
    bind(0, [3], false);
}

#[test]
#[should_panic(expected = "bind: `mean` is a statistic")]
fn statistics_are_not_bound() {
    bind(1, [2], false);
}

#[test]
#[should_panic(expected = "bind: parameter `weight` is in use already; bind it first")]
fn binding_comes_before_use() {
    bind(0, [2], true);
}

#[test]
#[should_panic(expected = "param: `mean` is a statistic")]
fn statistics_are_no_leaves() {
    let device = Device::reference();
    let (mut store, [_, mean]) = store(&device);
    let tape = Tape::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    Context::new(&tape, &mut store, Mode::Train, &mut rng).param(mean);
}

/// What arrives at an accumulator is its increment, and no gradient for an optimizer.
#[test]
fn an_accumulator_takes_its_gradient() {
    let device = Device::reference();
    let (mut store, [weight, mean]) = store(&device);
    let tape = Tape::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    let y = context.accumulator(mean).add(context.param(weight).scale(2.0));
    let y = y.add(context.accumulator(mean)).sum();
    let gradients = context.param_gradients(tape.backward(y));
    assert!(gradients.get(mean).is_none());
    assert_eq!(gradients.get(weight).expect("a gradient").to_vec(), [2.0; 2]);
    assert_eq!(store.get(mean).to_vec(), [2.0; 2]);
}

#[test]
#[should_panic(expected = "accumulator: `weight` is trainable, no statistic")]
fn parameters_are_no_accumulators() {
    let device = Device::reference();
    let (mut store, [weight, _]) = store(&device);
    let tape = Tape::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    Context::new(&tape, &mut store, Mode::Train, &mut rng).accumulator(weight);
}
