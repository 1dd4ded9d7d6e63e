//! Data of the tasks: files as users have them, and what stands in for them.

pub mod questions;
