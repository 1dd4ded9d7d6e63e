//! Parameters and statistics of a model, in one ordered store.

use std::collections::HashMap;

use autodiff::{Device, Shape, Tensor};
use kernels::Real;
use rand_chacha::ChaCha8Rng;

use crate::init::{Gates, Initializer};

/// What a tensor in the store is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Changed by an optimizer, through gradients.
    Trainable,
    /// Changed by layers as they see data; never seen by an optimizer.
    Statistic,
}

/// Place of a tensor in its [`ParamStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParamId(usize);

impl ParamId {
    /// Position in the store's order.
    pub fn index(self) -> usize {
        self.0
    }
}

/// A tensor of the store.
#[derive(Clone, Debug)]
pub struct Param<T: Real> {
    /// Unique name, such as `lstm/w_h`.
    pub path: String,
    /// What it is for.
    pub role: Role,
    /// Its value.
    pub tensor: Tensor<T>,
}

/// All tensors of a model, in the order in which its layers were made.
///
/// Optimizers, clipping, checkpoints and summaries walk this one list.
#[derive(Debug)]
pub struct ParamStore<T: Real> {
    device: Device<T>,
    params: Vec<Param<T>>,
    by_path: HashMap<String, ParamId>,
}

impl<T: Real> ParamStore<T> {
    /// An empty store on `device`.
    pub fn new(device: &Device<T>) -> Self {
        Self {
            device: device.clone(),
            params: Vec::new(),
            by_path: HashMap::new(),
        }
    }

    /// Where the tensors are.
    pub fn device(&self) -> &Device<T> {
        &self.device
    }

    /// Adds a tensor.
    ///
    /// # Panics
    /// If there is one with this path.
    #[track_caller]
    pub fn add(&mut self, path: impl Into<String>, role: Role, tensor: Tensor<T>) -> ParamId {
        let path = path.into();
        let id = ParamId(self.params.len());
        let taken = self.by_path.insert(path.clone(), id);
        assert!(
            taken.is_none(),
            "parameters: `{path}` is there already; name the second layer differently"
        );
        self.params.push(Param { path, role, tensor });
        id
    }

    /// The tensor with this id, its path and its role.
    pub fn entry(&self, id: ParamId) -> &Param<T> {
        &self.params[id.0]
    }

    /// The tensor with this id.
    pub fn get(&self, id: ParamId) -> &Tensor<T> {
        &self.params[id.0].tensor
    }

    /// The tensor with this id, to be changed.
    pub fn get_mut(&mut self, id: ParamId) -> &mut Tensor<T> {
        &mut self.params[id.0].tensor
    }

    /// Id of the tensor with this path.
    pub fn find(&self, path: &str) -> Option<ParamId> {
        self.by_path.get(path).copied()
    }

    /// All tensors in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ParamId, &Param<T>)> {
        self.params
            .iter()
            .enumerate()
            .map(|(i, param)| (ParamId(i), param))
    }

    /// Number of tensors.
    pub fn len(&self) -> usize {
        self.params.len()
    }

    /// Whether there is no tensor.
    pub fn is_empty(&self) -> bool {
        self.params.is_empty()
    }

    /// Number of elements with this role.
    pub fn count(&self, role: Role) -> usize {
        let of_role = self.params.iter().filter(|param| param.role == role);
        of_role.map(|param| param.tensor.len()).sum()
    }
}

/// Where a layer makes its tensors: a store, a prefix of their paths, and a source of randomness.
#[derive(Debug)]
pub struct Scope<'a, T: Real> {
    store: &'a mut ParamStore<T>,
    rng: &'a mut ChaCha8Rng,
    prefix: String,
}

impl<'a, T: Real> Scope<'a, T> {
    /// The scope without a prefix.
    pub fn new(store: &'a mut ParamStore<T>, rng: &'a mut ChaCha8Rng) -> Self {
        Self {
            store,
            rng,
            prefix: String::new(),
        }
    }

    /// The scope whose paths begin with `name/`.
    pub fn within(&mut self, name: &str) -> Scope<'_, T> {
        let prefix = self.path(name) + "/";
        Scope {
            store: self.store,
            rng: self.rng,
            prefix,
        }
    }

    /// Path that a tensor called `name` gets here.
    pub fn path(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A trainable matrix `[rows, columns]`.
    #[track_caller]
    pub fn matrix(&mut self, name: &str, rows: usize, columns: usize, init: &Initializer) -> ParamId {
        let values = init.sample(rows, columns, self.rng);
        self.add(name, Role::Trainable, [rows, columns].into(), &values)
    }

    /// A trainable vector `[len]`.
    #[track_caller]
    pub fn vector(&mut self, name: &str, len: usize, init: &Initializer) -> ParamId {
        let values = init.sample(1, len, self.rng);
        self.add(name, Role::Trainable, [len].into(), &values)
    }

    /// A trainable matrix `[rows, G·H]` with a block for each of G gates.
    #[track_caller]
    pub fn gate_matrix(&mut self, name: &str, rows: usize, hidden_size: usize, init: &Gates) -> ParamId {
        let values = init.sample(rows, hidden_size, self.rng);
        let columns = init.blocks.len() * hidden_size;
        self.add(name, Role::Trainable, [rows, columns].into(), &values)
    }

    /// A trainable vector `[G·H]` with a block for each of G gates.
    #[track_caller]
    pub fn gate_vector(&mut self, name: &str, hidden_size: usize, init: &Gates) -> ParamId {
        let values = init.sample(1, hidden_size, self.rng);
        self.add(name, Role::Trainable, [values.len()].into(), &values)
    }

    /// A statistic whose elements start as `value`.
    #[track_caller]
    pub fn statistic(&mut self, name: &str, shape: impl Into<Shape>, value: f64) -> ParamId {
        let tensor = self.store.device.full(shape, T::of(value));
        let path = self.path(name);
        self.store.add(path, Role::Statistic, tensor)
    }

    #[track_caller]
    fn add(&mut self, name: &str, role: Role, shape: Shape, values: &[T]) -> ParamId {
        let tensor = self.store.device.tensor(shape, values);
        let path = self.path(name);
        self.store.add(path, role, tensor)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn paths_roles_and_counts() {
        let device = Device::<f32>::reference();
        let mut store = ParamStore::new(&device);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut scope = Scope::new(&mut store, &mut rng);
        let mut inner = scope.within("lstm");
        let w = inner.matrix("w", 2, 3, &Initializer::Glorot);
        inner.within("norm").statistic("mean", [4, 3], 0.0);
        assert_eq!(store.find("lstm/w"), Some(w));
        let paths: Vec<&str> = store.iter().map(|(_, param)| param.path.as_str()).collect();
        assert_eq!(paths, ["lstm/w", "lstm/norm/mean"]);
        assert_eq!(
            (store.count(Role::Trainable), store.count(Role::Statistic)),
            (6, 12)
        );
    }

    #[test]
    #[should_panic(expected = "`gamma` is there already")]
    fn a_path_is_used_once() {
        let device = Device::<f32>::reference();
        let mut store = ParamStore::new(&device);
        store.add("gamma", Role::Trainable, device.zeros([1]));
        store.add("gamma", Role::Trainable, device.zeros([1]));
    }
}
