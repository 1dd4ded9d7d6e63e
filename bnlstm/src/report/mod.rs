//! One page of HTML about many runs, which needs no network: a table over seeds, learning curves, and what
//! went on inside the models.

mod data;
mod differences;
mod error;
mod gather;
mod groups;
mod inside;
mod page;
mod rows;
mod series;
mod statistics;
mod student;
#[cfg(test)]
mod tests;
mod time;

pub use error::ReportError;
pub use gather::{Run, State, gather};
pub use page::page;
pub use statistics::SiteCourses;
pub use student::quantile_95;
