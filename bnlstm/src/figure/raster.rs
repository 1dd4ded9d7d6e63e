//! Figures as pixels and PNG.

use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::prelude::{BitMapBackend, DrawingBackend};
use plotters_backend::{BackendColor, BackendStyle, BackendTextStyle, DrawingErrorKind};

/// Pixels of the drawing along each side of a pixel of the figure: the drawing library places
/// lines and letters at whole pixels, and averaging makes their edges smooth.
const SCALE: u32 = 4;

type Coord = (i32, i32);
type BitMapError = <BitMapBackend<'static> as DrawingBackend>::ErrorType;

/// A bitmap that writes text at the height where an SVG has it.
pub(super) struct Raster<'p> {
    bitmap: BitMapBackend<'p>,
}

impl Raster<'_> {
    /// How much too high the drawing library puts text, as a part of the size of the font.
    ///
    /// It sets the base line of embedded fonts half a size below the top of the text, where an SVG
    /// has it 0.76 em below, that is 0.76 / 1.24 of a size.
    const TEXT_SHIFT: f64 = 0.76 / 1.24 - 0.5;
}

impl DrawingBackend for Raster<'_> {
    type ErrorType = BitMapError;

    fn get_size(&self) -> (u32, u32) {
        self.bitmap.get_size()
    }

    fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<BitMapError>> {
        self.bitmap.ensure_prepared()
    }

    fn present(&mut self) -> Result<(), DrawingErrorKind<BitMapError>> {
        self.bitmap.present()
    }

    fn draw_pixel(&mut self, point: Coord, color: BackendColor) -> Result<(), DrawingErrorKind<BitMapError>> {
        self.bitmap.draw_pixel(point, color)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: Coord,
        bottom_right: Coord,
        style: &S,
        fill: bool,
    ) -> Result<(), DrawingErrorKind<BitMapError>> {
        self.bitmap.draw_rect(upper_left, bottom_right, style, fill)
    }

    /// The drawing library joins wide pieces at their inner edges, which lie far away where pieces
    /// are shorter than the line is wide: each piece is a rectangle here, and each joint a circle.
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = Coord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Result<(), DrawingErrorKind<BitMapError>> {
        let points: Vec<Coord> = path.into_iter().collect();
        let half = f64::from(style.stroke_width()) / 2.0;
        for ends in points.windows(2) {
            self.bitmap.fill_polygon(bar(ends[0], ends[1], half), style)?;
        }
        for joint in points.iter().skip(1).rev().skip(1) {
            self.bitmap.draw_circle(*joint, half as u32, style, true)?;
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        (x, y): Coord,
    ) -> Result<(), DrawingErrorKind<BitMapError>> {
        let down = (Self::TEXT_SHIFT * style.size()).round() as i32;
        // Down as the letters stand.
        let (dx, dy) = style.transform().transform(0, down);
        self.bitmap.draw_text(text, style, (x + dx, y + dy))
    }
}

/// The corners of a straight line that has a width.
fn bar(from: Coord, to: Coord, half: f64) -> [Coord; 4] {
    let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    let length = dx.hypot(dy).max(f64::MIN_POSITIVE);
    let (across_x, across_y) = (-dy / length * half, dx / length * half);
    let corner = |end: Coord, side: f64| {
        (
            (f64::from(end.0) + side * across_x).round() as i32,
            (f64::from(end.1) + side * across_y).round() as i32,
        )
    };
    [
        corner(from, 1.0),
        corner(to, 1.0),
        corner(to, -1.0),
        corner(from, -1.0),
    ]
}

/// The pixels of a figure, row by row, red, green and blue of 8 bits each, from a function that
/// draws at a scale.
pub(super) fn render(
    (width, height): (u32, u32),
    draw: impl FnOnce(&DrawingArea<Raster<'_>, Shift>, u32) -> Result<(), DrawingAreaErrorKind<BitMapError>>,
) -> Result<Vec<u8>, DrawingAreaErrorKind<BitMapError>> {
    let (wide, high) = (width * SCALE, height * SCALE);
    let mut drawn = vec![0; 3 * wide as usize * high as usize];
    let bitmap = BitMapBackend::with_buffer(&mut drawn, (wide, high));
    let area = Raster { bitmap }.into_drawing_area();
    draw(&area, SCALE)?;
    drop(area);
    Ok(average_blocks(&drawn, width as usize, SCALE as usize))
}

/// The mean colour of each block of `scale` by `scale` pixels.
fn average_blocks(drawn: &[u8], width: usize, scale: usize) -> Vec<u8> {
    let row = 3 * width * scale;
    let area = u32::try_from(scale * scale).expect("the scale is a small number");
    let mut pixels = Vec::with_capacity(drawn.len() / (scale * scale));
    for rows in drawn.chunks_exact(row * scale) {
        for x in 0..width {
            for channel in 0..3 {
                let start = 3 * x * scale + channel;
                let line = |y: usize| (0..scale).map(move |dx| y * row + start + 3 * dx);
                let sum: u32 = (0..scale).flat_map(line).map(|at| u32::from(rows[at])).sum();
                let mean = (sum + area / 2) / area;
                pixels.push(u8::try_from(mean).expect("a mean of bytes is a byte"));
            }
        }
    }
    pixels
}

/// A PNG file of pixels as [`render`] makes them.
pub(super) fn encode_png((width, height): (u32, u32), pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut contents = Vec::new();
    let mut encoder = png::Encoder::new(&mut contents, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::average_blocks;

    #[test]
    fn blocks_are_averaged_per_channel() {
        // Two blocks of 2 × 2 pixels beside each other.
        let top = [[0, 1, 10], [4, 1, 10], [255, 0, 7], [255, 0, 7]];
        let bottom = [[8, 1, 10], [12, 2, 10], [255, 0, 7], [255, 2, 8]];
        let drawn = [top, bottom].concat().concat();
        // (0 + 4 + 8 + 12) / 4, (1 + 1 + 1 + 2) / 4, 10; 255, 2 / 4 rounded up, 29 / 4.
        assert_eq!(average_blocks(&drawn, 2, 2), [6, 1, 10, 255, 1, 7]);
    }
}
