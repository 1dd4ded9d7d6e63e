//! The IDX format, in which MNIST and its relatives are kept.
//!
//! Two zero bytes, the element type (0x08: unsigned bytes), the number of axes, the length of each
//! axis as a 32-bit number with the most significant byte first, then the elements in row-major
//! order. Usually packed with gzip.

mod error;
#[cfg(test)]
mod tests;

use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::DataError;
use crate::files;

pub use error::{Content, IdxError};

/// The most axes that are read.
const MAX_AXES: usize = 4;
/// Magic number and one length for each axis.
const MAX_HEADER: usize = 4 + 4 * MAX_AXES;
/// Type code of unsigned bytes.
const UNSIGNED_BYTE: u8 = 0x08;
/// How every gzip stream begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// No deflate stream unpacks to more than this many times its size: a match copies at most 258
/// bytes and takes at least two bits.
const MAX_EXPANSION: usize = 1032;

/// An array of unsigned bytes with 1 to 4 axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// Length of each axis, outermost first: `[N, R, C]` for images, `[N]` for labels. The product
    /// of the lengths above zero does not overflow.
    pub dims: Vec<usize>,
    /// The elements in row-major order, as many as the product of `dims`.
    pub data: Vec<u8>,
}

impl Idx {
    /// The array in the IDX format, not packed. [`parse_idx`] gives the same array back.
    ///
    /// # Panics
    /// If the number of axes is not from 1 to 4, a length does not fit 32 bits, or the product of
    /// the lengths is not the number of elements.
    #[track_caller]
    pub fn to_bytes(&self) -> Vec<u8> {
        let axes = self.dims.len();
        assert!(
            (1..=MAX_AXES).contains(&axes),
            "IDX: dims {:?} have {axes} axes, from 1 to {MAX_AXES} can be written",
            self.dims
        );
        let mut bytes = vec![0, 0, UNSIGNED_BYTE, axes as u8];
        for &length in &self.dims {
            let length = u32::try_from(length).unwrap_or_else(|_| {
                panic!(
                    "IDX: length {length} in dims {:?} is above {}",
                    self.dims,
                    u32::MAX
                )
            });
            bytes.extend(length.to_be_bytes());
        }
        assert_eq!(
            element_count(&self.dims),
            Some(self.data.len()),
            "IDX: the product of dims {:?} (left) is not the number of elements (right)",
            self.dims
        );
        bytes.extend(&self.data);
        bytes
    }

    /// Checks that there are `expected` axes: 3 for images, 1 for labels.
    ///
    /// # Errors
    /// [`IdxError::Axes`], which says what was probably mixed up.
    pub fn expect_axes(&self, expected: usize) -> Result<(), IdxError> {
        let found = self.dims.len();
        if found == expected {
            Ok(())
        } else {
            Err(IdxError::Axes { expected, found })
        }
    }
}

/// Reads an array of unsigned bytes from a file in the IDX format, raw or packed with gzip (judged
/// by the content, not by the name).
///
/// # Errors
/// [`DataError::File`] if the file cannot be read, [`DataError::Idx`] if its content is not such an
/// array; both name the file.
pub fn read_idx(path: impl AsRef<Path>) -> Result<Idx, DataError> {
    let path = path.as_ref();
    parse_named(path, &files::read(path)?)
}

/// [`parse_idx`] with the error naming the file that the bytes came from.
pub(super) fn parse_named(path: &Path, bytes: &[u8]) -> Result<Idx, DataError> {
    parse_idx(bytes).map_err(|source| DataError::Idx {
        path: path.to_owned(),
        source,
    })
}

/// The array of unsigned bytes that `bytes` hold in the IDX format, raw or packed with gzip.
///
/// Safe on any input: no more memory is taken than the content fills, and no more of a gzip stream
/// is unpacked than its header announces.
///
/// # Errors
/// The first thing that is wrong with the bytes.
///
/// # Examples
/// ```
/// let bytes = [0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9];
/// let labels = nn::data::parse_idx(&bytes)?;
/// assert_eq!((labels.dims, labels.data), (vec![3], vec![7, 0, 9]));
/// # Ok::<(), nn::data::IdxError>(())
/// ```
pub fn parse_idx(bytes: &[u8]) -> Result<Idx, IdxError> {
    if bytes.starts_with(&GZIP) {
        return parse_gzip(bytes);
    }
    let header = Header::parse(bytes)?;
    header.check_total(bytes.len())?;
    Ok(Idx {
        data: bytes[header.length()..].to_vec(),
        dims: header.dims,
    })
}

fn parse_gzip(packed: &[u8]) -> Result<Idx, IdxError> {
    let mut decoder = MultiGzDecoder::new(packed);
    let mut bytes = Vec::new();
    inflate(&mut decoder, MAX_HEADER, &mut bytes)?;
    let header = Header::parse(&bytes)?;
    let expected = header.total();
    if expected > packed.len().saturating_mul(MAX_EXPANSION) {
        return Err(IdxError::Overstated {
            expected,
            compressed: packed.len(),
        });
    }
    // One byte beyond the announced ones tells whether the stream goes on, and makes the decoder
    // verify the check sum if it does not.
    let limit = (expected + 1).saturating_sub(bytes.len());
    inflate(&mut decoder, limit, &mut bytes)?;
    header.check_total(bytes.len())?;
    bytes.drain(..header.length());
    Ok(Idx {
        data: bytes,
        dims: header.dims,
    })
}

/// Appends at most `limit` unpacked bytes.
fn inflate(decoder: &mut impl Read, limit: usize, bytes: &mut Vec<u8>) -> Result<(), IdxError> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    match decoder.take(limit).read_to_end(bytes) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(IdxError::TruncatedGzip {
            inflated: bytes.len(),
        }),
        Err(error) => Err(IdxError::Gzip {
            reason: error.to_string(),
        }),
    }
}

/// The product of the lengths, unless that of those above zero exceeds what memory can hold: such
/// lengths would overflow the arithmetic of a caller even if one of them is zero.
fn element_count(dims: &[usize]) -> Option<usize> {
    let above_zero = dims.iter().filter(|&&length| length > 0);
    let product = above_zero.copied().try_fold(1, usize::checked_mul)?;
    let representable = product <= isize::MAX as usize;
    representable.then(|| dims.iter().product())
}

struct Header {
    dims: Vec<usize>,
    /// The product of `dims`.
    count: usize,
}

impl Header {
    /// Reads the header at the beginning of `bytes`.
    fn parse(bytes: &[u8]) -> Result<Self, IdxError> {
        let truncated = |expected: usize| IdxError::Truncated {
            expected,
            actual: bytes.len(),
        };
        let (&magic, rest) = bytes.split_first_chunk().ok_or_else(|| truncated(4))?;
        let axes = axes_of(magic)?;
        let (lengths, _) = rest.as_chunks::<4>();
        let lengths = lengths.get(..axes).ok_or_else(|| truncated(4 + 4 * axes))?;
        let dims: Vec<usize> = lengths
            .iter()
            .map(|&length| u32::from_be_bytes(length) as usize)
            .collect();
        match element_count(&dims) {
            Some(count) => Ok(Self { dims, count }),
            None => Err(IdxError::Lengths { dims }),
        }
    }

    /// Bytes of the header.
    fn length(&self) -> usize {
        4 + 4 * self.dims.len()
    }

    /// Bytes of header and data.
    fn total(&self) -> usize {
        self.length() + self.count
    }

    fn check_total(&self, actual: usize) -> Result<(), IdxError> {
        let expected = self.total();
        match actual {
            _ if actual < expected => Err(IdxError::Truncated { expected, actual }),
            _ if actual > expected => Err(IdxError::TrailingBytes { expected, actual }),
            _ => Ok(()),
        }
    }
}

/// The number of axes that the magic number announces, after checking the rest of it.
fn axes_of(magic: [u8; 4]) -> Result<usize, IdxError> {
    match magic {
        [0, 0, UNSIGNED_BYTE, axes] if (1..=MAX_AXES).contains(&axes.into()) => Ok(axes.into()),
        [0, 0, UNSIGNED_BYTE, found] => Err(IdxError::AxisCount { found }),
        [0, 0, code, _] => Err(IdxError::ElementType { code }),
        _ => Err(IdxError::Magic {
            magic,
            looks_like: Content::guess(magic),
        }),
    }
}
