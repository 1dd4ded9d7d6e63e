//! A file of vectors, read by the format's library alone.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};

pub struct Vectors {
    pub path: PathBuf,
    tensors: HashMap<String, (Vec<usize>, Vec<f64>)>,
}

impl Vectors {
    pub fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torch");
        let path = folder.join(format!("{name}.safetensors"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let file = SafeTensors::deserialize(&bytes).expect("a safetensors file");
        let numbers = file.iter().filter(|(_, view)| view.dtype() == Dtype::F64);
        let tensors = numbers.map(|(name, view)| {
            let (words, _) = view.data().as_chunks();
            let values = words.iter().map(|&word| f64::from_le_bytes(word)).collect();
            (name.to_owned(), (view.shape().to_vec(), values))
        });
        Self {
            tensors: tensors.collect(),
            path,
        }
    }

    pub fn shape(&self, name: &str) -> &[usize] {
        &self.tensors[name].0
    }

    pub fn values(&self, name: &str) -> &[f64] {
        &self.tensors[name].1
    }
}
