//! A figure with the numbers that its drawing needs.

use std::path::Path;

use super::axis::{Axis, Scale};
use super::band::{Pieces, pieces};
use super::clip::Rect;
use super::{Figure, FigureError};

/// More at both ends of the vertical axis, so that no curve lies on the frame.
const PAD: f64 = 0.04;

/// A figure, its axes, and its curves without gaps.
pub(super) struct Plot<'f> {
    pub figure: &'f Figure,
    pub x: Axis,
    pub y: Axis,
    pub curves: Vec<Pieces>,
}

impl<'f> Plot<'f> {
    /// Computes bands and ranges; `path` is for errors.
    pub fn new(figure: &'f Figure, path: &Path) -> Result<Self, FigureError> {
        let (x_scale, y_scale) = (figure.x_scale, figure.y_scale);
        let curves: Vec<_> = figure
            .curves
            .iter()
            .map(|curve| pieces(curve, x_scale, y_scale))
            .collect();
        let lines = || curves.iter().flat_map(|curve| curve.lines.iter().flatten());
        let bands = || curves.iter().flat_map(|curve| curve.bands.iter().flatten());
        let places = lines().map(|point| point.0).chain(bands().map(|point| point.0));
        let heights = lines().map(|point| point.1);
        let heights = heights.chain(bands().flat_map(|&(_, lower, upper)| [lower, upper]));
        let (Some(x), Some(_)) = (
            Axis::around(x_scale, places, 0.0),
            Axis::around(y_scale, heights.clone(), PAD),
        ) else {
            return Err(FigureError::Empty {
                path: path.to_owned(),
                title: figure.title.clone(),
            });
        };
        let heights = heights.chain(figure.references.iter().map(|reference| reference.y));
        let y = Axis::around(y_scale, heights, PAD).expect("there are heights");
        Ok(Self {
            figure,
            x: given('x', x_scale, figure.x_range, path)?.unwrap_or(x),
            y: given('y', y_scale, figure.y_range, path)?.unwrap_or(y),
            curves,
        })
    }

    /// Where a point is in a rectangle for the whole of both axes.
    pub fn point(&self, (x, y): (f64, f64), rect: &Rect) -> (f64, f64) {
        (
            rect.left + self.x.place(x) * rect.width(),
            rect.bottom - self.y.place(y) * rect.height(),
        )
    }
}

/// The axis of a range that the figure gives.
fn given(
    axis: char,
    scale: Scale,
    range: Option<(f64, f64)>,
    path: &Path,
) -> Result<Option<Axis>, FigureError> {
    let Some((low, high)) = range else {
        return Ok(None);
    };
    let found = Axis::new(scale, (low, high));
    found.map(Some).ok_or_else(|| FigureError::Range {
        path: path.to_owned(),
        axis,
        low,
        high,
    })
}
