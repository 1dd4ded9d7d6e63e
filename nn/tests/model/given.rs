//! Gradients with given values.

use autodiff::Tape;
use kernels::Real;
use nn::context::{Context, Mode, ParamGradients};
use nn::params::{ParamStore, Role};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// A store of vectors called `0`, `1` and so on.
pub fn store<T: Real>(device: &autodiff::Device<T>, vectors: &[&[f64]]) -> ParamStore<T> {
    let mut store = ParamStore::new(device);
    for (i, values) in vectors.iter().enumerate() {
        let values: Vec<T> = values.iter().map(|&x| T::of(x)).collect();
        store.add(
            i.to_string(),
            Role::Trainable,
            device.tensor([values.len()], &values),
        );
    }
    store
}

/// The given gradients for the parameters in order; an empty one for no gradient.
pub fn gradients<T: Real>(store: &mut ParamStore<T>, given: &[&[f64]]) -> ParamGradients<T> {
    let device = store.device().clone();
    let tape = Tape::new(&device);
    let ids: Vec<_> = store.iter().map(|(id, _)| id).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut context = Context::new(&tape, store, Mode::Train, &mut rng);
    let mut seeds = Vec::new();
    for (id, values) in ids
        .into_iter()
        .zip(given)
        .filter(|(_, values)| !values.is_empty())
    {
        let values: Vec<T> = values.iter().map(|&x| T::of(x)).collect();
        seeds.push((context.param(id), device.tensor([values.len()], &values)));
    }
    context.param_gradients(tape.backward_from(&seeds))
}

/// Values of the parameter at `index`.
pub fn values<T: Real>(store: &ParamStore<T>, index: usize) -> Vec<f64> {
    let (_, param) = store.iter().nth(index).expect("a parameter");
    param.tensor.to_vec().iter().map(|x| x.as_f64()).collect()
}
