//! Which task, as a configuration has it.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Adding, Copy, PixelOrder, Pixels, Task, TaskError};
use crate::config::{ValueError, from_one_to};

/// Longer sequences than this do not fit in memory.
const MOST_STEPS: usize = 1 << 20;

/// Name of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TaskName {
    /// 8×8 images of handwritten digits, one pixel a step (embedded).
    Digits,
    /// Symbols to be repeated after a long time (generated).
    Copy,
    /// Two marked numbers among many, to be added (generated).
    Adding,
}

impl TaskName {
    /// Where it is from.
    pub fn reference(self) -> &'static str {
        match self {
            Self::Digits => "Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits",
            Self::Copy => "Arjovsky, Shah & Bengio 2016, arXiv 1511.06464, section 4.1",
            Self::Adding => "Hochreiter & Schmidhuber 1997; Le, Jaitly & Hinton 2015, arXiv 1504.00941",
        }
    }

    /// The preset that ends in minutes.
    pub fn preset(self) -> &'static str {
        match self {
            Self::Digits => "digits-quick",
            Self::Copy => "copy-quick",
            Self::Adding => "adding-quick",
        }
    }
}

/// Which task, and how it is presented.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Symbols to be repeated after a long time.
    Copy {
        /// Steps from the last of the data to the first answer.
        delay: usize,
        /// Sequences to learn from.
        examples: usize,
        /// Seed of the sequences.
        data_seed: u64,
    },
    /// Two marked numbers among many, whose sum is asked for.
    Adding {
        /// `T`, how many numbers.
        steps: usize,
        /// Sequences to learn from.
        examples: usize,
        /// Seed of the sequences.
        data_seed: u64,
    },
}

impl TaskConfig {
    /// Looks for values that make no sense.
    ///
    /// # Errors
    /// The first one, with what would fit.
    pub fn check(&self) -> Result<(), ValueError> {
        match *self {
            TaskConfig::Digits { order, .. } => match order {
                PixelOrder::Authors => Err(ValueError::new(
                    "task.order",
                    "authors",
                    "this order goes through the 784 pixels of MNIST; give `scan` or `permuted`",
                )),
                PixelOrder::Scan | PixelOrder::Permuted { .. } => Ok(()),
            },
            TaskConfig::Copy { delay, examples, .. } => {
                from_one_to("task.delay", delay, MOST_STEPS)?;
                at_least_two("task.examples", examples)
            }
            TaskConfig::Adding { steps, examples, .. } => {
                at_least_two("task.steps", steps)?;
                from_one_to("task.steps", steps, MOST_STEPS)?;
                at_least_two("task.examples", examples)
            }
        }
    }

    /// Makes the data ready.
    ///
    /// # Errors
    /// If the data cannot be read.
    pub fn load(&self) -> Result<Box<dyn Task>, TaskError> {
        Ok(match self {
            TaskConfig::Digits { data, order } => Box::new(match data {
                None => Pixels::digits(*order)?,
                Some(directory) => Pixels::read_digits(directory, *order)?,
            }),
            TaskConfig::Copy {
                delay,
                examples,
                data_seed,
            } => Box::new(Copy::new(*delay, *examples, *data_seed)),
            TaskConfig::Adding {
                steps,
                examples,
                data_seed,
            } => Box::new(Adding::new(*steps, *examples, *data_seed)),
        })
    }
}

fn at_least_two(field: &'static str, value: usize) -> Result<(), ValueError> {
    match value {
        0 | 1 => Err(ValueError::new(field, value, "give at least 2")),
        _ => Ok(()),
    }
}

impl fmt::Display for TaskConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskConfig::Digits { order, .. } => write!(f, "digits, {order}"),
            TaskConfig::Copy { delay, .. } => write!(f, "copy after {delay} steps"),
            TaskConfig::Adding { steps, .. } => write!(f, "adding over {steps} steps"),
        }
    }
}
