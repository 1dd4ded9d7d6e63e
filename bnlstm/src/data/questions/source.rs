//! Where questions come from.

use std::fmt;

use super::{Question, QuestionError};

/// How many names of a count are kept.
const KEPT: usize = 5;

/// A part of the corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Examples to learn from.
    Training,
    /// Examples to choose a model with.
    Validation,
    /// Examples for the final score.
    Test,
}

impl Part {
    /// All parts.
    pub const ALL: [Part; 3] = [Part::Training, Part::Validation, Part::Test];

    /// Name of the part, and of the folder that holds its files.
    pub fn folder(self) -> &'static str {
        match self {
            Part::Training => "training",
            Part::Validation => "validation",
            Part::Test => "test",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.folder())
    }
}

/// Something that gives the questions of each part, the same ones in the same order each time.
pub trait QuestionSource {
    /// Hands the questions of a part to `use_question` one after another, holding one at a time.
    ///
    /// # Errors
    /// If a question cannot be read.
    fn visit(&self, part: Part, use_question: &mut dyn FnMut(Question)) -> Result<PartReport, QuestionError>;
}

/// What was found while reading a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartReport {
    /// Number of files that were read, or of questions that were generated.
    pub files: usize,
    /// Files left out because they are malformed, each with the reason.
    pub skipped: Counted,
    /// Files whose name is not the SHA-1 of their content: they were changed, but are used.
    pub misnamed: Counted,
}

/// A count, and what the first few of the counted are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many there are.
    pub count: usize,
    /// The first few of them.
    pub first: Vec<String>,
}

impl Counted {
    /// Counts one more.
    pub(super) fn add(&mut self, text: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < KEPT {
            self.first.push(text());
        }
    }
}
