//! What is learned: data, what a model reads and answers, loss, metric.

mod adding;
mod batch;
mod charlm;
mod config;
mod copy;
mod error;
mod interface;
mod metric;
mod order;
mod pixels;
mod qa;

use rand_chacha::ChaCha8Rng;

use nn::data::{Batches, LastBatch};

pub use adding::{Adding, AddingConfig};
pub use batch::{Batch, Inputs, Padded, Pass, Targets};
pub use charlm::{CharLm, CharlmConfig, CorpusName};
pub use config::{TaskConfig, TaskName};
pub use copy::{Copy, CopyConfig};
pub use error::TaskError;
pub use interface::{Head, Input, Interface};
pub use metric::Metric;
pub use order::PixelOrder;
pub use pixels::{DigitsConfig, ImagesName, Pixels, PmnistConfig, SmnistConfig};
pub use qa::{QaConfig, Questions, QuestionsName};

/// A part of a task's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Split {
    /// Examples to learn from.
    Train,
    /// Examples to choose by, while training goes on.
    Valid,
    /// Examples to measure with, in the end.
    Test,
}

impl Split {
    /// Its name in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Valid => "valid",
            Split::Test => "test",
        }
    }
}

/// A task: examples with what is to be answered about them.
///
/// An example is known by a number, which says all about it but for what is drawn anew whenever it
/// is shown. A pass chooses examples, and cuts them into batches.
pub trait Task: Send + Sync {
    /// What the data are and how they are presented, for reports.
    fn description(&self) -> String;

    /// Where the data are from, a line for each file.
    fn provenance(&self) -> &[String] {
        &[]
    }

    /// A checksum of all examples, so that a model is not taken for one that has learned from others; 0
    /// where they are made from the task's settings alone.
    fn digest(&self) -> u32 {
        0
    }

    /// What a model reads and answers.
    fn interface(&self) -> Interface;

    /// The character model, if it is one.
    fn text(&self) -> Option<&CharLm> {
        None
    }

    /// How answers are measured in reports.
    fn metric(&self) -> Metric;

    /// Number of examples in a pass over a part.
    fn examples(&self, split: Split) -> usize;

    /// What becomes of the examples that do not fill the last batch of a pass of training.
    fn last_batch(&self) -> LastBatch {
        LastBatch::Keep
    }

    /// Whether a batch of training begins with the states in which the one before it has ended.
    fn carries_state(&self) -> bool {
        false
    }

    /// The batches of a pass of training, in an order that is drawn from `rng`. All passes have the
    /// same number of batches.
    fn shuffled(&self, batch: usize, rng: &mut ChaCha8Rng) -> Pass {
        let batches = Batches::new(self.examples(Split::Train), batch, self.last_batch());
        Pass::new(batches.shuffled(rng))
    }

    /// The batches of a pass for measuring, each example once.
    fn in_order(&self, split: Split, batch: usize) -> Pass {
        Pass::new(Batches::new(self.examples(split), batch, LastBatch::Keep).in_order())
    }

    /// The chosen examples, in this order. What is drawn whenever an example is shown is drawn from
    /// `rng`.
    ///
    /// # Panics
    /// If there is no such example.
    fn batch(&self, split: Split, chosen: &[usize], rng: &mut ChaCha8Rng) -> Batch;
}
