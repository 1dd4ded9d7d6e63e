//! Named tensors as bytes in the `safetensors` format, together with one string of metadata.
//!
//! The format: the length of the header as a 64-bit number with the least significant byte first,
//! the header in JSON (element type, shape and place of each tensor), then the elements of all
//! tensors, least significant byte first.

mod error;
mod read;
#[cfg(test)]
mod tests;
mod write;

use kernels::Real;
use safetensors::tensor::Dtype;

pub use error::TensorsError;
pub use read::{Conversion, TensorFile};
pub use write::{checksum, write_tensors};

/// Key of the one metadata entry. A file's other entries, if any, are not read.
///
/// There is only one because the format's library keeps them in a map of random order, and equal
/// states are to give equal bytes.
pub const METADATA_KEY: &str = "state";

/// A tensor on the host with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor<T> {
    /// Name, unique in its file.
    pub name: String,
    /// Length of each axis; none for a scalar.
    pub shape: Vec<usize>,
    /// The elements in row-major order.
    pub data: Vec<T>,
}

/// The element type as the format calls it.
fn dtype_of<T: Real>() -> Dtype {
    if T::NAME == f32::NAME {
        Dtype::F32
    } else {
        Dtype::F64
    }
}
