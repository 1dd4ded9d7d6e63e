//! One file of golden vectors.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use autodiff::{Device, Tensor};
use kernels::{Cpu, Real};
use nn::params::ParamStore;
use safetensors::{Dtype, SafeTensors};

/// A tensor below this is 0 but for rounding: batch normalization takes away what all examples have
/// in common, and with it the gradient of an initial state that they share. What is left of it is
/// compared with the gradients that cancelled: the largest of the file.
const NOISE: f64 = 1e-9;

/// Where the files are.
pub fn folder() -> PathBuf {
    match std::env::var_os("GOLDEN_DIR") {
        Some(folder) => folder.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden"),
    }
}

struct Entry {
    shape: Vec<usize>,
    values: Vec<f64>,
}

/// Tensors and settings of one file.
pub struct Case {
    pub name: String,
    entries: HashMap<String, Entry>,
    settings: HashMap<String, String>,
}

impl Case {
    pub fn read(name: &str) -> Self {
        let path = folder().join(format!("{name}.safetensors"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("a header");
        let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let entries = file.iter().map(|(name, view)| {
            let words = view
                .data()
                .chunks_exact(8)
                .map(|word| word.try_into().expect("8 bytes"));
            let values = match view.dtype() {
                Dtype::F64 => words.map(f64::from_le_bytes).collect(),
                Dtype::I64 => words.map(|word| i64::from_le_bytes(word) as f64).collect(),
                other => panic!("{name}: elements of type {other:?}"),
            };
            let shape = view.shape().to_vec();
            (name.to_owned(), Entry { shape, values })
        });
        Self {
            name: name.to_owned(),
            entries: entries.collect(),
            settings: header.metadata().clone().unwrap_or_default(),
        }
    }

    fn entry(&self, name: &str) -> &Entry {
        self.entries
            .get(name)
            .unwrap_or_else(|| panic!("{}: no tensor `{name}`", self.name))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    pub fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    pub fn shape(&self, name: &str) -> &[usize] {
        &self.entry(name).shape
    }

    pub fn values(&self, name: &str) -> &[f64] {
        &self.entry(name).values
    }

    pub fn tensor<T: Real>(&self, device: &Device<T>, name: &str) -> Tensor<T> {
        let values: Vec<T> = self.values(name).iter().map(|&x| T::of(x)).collect();
        device.tensor(autodiff::Shape::new(self.shape(name)), &values)
    }

    pub fn indices(&self, name: &str) -> Vec<u32> {
        self.values(name).iter().map(|&x| x as u32).collect()
    }

    fn largest_gradient(&self) -> f64 {
        let gradients = self.entries.iter().filter(|(name, _)| name.starts_with("grad."));
        let values = gradients.flat_map(|(_, entry)| &entry.values);
        values.fold(0.0_f64, |max, x| max.max(x.abs()))
    }

    /// A number among the settings.
    pub fn setting(&self, name: &str) -> f64 {
        let text = self
            .settings
            .get(name)
            .unwrap_or_else(|| panic!("{}: no setting `{name}`", self.name));
        text.parse()
            .unwrap_or_else(|_| panic!("{}: setting `{name}` is {text}", self.name))
    }

    /// Whether a setting is there and true.
    pub fn is_set(&self, name: &str) -> bool {
        self.settings.get(name).is_some_and(|text| text == "true")
    }

    /// The lengths of the sequences, if they differ.
    pub fn lengths(&self) -> Option<Vec<usize>> {
        let lengths = |_| self.values("lengths").iter().map(|&x| x as usize).collect();
        self.has("lengths").then_some(()).map(lengths)
    }

    /// Compares a tensor with the file's.
    pub fn compare<T: Real>(&self, name: &str, got: &Tensor<T>) {
        let shape = got.shape();
        assert_eq!(shape.dims(), self.shape(name), "{}: shape of `{name}`", self.name);
        self.compare_values(name, &got.to_vec());
    }

    pub fn compare_values<T: Real>(&self, name: &str, got: &[T]) {
        let want = self.values(name);
        assert_eq!(
            got.len(),
            want.len(),
            "{}: number of elements of `{name}`",
            self.name
        );
        let tolerance = if T::NAME == "f64" { 1e-10 } else { 1e-4 };
        let largest = want.iter().fold(0.0_f64, |max, x| max.max(x.abs()));
        let scale = if largest < NOISE {
            self.largest_gradient()
        } else {
            largest
        };
        for (i, (got, &want)) in got.iter().zip(want).enumerate() {
            let error = (got.as_f64() - want).abs();
            assert!(
                error <= tolerance * scale,
                "{}: `{name}` element {i}: got {got}, want {want}, error {error:e}, allowed {:e} ({})",
                self.name,
                tolerance * scale,
                T::NAME
            );
        }
    }
}

/// Gives a parameter or a statistic a value.
pub fn set<T: Real>(store: &mut ParamStore<T>, path: &str, value: Tensor<T>) {
    let id = store
        .find(path)
        .unwrap_or_else(|| panic!("no parameter `{path}`"));
    assert_eq!(store.get(id).shape(), value.shape(), "{path}");
    *store.get_mut(id) = value;
}

/// Something that is tested for both element types.
pub trait Check {
    fn run<T: Real>(&self, device: &Device<T>);
}

/// Runs a check on every device, in double and in single precision.
pub fn everywhere(check: &impl Check) {
    check.run(&Device::<f64>::reference());
    check.run(&Device::<f32>::reference());
    check.run(&Device::<f64>::new(Arc::new(Cpu::new(2))));
    check.run(&Device::<f32>::new(Arc::new(Cpu::new(2))));
}
