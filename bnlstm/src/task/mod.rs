//! What is learned: data, input and output sizes, loss, metric.

mod digits;
mod error;
mod order;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use digits::Digits;
pub use error::TaskError;
pub use order::PixelOrder;

/// A part of a task's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// Examples to learn from.
    Train,
    /// Examples to measure with.
    Test,
}

/// Sizes of a task of sequence classification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// `T`, steps of every sequence.
    pub steps: usize,
    /// `D`, elements of an input.
    pub input_size: usize,
    /// `C`, number of classes.
    pub classes: usize,
}

/// A batch of a task on the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Number of examples, `B`.
    pub examples: usize,
    /// `[T, B, D]`
    pub inputs: Vec<f32>,
    /// `[B]`, class labels.
    pub targets: Vec<u32>,
}

/// A task of sequence classification: one label for each sequence, read from the last hidden
/// state; cross-entropy as the loss, accuracy as the metric.
pub trait Task: Send + Sync {
    /// What the data are and how they are presented, for reports.
    fn description(&self) -> String;

    /// Sizes of inputs and outputs.
    fn sizes(&self) -> Sizes;

    /// Number of examples.
    fn examples(&self, split: Split) -> usize;

    /// The chosen examples, in this order.
    ///
    /// # Panics
    /// If an example is not below [`examples`](Task::examples).
    fn batch(&self, split: Split, chosen: &[usize]) -> Batch;
}

/// Which task, and how it is presented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TaskConfig {
    /// 8×8 images of handwritten digits, one pixel a step.
    Digits {
        /// The directory of the two files, if they are not the embedded ones.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<PathBuf>,
        /// The order of the pixels.
        order: PixelOrder,
    },
}

impl TaskConfig {
    /// Makes the data ready.
    ///
    /// # Errors
    /// If the data cannot be read.
    pub fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        match self {
            TaskConfig::Digits { data, order } => Ok(Box::new(match data {
                None => Digits::new(*order)?,
                Some(directory) => Digits::read(directory, *order)?,
            })),
        }
    }
}

impl fmt::Display for TaskConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskConfig::Digits { order, .. } => write!(f, "digits, {order}"),
        }
    }
}
