//! Curves and panels of curves as PNG, SVG and CSV.
//!
//! A [`Figure`] is one pair of axes; a [`Sheet`] shows several beside each other.
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

mod axis;
mod band;
mod canvas;
mod clip;
mod color;
mod csv;
mod curve;
mod error;
mod grid;
mod legend;
mod look;
mod page;
mod panel;
mod plot;
mod raster;
mod sheet;
#[cfg(test)]
mod sheet_tests;
#[cfg(test)]
mod tests;
mod text;
mod ticks;
mod vector;
#[cfg(test)]
pub(crate) mod vision;

use std::path::Path;

pub use axis::Scale;
pub use curve::{Band, Color, Curve, Line, Reference};
pub use error::FigureError;
pub use sheet::Sheet;

/// Width and height of a figure in pixels (PNG) or user units (SVG); a legend that is too long for
/// the right side is added at the bottom.
pub const SIZE: (u32, u32) = (1200, 750);

/// Curves in one pair of axes, with a legend on the right.
///
/// Each curve is drawn as the mean over its seeds, with a band of ± 1 sample standard deviation.
/// Where a seed has no value for an x, mean and band are those of the seeds that have one; where
/// a value is not finite, or not above zero on a logarithmic axis, the curve has a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What the figure shows.
    pub title: String,
    /// Name of the horizontal axis, with its unit.
    pub x_label: String,
    /// Name of the vertical axis, with its unit.
    pub y_label: String,
    /// How numbers are spread on the horizontal axis.
    pub x_scale: Scale,
    /// How numbers are spread on the vertical axis.
    pub y_scale: Scale,
    /// Lower and upper end of the horizontal axis; if missing, all curves and bands fit.
    pub x_range: Option<(f64, f64)>,
    /// Lower and upper end of the vertical axis; if missing, all curves, bands and references fit.
    pub y_range: Option<(f64, f64)>,
    /// The curves, in the order of the legend.
    pub curves: Vec<Curve>,
    /// Horizontal lines, after the curves in the legend.
    pub references: Vec<Reference>,
    /// What lines and bands are; if missing, the legend says it of the seeds.
    pub note: Option<String>,
}

impl Figure {
    /// A figure without curves, on linear axes.
    pub fn new(title: impl Into<String>, x_label: impl Into<String>, y_label: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            x_label: x_label.into(),
            y_label: y_label.into(),
            x_scale: Scale::Linear,
            y_scale: Scale::Linear,
            x_range: None,
            y_range: None,
            curves: Vec::new(),
            references: Vec::new(),
            note: None,
        }
    }

    /// Writes the figure as `.png` or `.svg`, or its numbers as `.csv`, by the name of the file.
    ///
    /// An earlier file is lost only when its replacement is complete. The CSV has one line for
    /// each point: curve, seed, x, y, under a header with the labels of the axes, and all digits.
    /// Given bands add the columns lower and upper, and lines without seed and y; a reference has
    /// a line without seed and x.
    ///
    /// # Errors
    /// [`FigureError`] if the name says no known format, there is nothing to draw, a range is
    /// empty, or the file system refuses.
    pub fn save(&self, path: &Path) -> Result<(), FigureError> {
        page::save(path, || page::Page::figure(self, path), || csv::figure(self))
    }
}
