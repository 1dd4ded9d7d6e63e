//! Why questions cannot be used.

use std::fmt;
use std::io;
use std::path::PathBuf;

use nn::files::{self, FileError};

use super::Part;

/// Questions that cannot be read or written: names the file or directory, what was found, and the
/// remedy.
#[derive(Debug, thiserror::Error)]
pub enum QuestionError {
    /// A directory does not hold the corpus.
    #[error(
        "{}: there is no folder `questions/training` in it, nor `cnn/questions/training`; give the folder \
         `cnn` of the unpacked cnn.tgz, or leave --data out to use generated questions",
        directory.display()
    )]
    Missing {
        /// The directory.
        directory: PathBuf,
    },
    /// A part of the corpus has no file that can be used.
    #[error(
        "{}: no question for {part}, with {files} files ending in `.question`, of which {skipped} are malformed; \
         unpack the corpus again, or raise the limit on the number of files",
        folder.display()
    )]
    Empty {
        /// The folder of the part.
        folder: PathBuf,
        /// The part.
        part: Part,
        /// Number of files that were looked at.
        files: usize,
        /// Number of files that were skipped.
        skipped: usize,
    },
    /// A file does not have the form of a question.
    #[error(transparent)]
    Malformed(#[from] MalformedQuestion),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file system refused something else.
    #[error("{}: cannot {operation}: {source}; {}", path.display(), files::remedy(source.kind()))]
    Io {
        /// What was to be done.
        operation: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// A file that does not have the form of a question.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{}: line {line} ({section}) {found}, expected {expected}; remove the file, or pass --lenient to skip it",
    name.display()
)]
pub struct MalformedQuestion {
    /// The file, or what stands for it if the bytes are in memory.
    pub name: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// What belongs there.
    pub section: Section,
    /// What is there, as the end of a sentence: "is ..." or "is missing".
    pub found: String,
    /// What should be there.
    pub expected: &'static str,
}

/// The sections of a file, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Where the text comes from.
    Url,
    /// The line between two other sections.
    Separator,
    /// The text.
    Context,
    /// The sentence with the gap.
    Question,
    /// What belongs in the gap.
    Answer,
    /// The names that the entities had.
    Entities,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Url => "URL",
            Self::Separator => "separator",
            Self::Context => "context",
            Self::Question => "question",
            Self::Answer => "answer",
            Self::Entities => "entity mapping",
        })
    }
}
