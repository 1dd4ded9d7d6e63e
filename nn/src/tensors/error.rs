//! What can be wrong with a file of tensors.

use super::read::LENGTH_BYTES;

/// Bytes that do not hold the tensors that are needed: names the field, what was found, and the
/// remedy. The file is named by whoever read it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TensorsError {
    /// Fewer bytes than the header needs or announces.
    #[error(
        "cut short: {actual} bytes are there, {expected} are needed; use an earlier file, or copy \
         this one again"
    )]
    Truncated {
        /// Bytes that are needed.
        expected: u64,
        /// Bytes that are there.
        actual: u64,
    },

    /// More bytes than the header announces.
    #[error(
        "bytes left over: {actual} bytes are there, but the header announces {expected}; use an \
         earlier file, or copy this one again"
    )]
    TrailingBytes {
        /// Bytes that the header announces.
        expected: u64,
        /// Bytes that are there.
        actual: u64,
    },

    /// The beginning is not that of the format.
    #[error(
        "not a safetensors file: it begins with the bytes {begin:02x?} instead of a header's \
         length and an opening brace; check that the path is right"
    )]
    NotSafetensors {
        /// The first bytes.
        begin: [u8; LENGTH_BYTES + 1],
    },

    /// The header cannot be understood.
    #[error("damaged safetensors header: {reason}; use an earlier file, or copy this one again")]
    Header {
        /// What is wrong with it.
        reason: String,
    },

    /// Other tensors than those that are needed.
    #[error("{}", wrong_names(missing, unexpected))]
    Names {
        /// Tensors that are needed and not there, sorted.
        missing: Vec<String>,
        /// Tensors that are there and not needed, sorted.
        unexpected: Vec<String>,
    },

    /// A tensor of another shape than the one that is needed.
    #[error(
        "tensor `{name}` has shape {found:?}, expected {expected:?}; the file belongs to a model \
         of other dimensions: use the configuration that it was written with"
    )]
    Shape {
        /// The tensor.
        name: String,
        /// The shape that is needed.
        expected: Vec<usize>,
        /// The shape in the file.
        found: Vec<usize>,
    },

    /// A tensor of another element type than the one that is needed.
    #[error(
        "tensor `{name}` has elements of type {found}, expected {expected}; {}",
        dtype_remedy(found)
    )]
    Dtype {
        /// The tensor.
        name: String,
        /// The type that is needed.
        expected: &'static str,
        /// The type in the file.
        found: String,
    },
}

fn wrong_names(missing: &[String], unexpected: &[String]) -> String {
    let list = |kind: &str, names: &[String]| match names {
        [] => String::new(),
        names => format!("{kind}: `{}`; ", names.join("`, `")),
    };
    format!(
        "other tensors than expected; {}{}the file belongs to another model: use the \
         configuration that it was written with",
        list("missing", missing),
        list("unexpected", unexpected)
    )
}

fn dtype_remedy(found: &str) -> &'static str {
    match found {
        "f32" | "f64" => "ask for that type, or allow the conversion",
        _ => "only f32 and f64 can be read: convert the file",
    }
}
