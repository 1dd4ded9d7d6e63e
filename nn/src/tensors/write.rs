//! From tensors to bytes.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use crc32fast::Hasher as Checksum;
use kernels::Real;
use safetensors::tensor::{Dtype, View};

use super::{METADATA_KEY, NamedTensor, TensorsError, dtype_of};

/// The bytes of a file that holds `tensors` and `metadata`, the same bytes for the same input.
/// [`TensorFile::parse`](super::TensorFile::parse) reads them.
///
/// # Errors
/// [`TensorsError::Header`] if names and metadata take more than the 100 MB that the format allows.
///
/// # Panics
/// If two tensors have the same name, one is called `__metadata__` (which the format reserves), or
/// a shape does not fit the number of elements.
///
/// # Examples
/// ```
/// use nn::tensors::{Conversion, NamedTensor, TensorFile, write_tensors};
///
/// let tensor = NamedTensor { name: "gamma".into(), shape: vec![2], data: vec![0.1, 0.2] };
/// let bytes = write_tensors::<f64>(&[tensor], "{\"epoch\":3}")?;
///
/// let file = TensorFile::parse(&bytes)?;
/// assert_eq!(file.metadata(), Some("{\"epoch\":3}"));
/// let gamma = &file.read::<f64>([("gamma", &[2][..])], Conversion::Refuse)?[0];
/// assert_eq!(gamma, &[0.1, 0.2]);
/// # Ok::<(), nn::tensors::TensorsError>(())
/// ```
#[track_caller]
pub fn write_tensors<T: Real>(tensors: &[NamedTensor<T>], metadata: &str) -> Result<Vec<u8>, TensorsError> {
    check_writable(tensors);
    let metadata = HashMap::from([(METADATA_KEY.to_owned(), metadata.to_owned())]);
    let views = tensors.iter().map(|tensor| (&tensor.name, Written(tensor)));
    safetensors::serialize(views, Some(metadata)).map_err(|error| TensorsError::Header {
        reason: error.to_string(),
    })
}

/// What [`TensorFile::checksum`](super::TensorFile::checksum) is of a file that holds these tensors.
pub fn checksum<T: Real>(tensors: &[NamedTensor<T>]) -> Checksum {
    let mut sorted: Vec<&NamedTensor<T>> = tensors.iter().collect();
    sorted.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let mut checksum = Checksum::new();
    for tensor in sorted {
        add_tensor(&mut checksum, &tensor.name, &Written(tensor).data());
    }
    checksum
}

/// Takes a tensor into a checksum.
pub(super) fn add_tensor(checksum: &mut Checksum, name: &str, bytes: &[u8]) {
    checksum.update(name.as_bytes());
    checksum.update(bytes);
}

#[track_caller]
fn check_writable<T>(tensors: &[NamedTensor<T>]) {
    let mut names = BTreeSet::new();
    for NamedTensor { name, shape, data } in tensors {
        assert_ne!(name, "__metadata__", "write_tensors: reserved name of a tensor");
        assert!(
            names.insert(name),
            "write_tensors: two tensors are called `{name}`"
        );
        let count = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
        assert!(
            count == Some(data.len()),
            "write_tensors: tensor `{name}` has shape {shape:?} and {} elements; their product \
             and number must be equal",
            data.len()
        );
    }
}

/// What the library needs to know of a tensor to write it.
struct Written<'a, T>(&'a NamedTensor<T>);

impl<T: Real> View for Written<'_, T> {
    fn dtype(&self) -> Dtype {
        dtype_of::<T>()
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.0.data.iter().map(|value| value.as_f64());
        Cow::Owned(match dtype_of::<T>() {
            // Exact: the values were of type f32 before.
            Dtype::F32 => values.flat_map(|value| (value as f32).to_le_bytes()).collect(),
            _ => values.flat_map(f64::to_le_bytes).collect(),
        })
    }

    fn data_len(&self) -> usize {
        size_of::<T>() * self.0.data.len()
    }
}
