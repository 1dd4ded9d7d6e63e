//! Data sets: files in the IDX format, labelled images, and the order of examples in an epoch.

mod batches;
mod error;
mod idx;
mod labelled;

pub use batches::{Batches, Epoch, LastBatch};
pub use error::DataError;
pub use idx::{Content, Idx, IdxError, parse_idx, read_idx};
pub use labelled::{LabelledImages, NamedBytes};
