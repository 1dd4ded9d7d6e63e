//! Drawing in pixels of the figure, on any backend.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color, FontTransform, IntoTextStyle, RGBColor, ShapeStyle, WHITE};

use super::clip::Rect;
use super::look::Look;
use super::text;

/// The result of drawing on a backend.
pub(super) type DrawResult<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// How much of its colour a band has.
const BAND_OPACITY: f64 = 0.18;

/// A text and how it stands at a point.
#[derive(Clone, Copy)]
pub(super) struct Text<'t> {
    pub text: &'t str,
    pub size: f64,
    pub color: RGBColor,
    pub align: HPos,
    /// From bottom to top.
    pub upright: bool,
}

impl<'t> Text<'t> {
    /// Black text from left to right, its middle at the point.
    pub fn centered(text: &'t str, size: f64) -> Self {
        Self {
            text,
            size,
            color: BLACK,
            align: HPos::Center,
            upright: false,
        }
    }
}

/// An area in units of a fraction of a pixel, since backends draw at whole units.
pub(super) struct Canvas<'a, B: DrawingBackend> {
    area: &'a DrawingArea<B, Shift>,
    scale: f64,
}

impl<'a, B: DrawingBackend> Canvas<'a, B> {
    /// A white area with `scale` units to a pixel.
    pub fn new(
        area: &'a DrawingArea<B, Shift>,
        scale: u32,
    ) -> Result<Self, DrawingAreaErrorKind<B::ErrorType>> {
        area.fill(&WHITE)?;
        let scale = f64::from(scale);
        Ok(Self { area, scale })
    }

    /// A line through points; a single point is a dot.
    pub fn line(&self, points: &[(f64, f64)], look: Look) -> DrawResult<B> {
        let style = self.stroke(look.color, look.width);
        match (points, look.dash) {
            ([only], _) => {
                let radius = self.length(1.4 * look.width);
                self.area
                    .draw(&Circle::new(self.at(*only), radius, look.color.filled()))
            }
            (_, None) => self.area.draw(&PathElement::new(self.all(points), style)),
            (_, Some((piece, space))) => {
                let (piece, space) = (self.length(piece), self.length(space));
                let path = DashedPathElement::new(self.all(points), piece, space, style);
                self.area.draw(&path)
            }
        }
    }

    /// The area of a band.
    pub fn band(&self, outline: &[(f64, f64)], color: RGBColor) -> DrawResult<B> {
        let fill = color.mix(BAND_OPACITY).filled();
        self.area.draw(&Polygon::new(self.all(outline), fill))
    }

    /// The outline of a rectangle.
    pub fn frame(&self, rect: &Rect, color: RGBColor) -> DrawResult<B> {
        let corners = [self.at((rect.left, rect.top)), self.at((rect.right, rect.bottom))];
        let [(left, top), (right, bottom)] = corners;
        // The backend's own outline of a rectangle is one unit wide, whatever its style says.
        let half = (self.scale / 2.0) as i32;
        for corners in [
            [(left - half, top - half), (right + half, top + half)],
            [(left - half, bottom - half), (right + half, bottom + half)],
            [(left - half, top - half), (left + half, bottom + half)],
            [(right - half, top - half), (right + half, bottom + half)],
        ] {
            self.area.draw(&Rectangle::new(corners, color.filled()))?;
        }
        Ok(())
    }

    /// A text with its middle height at a point.
    pub fn text(&self, text: Text<'_>, point: (f64, f64)) -> DrawResult<B> {
        if text.text.is_empty() {
            return Ok(());
        }
        let mut font = text::font(text.size * self.scale);
        if text.upright {
            font = font.transform(FontTransform::Rotate270);
        }
        let style = font.into_text_style(self.area);
        let style = style.color(&text.color).pos(Pos::new(text.align, VPos::Center));
        self.area.draw_text(text.text, &style, self.at(point))
    }

    fn stroke(&self, color: RGBColor, width: f64) -> ShapeStyle {
        color.stroke_width(self.length(width))
    }

    /// A length in units.
    fn length(&self, pixels: f64) -> u32 {
        (pixels * self.scale).round() as u32
    }

    fn at(&self, (x, y): (f64, f64)) -> (i32, i32) {
        ((x * self.scale).round() as i32, (y * self.scale).round() as i32)
    }

    fn all(&self, points: &[(f64, f64)]) -> Vec<(i32, i32)> {
        points.iter().map(|point| self.at(*point)).collect()
    }
}
