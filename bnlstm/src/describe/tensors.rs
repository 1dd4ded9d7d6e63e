//! What a model keeps.

use autodiff::Device;
use nn::cell::Layer;
use nn::params::{ParamStore, Role, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::Serialize;

use super::Sizes;
use crate::config::ModelConfig;

/// A tensor of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TensorEntry {
    /// Its name.
    pub path: String,
    /// Its extents.
    pub shape: Vec<usize>,
    /// Number of its elements.
    pub count: usize,
}

/// All tensors of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tensors {
    /// Each of them.
    pub tensors: Vec<TensorEntry>,
    /// Number of all elements.
    pub total: usize,
}

impl Tensors {
    /// Those of a role.
    pub fn of(store: &ParamStore<f32>, role: Role) -> Self {
        let entries = store.iter().filter(|(_, param)| param.role == role);
        let tensors = entries.map(|(_, param)| TensorEntry {
            path: param.path.clone(),
            shape: param.tensor.shape().dims().to_vec(),
            count: param.tensor.len(),
        });
        Self {
            tensors: tensors.collect(),
            total: store.count(role),
        }
    }
}

/// The recurrent layers of a model, and a store with all that they keep.
pub fn build(model: &ModelConfig, sizes: Sizes, device: &Device<f32>) -> (Layer<f32>, ParamStore<f32>) {
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let layers = model.layers(&mut Scope::new(&mut store, &mut rng), sizes.into());
    (layers, store)
}
