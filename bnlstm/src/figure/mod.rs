//! Learning curves as PNG, SVG and CSV.
//!
//! ```
//! use bnlstm::figure::{Curve, Figure};
//!
//! let mut figure = Figure::new("Permuted digits", "epoch", "test accuracy (%)");
//! figure.curves.push(
//!     Curve::new("LSTM")
//!         .with_seed(0, vec![(1.0, 11.0), (2.0, 19.0)])
//!         .with_seed(1, vec![(1.0, 12.0), (2.0, 22.0)]),
//! );
//! let folder = tempfile::tempdir()?;
//! figure.save(&folder.path().join("accuracy.svg"))?;
//! figure.save(&folder.path().join("accuracy.csv"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod band;
mod clip;
mod csv;
mod draw;
mod legend;
mod raster;
mod style;
#[cfg(test)]
mod tests;
mod text;
mod ticks;
mod vector;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use nn::files::{self, FileError};
use thiserror::Error;

use style::Style;

/// Width and height of a figure in pixels (PNG) or user units (SVG).
pub const SIZE: (u32, u32) = (1200, 750);

/// The values of one setting over training, for each seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// What the legend calls it.
    pub label: String,
    /// Each seed with its points (x, y), in the order of x.
    pub seeds: Vec<(u64, Vec<(f64, f64)>)>,
}

impl Curve {
    /// A curve without points.
    pub fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            seeds: Vec::new(),
        }
    }

    /// Adds the points (x, y) of one seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64, points: Vec<(f64, f64)>) -> Self {
        self.seeds.push((seed, points));
        self
    }
}

/// Curves in one pair of axes, with a legend on the right.
///
/// Each curve is drawn as the mean over its seeds, with a band of ± 1 sample standard deviation.
/// Where a seed has no value for an x, mean and band are those of the seeds that have one; where
/// a value is not finite, the curve has a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What the figure shows.
    pub title: String,
    /// Name of the horizontal axis, with its unit.
    pub x_label: String,
    /// Name of the vertical axis, with its unit.
    pub y_label: String,
    /// Lower and upper end of the vertical axis; if missing, all curves and bands fit.
    pub y_range: Option<(f64, f64)>,
    /// The curves, in the order of the legend.
    pub curves: Vec<Curve>,
}

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
        "cannot draw the figure {}: no curve has a point with finite numbers; \
         record metrics before drawing, and look for the step where training diverged",
        path.display()
    )]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The vertical axis has no extent.
    #[error(
        "cannot draw the figure {}: the y range {low} to {high} is empty or not finite; \
         give a lower end below the upper end",
        path.display()
    )]
    Range {
        /// The file.
        path: PathBuf,
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

impl Figure {
    /// A figure without curves.
    pub fn new(title: impl Into<String>, x_label: impl Into<String>, y_label: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            y_range: None,
            curves: Vec::new(),
        }
    }

    /// Writes the figure as `.png` or `.svg`, or its numbers as `.csv`, by the name of the file.
    ///
    /// An earlier file is lost only when its replacement is complete. The CSV has one line for
    /// each point: curve, seed, x, y, under a header with the labels of the axes, and all digits.
    ///
    /// # Errors
    /// [`FigureError`] if the name says no known format, there is nothing to draw, the y range is
    /// empty, or the file system refuses.
    pub fn save(&self, path: &Path) -> Result<(), FigureError> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        let contents = match extension.as_deref() {
            Some("png") => self.png(path)?,
            Some("svg") => self.svg(path)?.into_bytes(),
            Some("csv") => csv::write(self).into_bytes(),
            _ => {
                return Err(FigureError::UnknownFormat {
                    path: path.to_owned(),
                });
            }
        };
        Ok(files::write_atomically(path, &contents)?)
    }

    fn svg(&self, path: &Path) -> Result<String, FigureError> {
        let plot = draw::Plot::new(self, path)?;
        vector::render(SIZE, |area, scale| plot.draw(area, Style::new(scale))).map_err(drawing_error(path))
    }

    fn png(&self, path: &Path) -> Result<Vec<u8>, FigureError> {
        let plot = draw::Plot::new(self, path)?;
        let pixels = raster::render(SIZE, |area, scale| plot.draw(area, Style::new(scale)))
            .map_err(drawing_error(path))?;
        raster::encode_png(SIZE, &pixels).map_err(drawing_error(path))
    }
}

/// Adds the path to an error of the drawing.
fn drawing_error<E: Display>(path: &Path) -> impl FnOnce(E) -> FigureError {
    let path = path.to_owned();
    move |error| FigureError::Drawing {
        path,
        cause: error.to_string(),
    }
}
