//! Figures as SVG.

use std::io;

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::prelude::SVGBackend;

/// Units of the drawing for each unit of the figure: the drawing library rounds coordinates to
/// whole units, and a curve of whole pixels would show steps.
const SCALE: u32 = 8;

/// The text of an SVG of a size, from a function that draws at a scale.
pub(super) fn render(
    (width, height): (u32, u32),
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, Shift>, u32) -> Result<(), DrawingAreaErrorKind<io::Error>>,
) -> Result<String, DrawingAreaErrorKind<io::Error>> {
    let (wide, high) = (width * SCALE, height * SCALE);
    let mut text = String::new();
    let area = SVGBackend::with_string(&mut text, (wide, high)).into_drawing_area();
    draw(&area, SCALE)?;
    area.present()?;
    drop(area);
    // The view box keeps the units of the drawing; width and height are those of the figure. All
    // lines inherit the joins: those of noisy curves would be spikes.
    let drawn = format!("width=\"{wide}\" height=\"{high}\"");
    let figure = format!("width=\"{width}\" height=\"{height}\" stroke-linejoin=\"round\"");
    Ok(text.replacen(&drawn, &figure, 1))
}
