//! Why the data of a task cannot be used.

use std::path::PathBuf;

use nn::data::DataError;

/// Data that a task cannot use: names the file or directory, what was found, and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// A file of images cannot be read or is damaged, or the two do not belong together.
    #[error(transparent)]
    Images(#[from] DataError),
    /// Files of a dataset are missing, cannot be read or are damaged.
    #[error(transparent)]
    Files(#[from] crate::data::DataError),
    /// Questions are missing, cannot be read or are malformed.
    #[error(transparent)]
    Questions(#[from] crate::data::questions::QuestionError),
    /// A text has too few characters.
    #[error(
        "the {part} part of {name} has {characters} characters, fewer than two sequences of {length}; give a \
         longer text, or a length (task.length or --lengths) of at most {}",
        characters / 2
    )]
    ShortText {
        /// The text.
        name: String,
        /// Its part.
        part: &'static str,
        /// Characters of the part.
        characters: usize,
        /// Characters of a sequence.
        length: usize,
    },
    /// The order of the paper's code goes through other images.
    #[error("task.order = authors goes through 784 pixels, but these images have {pixels}; give `permuted`")]
    Order {
        /// Pixels of the images.
        pixels: usize,
    },
    /// There is no directory of data where there has to be one.
    #[error(
        "{task} reads files of its own; name their directory by --data or BNLSTM_DATA (`bnlstm data` says \
         what they are called and where they come from)"
    )]
    NoData {
        /// The task.
        task: &'static str,
    },
    /// A directory does not hold a file, neither raw nor packed.
    #[error(
        "{}: there is neither `{name}` nor `{name}.gz` in it; give the directory that holds the images \
         and the labels, or leave --data out to use the embedded files",
        directory.display()
    )]
    Missing {
        /// The directory.
        directory: PathBuf,
        /// Name of the file without `.gz`.
        name: &'static str,
    },
    /// The images are not those of the task.
    #[error(
        "{}: {} images of {}×{} pixels, expected {} of {}×{}; give the 8×8 digits in the order of the \
         embedded files, or leave --data out to use those",
        path.display(),
        found[0], found[1], found[2], expected[0], expected[1], expected[2]
    )]
    Size {
        /// The file of images.
        path: PathBuf,
        /// Number, rows and columns of the images in it.
        found: [usize; 3],
        /// Number, rows and columns that the task has.
        expected: [usize; 3],
    },
    /// A pixel is brighter than the task's pixels are.
    #[error(
        "{}: a pixel of image {example} is {pixel}, expected at most {largest}; divide the values, which \
         probably go up to 255, or give the right file",
        path.display()
    )]
    Pixel {
        /// The file of images.
        path: PathBuf,
        /// The first image with such a pixel, from 0.
        example: usize,
        /// The pixel.
        pixel: u8,
        /// The largest that there should be.
        largest: u8,
    },
}
