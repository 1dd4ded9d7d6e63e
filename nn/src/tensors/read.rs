//! From bytes to tensors.

use std::collections::{BTreeMap, BTreeSet};

use crc32fast::Hasher as Checksum;
use kernels::Real;
use safetensors::tensor::{Dtype, Metadata};

use super::write::add_tensor;
use super::{METADATA_KEY, NamedTensor, TensorsError, dtype_of};

/// The longest header that is read, as in the format's library.
const MAX_HEADER: u64 = 100_000_000;
/// Bytes that give the header's length.
pub(super) const LENGTH_BYTES: usize = 8;

/// Whether elements of another type may be converted while reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// The elements must have the type that is asked for, so that the values are the same bits.
    Refuse,
    /// `f32` and `f64` are converted into each other, rounded to nearest.
    Allow,
}

/// The bytes of a `safetensors` file after its header was checked: every tensor lies within them.
#[derive(Clone, Debug)]
pub struct TensorFile<'a> {
    metadata: Option<String>,
    tensors: BTreeMap<String, Stored<'a>>,
}

#[derive(Clone, Debug)]
struct Stored<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: &'a [u8],
}

impl<'a> TensorFile<'a> {
    /// Checks the header and that the bytes are as many as it announces. Safe on any input.
    ///
    /// # Errors
    /// The first thing that is wrong with the bytes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, TensorsError> {
        let (header, data) = split_header(bytes)?;
        let header: Metadata = serde_json::from_slice(header).map_err(|error| TensorsError::Header {
            reason: error.to_string(),
        })?;
        check_data_length(bytes.len() - data.len(), header.data_len(), data.len())?;
        let metadata = header.metadata().as_ref();
        Ok(Self {
            metadata: metadata.and_then(|entries| entries.get(METADATA_KEY).cloned()),
            tensors: header
                .tensors()
                .into_iter()
                .map(|(name, info)| {
                    let stored = Stored {
                        dtype: info.dtype,
                        shape: info.shape.clone(),
                        bytes: &data[info.data_offsets.0..info.data_offsets.1],
                    };
                    (name, stored)
                })
                .collect(),
        })
    }

    /// The metadata that were given to [`write_tensors`](super::write_tensors), if the file has any.
    pub fn metadata(&self) -> Option<&str> {
        self.metadata.as_deref()
    }

    /// A checksum (CRC-32) of the names and elements of all tensors, to which more can be added.
    pub fn checksum(&self) -> Checksum {
        let mut checksum = Checksum::new();
        for (name, stored) in &self.tensors {
            add_tensor(&mut checksum, name, stored.bytes);
        }
        checksum
    }

    /// Name and shape of each tensor, sorted by name.
    pub fn shapes(&self) -> impl ExactSizeIterator<Item = (&str, &[usize])> {
        self.tensors
            .iter()
            .map(|(name, stored)| (name.as_str(), stored.shape.as_slice()))
    }

    /// The elements of the tensors with these names and shapes, in the order in which they are
    /// asked for. The file must hold these and no others.
    ///
    /// # Errors
    /// [`TensorsError::Names`] with all names that are missing or unexpected, else the first tensor
    /// of another shape or element type.
    pub fn read<'n, T: Real>(
        &self,
        expected: impl IntoIterator<Item = (&'n str, &'n [usize])>,
        conversion: Conversion,
    ) -> Result<Vec<Vec<T>>, TensorsError> {
        let expected: Vec<_> = expected.into_iter().collect();
        self.check_names(expected.iter().map(|&(name, _)| name).collect())?;
        expected
            .into_iter()
            .map(|(name, shape)| {
                let stored = &self.tensors[name];
                stored.check_shape(name, shape)?;
                stored.decode(name, conversion)
            })
            .collect()
    }

    /// All tensors, sorted by name.
    ///
    /// # Errors
    /// [`TensorsError::Dtype`] for the first tensor of another element type.
    pub fn read_all<T: Real>(&self, conversion: Conversion) -> Result<Vec<NamedTensor<T>>, TensorsError> {
        self.tensors
            .iter()
            .map(|(name, stored)| stored.named(name, conversion))
            .collect()
    }

    /// The tensor with this name, whatever else the file holds; `None` if it is not there.
    ///
    /// # Errors
    /// [`TensorsError::Dtype`] if it has another element type.
    pub fn get<T: Real>(
        &self,
        name: &str,
        conversion: Conversion,
    ) -> Result<Option<NamedTensor<T>>, TensorsError> {
        let stored = self.tensors.get(name);
        stored.map(|stored| stored.named(name, conversion)).transpose()
    }

    fn check_names(&self, expected: BTreeSet<&str>) -> Result<(), TensorsError> {
        let found: BTreeSet<&str> = self.tensors.keys().map(String::as_str).collect();
        if found == expected {
            return Ok(());
        }
        let owned = |names: std::collections::btree_set::Difference<'_, &str>| {
            names.map(|&name| name.to_owned()).collect()
        };
        Err(TensorsError::Names {
            missing: owned(expected.difference(&found)),
            unexpected: owned(found.difference(&expected)),
        })
    }
}

impl Stored<'_> {
    fn check_shape(&self, name: &str, expected: &[usize]) -> Result<(), TensorsError> {
        if self.shape == expected {
            return Ok(());
        }
        Err(TensorsError::Shape {
            name: name.to_owned(),
            expected: expected.to_vec(),
            found: self.shape.clone(),
        })
    }

    fn named<T: Real>(&self, name: &str, conversion: Conversion) -> Result<NamedTensor<T>, TensorsError> {
        Ok(NamedTensor {
            data: self.decode(name, conversion)?,
            name: name.to_owned(),
            shape: self.shape.clone(),
        })
    }

    fn decode<T: Real>(&self, name: &str, conversion: Conversion) -> Result<Vec<T>, TensorsError> {
        let wanted = conversion == Conversion::Allow || self.dtype == dtype_of::<T>();
        match self.dtype {
            Dtype::F32 if wanted => {
                let (values, _) = self.bytes.as_chunks();
                let value = |&bytes: &[u8; 4]| T::of(f64::from(f32::from_le_bytes(bytes)));
                Ok(values.iter().map(value).collect())
            }
            Dtype::F64 if wanted => {
                let (values, _) = self.bytes.as_chunks();
                let value = |&bytes: &[u8; 8]| T::of(f64::from_le_bytes(bytes));
                Ok(values.iter().map(value).collect())
            }
            dtype => Err(TensorsError::Dtype {
                name: name.to_owned(),
                expected: T::NAME,
                found: format!("{dtype:?}").to_lowercase(),
            }),
        }
    }
}

/// The header and what follows it.
fn split_header(bytes: &[u8]) -> Result<(&[u8], &[u8]), TensorsError> {
    let actual = bytes.len() as u64;
    let truncated = |expected| TensorsError::Truncated { expected, actual };
    // The length, and at least the opening brace.
    let begin = *bytes
        .first_chunk::<{ LENGTH_BYTES + 1 }>()
        .ok_or_else(|| truncated(LENGTH_BYTES as u64 + 1))?;
    let (length, rest) = bytes.split_first_chunk().expect("longer, as checked above");
    let length = u64::from_le_bytes(*length);
    if length == 0 || length > MAX_HEADER || begin[LENGTH_BYTES] != b'{' {
        return Err(TensorsError::NotSafetensors { begin });
    }
    rest.split_at_checked(length as usize)
        .ok_or_else(|| truncated(LENGTH_BYTES as u64 + length))
}

/// Compares the announced with the actual number of bytes after the header.
///
/// The library would add up the announced lengths without a check for overflow.
fn check_data_length(before: usize, announced: usize, found: usize) -> Result<(), TensorsError> {
    let total = |data: usize| (before as u64).saturating_add(data as u64);
    let (expected, actual) = (total(announced), total(found));
    match found {
        _ if found < announced => Err(TensorsError::Truncated { expected, actual }),
        _ if found > announced => Err(TensorsError::TrailingBytes { expected, actual }),
        _ => Ok(()),
    }
}
