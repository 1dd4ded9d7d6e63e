//! Several figures in one picture.

use std::path::Path;

use super::{Figure, FigureError, csv, page};

/// Panels beside each other and below each other, with one legend below them all.
///
/// Curves of the same label have the same colour in all panels, and one entry in the legend. The
/// picture is 1200 pixels wide, or 400 for each column if that is more; its height follows.
///
/// ```
/// use bnlstm::figure::{Curve, Figure, Scale, Sheet};
///
/// let mut sheet = Sheet::new("Gradients at initialization");
/// for steps in [64, 784] {
///     let mut panel = Figure::new(format!("{steps} steps"), "t", "‖∂loss/∂hₜ‖₂");
///     panel.y_scale = Scale::Log;
///     let points = (0..steps).map(|t| (f64::from(t), 0.9f64.powi(steps - t)));
///     panel.curves.push(Curve::new("γ = 0.1").with_seed(0, points.collect()));
///     sheet.panels.push(panel);
/// }
/// let folder = tempfile::tempdir()?;
/// sheet.save(&folder.path().join("gradients.svg"))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// What all panels show together; may be empty.
    pub title: String,
    /// The panels, row by row.
    pub panels: Vec<Figure>,
    /// Panels in a row; if missing, up to three panels are one row, and more a square.
    pub columns: Option<usize>,
    /// What lines and bands are, in place of the notes of the panels; if both are missing, the
    /// legend says it of the seeds.
    pub note: Option<String>,
}

impl Sheet {
    /// A sheet without panels.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            panels: Vec::new(),
            columns: None,
            note: None,
        }
    }

    /// Writes the sheet as `.png` or `.svg`, or its numbers as `.csv`, by the name of the file.
    ///
    /// An earlier file is lost only when its replacement is complete. The CSV is that of
    /// [`Figure::save`] with the title of the panel as first column; where the labels of an axis
    /// differ between the panels, its column is `x` or `y`.
    ///
    /// # Errors
    /// [`FigureError`] if the name says no known format, there is no panel or one has nothing to
    /// draw, a range is empty, or the file system refuses.
    pub fn save(&self, path: &Path) -> Result<(), FigureError> {
        page::save(path, || page::Page::sheet(self, path), || csv::sheet(self))
    }

    /// Panels in a row.
    pub(super) fn columns(&self) -> usize {
        let panels = self.panels.len().max(1);
        let square = (1..)
            .find(|side| side * side >= panels)
            .expect("some square is greater");
        let columns = self.columns.unwrap_or(if panels <= 3 { panels } else { square });
        columns.clamp(1, panels)
    }
}
