//! Colours, the font and sizes.

use std::sync::Once;

use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle, register_font};

/// The palette of Okabe & Ito 2008, "Color Universal Design", told apart by colour-blind readers;
/// darkest first, since light colours make thin lines hard to see.
const PALETTE: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(0, 0, 0),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(240, 228, 66),
];

/// The family that the embedded font is registered as, and that an SVG asks its viewer for.
const FAMILY: &str = "sans-serif";

/// How much of its colour a band has.
pub(super) const BAND_OPACITY: f64 = 0.18;

/// Sizes in figure pixels times a scale, since a raster is drawn larger than it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    scale: u32,
}

/// How one curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct CurveStyle {
    pub color: RGBColor,
    /// Curves beyond the colours of the palette are dashed.
    pub dashed: bool,
}

impl CurveStyle {
    /// The style of the curve with this index.
    pub fn of(index: usize) -> Self {
        let color = PALETTE[index % PALETTE.len()];
        Self {
            color,
            dashed: index / PALETTE.len() % 2 == 1,
        }
    }
}

impl Style {
    /// A style whose sizes are multiplied by `scale`.
    pub fn new(scale: u32) -> Self {
        register_embedded_font();
        Self { scale }
    }

    /// A length of figure pixels.
    pub fn px(self, length: u32) -> u32 {
        length * self.scale
    }

    /// The same as a signed number.
    pub fn offset(self, length: u32) -> i32 {
        i32::try_from(self.px(length)).expect("lengths are far smaller than 2³¹ pixels")
    }

    /// Text of a height.
    pub fn text(self, height: u32) -> TextStyle<'static> {
        TextStyle::from((FAMILY, f64::from(self.px(height))).into_font())
    }

    /// A line through the means of a curve.
    pub fn line(self, color: RGBColor) -> ShapeStyle {
        color.stroke_width(self.px(3))
    }

    /// Length of the dashes and the spaces of a curve, if it is dashed.
    pub fn dash(self, curve: CurveStyle) -> Option<u32> {
        curve.dashed.then(|| self.px(8))
    }

    /// A thin line, as of axes and grid.
    pub fn thin(self, color: RGBColor) -> ShapeStyle {
        color.stroke_width(self.px(1))
    }
}

/// Makes the embedded font known to the drawing library, which looks fonts up by name.
fn register_embedded_font() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let registered = register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular());
        assert!(registered.is_ok(), "the embedded font can be read");
    });
}

#[cfg(test)]
mod tests {
    use super::CurveStyle;

    #[test]
    fn sixteen_curves_look_different() {
        let styles: Vec<_> = (0..16).map(CurveStyle::of).collect();
        for (index, style) in styles.iter().enumerate() {
            assert!(!styles[..index].contains(style), "curve {index}");
        }
        assert_eq!(CurveStyle::of(16), styles[0]);
    }
}
