//! What can be wrong with the files of a user.

use std::io;
use std::path::PathBuf;

use nn::files::FileError;

use super::source::{Kind, Source};
use super::text::PtbFault;

/// Data that cannot be used: names the file or directory, the place in it, what was found, and the
/// remedy.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The data directory is not there.
    #[error(
        "{}: there is no directory of this name; give the directory that holds your datasets",
        path.display()
    )]
    NoDirectory {
        /// What was given.
        path: PathBuf,
    },
    /// The data directory does not hold a dataset, or not all of its files in one folder.
    #[error("{}", missing(directory, dataset, notes))]
    Missing {
        /// The data directory.
        directory: PathBuf,
        /// The dataset.
        dataset: &'static Source,
        /// What was found in its place.
        notes: Vec<String>,
    },
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A packed file is damaged.
    #[error(
        "{}: the gzip data are cut short or damaged after {unpacked} unpacked bytes ({source}); \
         copy or download the file again",
        path.display()
    )]
    Gzip {
        /// The file.
        path: PathBuf,
        /// Bytes that could be unpacked.
        unpacked: usize,
        /// What the decoder found.
        source: io::Error,
    },
    /// A file of images or labels is damaged, or the two do not belong together.
    #[error(transparent)]
    Images(#[from] nn::data::DataError),
    /// Images to learn from have another size than those to test on.
    #[error(
        "{} holds images of {}×{} pixels, but {} holds images of {}×{}; give the files of one dataset",
        train.display(), train_size[0], train_size[1], test.display(), test_size[0], test_size[1]
    )]
    ImageSizes {
        /// The file of training images.
        train: PathBuf,
        /// Rows and columns of the images in it.
        train_size: [usize; 2],
        /// The file of test images.
        test: PathBuf,
        /// Rows and columns of the images in it.
        test_size: [usize; 2],
    },
    /// So few images that none would be left to validate with, or none to learn from.
    #[error(
        "{}: {count} images; the first five sixths are to learn from and the others to validate with, \
         which takes 2 or more: give a larger file",
        path.display()
    )]
    FewImages {
        /// The file of training images.
        path: PathBuf,
        /// Images in it.
        count: usize,
    },
    /// Files of two datasets under one name.
    #[error(
        "{}: by its checksum this belongs to {found}, but the files beside it to {expected}; put the \
         files of one dataset into one folder",
        path.display()
    )]
    Mixed {
        /// The file.
        path: PathBuf,
        /// The dataset it belongs to.
        found: &'static str,
        /// The dataset of the others.
        expected: &'static str,
    },
    /// A file of the Penn Treebank breaks the rule of its form.
    #[error("{}: line {line}, byte {column} of it: {fault}", path.display())]
    Ptb {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The byte within the line, from 1.
        column: usize,
        /// What is wrong there.
        fault: PtbFault,
    },
    /// A byte that text8 does not have.
    #[error(
        "{}: byte {offset} (from 0) is {byte:#04x}; text8 is made of a to z and spaces alone: unpack the \
         original again, or read this file as a text with text8's normalization",
        path.display()
    )]
    Text8Byte {
        /// The file.
        path: PathBuf,
        /// The place of the first such byte, from 0.
        offset: usize,
        /// The byte.
        byte: u8,
    },
    /// A text is not UTF-8.
    #[error(
        "{}: not UTF-8 at byte {offset} (from 0); convert the text to UTF-8, or give a text file",
        path.display()
    )]
    Utf8 {
        /// The file.
        path: PathBuf,
        /// The place of the first byte that is not, from 0.
        offset: usize,
    },
    /// More different characters than have numbers.
    #[error(
        "{}: {found} different characters, of which {} can be told apart; give another text, or read it \
         with text8's normalization",
        path.display(),
        usize::from(u16::MAX) + 1
    )]
    Alphabet {
        /// The file.
        path: PathBuf,
        /// Different characters in it.
        found: usize,
    },
    /// A part of a corpus has no characters.
    #[error(
        "{}: no characters are left for the {part} part of {total} in all; give a longer text or other \
         fractions",
        path.display()
    )]
    EmptyPart {
        /// The file.
        path: PathBuf,
        /// `training`, `validation` or `test`.
        part: &'static str,
        /// Characters in the file.
        total: usize,
    },
    /// Fractions that are not three parts of a whole.
    #[error(
        "fractions {} / {} / {} for training, validation and test: each has to be above 0, and their sum \
         has to be 1, as that of 0.9 / 0.05 / 0.05",
        fractions[0], fractions[1], fractions[2]
    )]
    Fractions {
        /// What was given.
        fractions: [f64; 3],
    },
}

fn missing(directory: &std::path::Path, dataset: &Source, notes: &[String]) -> String {
    let forms: Vec<String> = dataset
        .forms
        .iter()
        .map(|form| {
            let names: Vec<String> = form.parts.iter().map(|spellings| spelled(spellings)).collect();
            let kind = match form.kind {
                Kind::Files => ", raw or with the ending `.gz`",
                Kind::Folders => " (folders)",
            };
            format!("{}{kind}", names.join(", "))
        })
        .collect();
    let folders = dataset.folders.iter().filter(|folder| !folder.is_empty());
    let folders: Vec<String> = folders.map(|folder| format!("`{folder}`")).collect();
    let notes: String = notes.iter().map(|note| format!("; {note}")).collect();
    format!(
        "{}: {} is not there: looked for {}, in the directory itself or in one of {}{notes}; put the \
         files there, or give another directory. The original was published at {}",
        directory.display(),
        dataset.name,
        forms.join("; or "),
        folders.join(", "),
        dataset.url
    )
}

/// A name with its other spellings.
fn spelled(names: &[&str]) -> String {
    let others: String = names[1..].iter().map(|name| format!(" (or `{name}`)")).collect();
    format!("`{}`{others}", names[0])
}
