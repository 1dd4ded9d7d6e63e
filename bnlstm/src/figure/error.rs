//! Why a figure could not be written.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use nn::files::FileError;
use thiserror::Error;

/// A figure could not be written.
#[derive(Debug, Error)]
pub enum FigureError {
    /// The name of the file does not say a known format.
    #[error(
        "cannot draw the figure {}: its name does not end in .png, .svg or .csv; choose one of these",
        path.display()
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// There is nothing to draw.
    #[error(
        "cannot draw the figure {}: no curve of {title:?} has a point with finite numbers, above \
         zero where the axis is logarithmic; record metrics before drawing, and look for the step \
         where training diverged",
        path.display()
    )]
    Empty {
        /// The file.
        path: PathBuf,
        /// Title of the panel, or of the sheet if it has no panel.
        title: String,
    },
    /// A given range of an axis has no extent.
    #[error(
        "cannot draw the figure {}: the {axis} range {low} to {high} is empty, not finite, or \
         reaches zero on a logarithmic axis; give a lower end below the upper end",
        path.display()
    )]
    Range {
        /// The file.
        path: PathBuf,
        /// `x` or `y`.
        axis: char,
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
    /// The drawing itself failed.
    #[error("cannot draw the figure {}: {cause}; the same numbers can be saved as .csv", path.display())]
    Drawing {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: String,
    },
    /// The file system refused.
    #[error("figure {0}")]
    File(#[from] FileError),
}

impl FigureError {
    /// Adds the path to an error of the drawing.
    pub(super) fn drawing<E: Display>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_owned();
        move |error| Self::Drawing {
            path,
            cause: error.to_string(),
        }
    }
}
