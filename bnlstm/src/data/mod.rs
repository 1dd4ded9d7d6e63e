//! The files that users have: found, checked, and parsed into plain values of the host.
//!
//! * [`source`]: the datasets, what their files are called, and where they come from
//! * [`directory`]: where files are looked for
//! * [`checksum`]: whether a file is the published original
//! * [`images`]: MNIST and what has its format; [`text`]: corpora of characters;
//!   [`questions`]: stories with questions about them
//! * [`listing`]: what is there and what is missing
//! * [`mt19937`]: the generator behind the pixel order of the paper's authors
//!
//! Nothing here knows of tasks or models.

pub mod checksum;
pub mod directory;
mod error;
pub mod images;
pub mod listing;
pub mod mt19937;
mod packed;
pub mod questions;
pub mod source;
pub mod text;

pub use error::DataError;
