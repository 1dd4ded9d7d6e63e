//! Data.
pub mod mt19937;
