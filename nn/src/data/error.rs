//! What can be wrong with the files of a data set.

use std::path::PathBuf;

use super::IdxError;
use crate::files::FileError;

/// A data set that cannot be used: names the file, the field, the value and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file could not be read at all.
    #[error(transparent)]
    File(#[from] FileError),

    /// A file was read, but its content is not what it should be.
    #[error("{}: {source}", path.display())]
    Idx {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        source: IdxError,
    },

    /// An axis of a data set has length zero.
    #[error(
        "{}: axis {axis} of {dims:?} has length 0, so that there is nothing to learn from; \
         give a file that holds at least one example",
        path.display()
    )]
    EmptyAxis {
        /// The file.
        path: PathBuf,
        /// The axis, counted from 0.
        axis: usize,
        /// The lengths of all axes, as the file's header gives them.
        dims: Vec<usize>,
    },

    /// There are not as many labels as images.
    #[error(
        "{} holds {label_count} labels, but {} holds {image_count} images; \
         give the two files of one data set (both of training or both of test)",
        labels.display(),
        images.display()
    )]
    CountMismatch {
        /// The file of images.
        images: PathBuf,
        /// The number of images in it.
        image_count: usize,
        /// The file of labels.
        labels: PathBuf,
        /// The number of labels in it.
        label_count: usize,
    },

    /// A label is not below the number of classes.
    #[error(
        "{}: label {label} of example {example} is not below the number of classes, {classes}; \
         raise the number of classes to {} or more, or give the labels of the right data set",
        path.display(),
        usize::from(*label) + 1
    )]
    Label {
        /// The file of labels.
        path: PathBuf,
        /// The first example with such a label, counted from 0.
        example: usize,
        /// The label.
        label: u8,
        /// The number of classes.
        classes: usize,
    },
}
