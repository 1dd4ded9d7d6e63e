//! The numbers along an axis.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{BoldPoints, Ranged};
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::TextStyle;

use super::draw::DrawResult;
use crate::number::shortest;

/// The text of a tick on an axis from `low` to `high`.
///
/// Ticks are sums of steps: nine digits of the extent of the axis are enough, and hide that
/// 3 · 0.1 is not 0.3.
pub(super) fn text(value: f64, (low, high): (f64, f64)) -> String {
    let digits = 9 - (high - low).log10().ceil() as i32;
    let rounded: f64 = match usize::try_from(digits) {
        Ok(digits) => format!("{value:.digits$}")
            .parse()
            .expect("a printed number is a number"),
        Err(_) => value.round(),
    };
    // Without the sign of −0.
    let text = shortest(if rounded == 0.0 { 0.0 } else { rounded });
    text.replace('-', "\u{2212}")
}

/// Width in pixels of the widest tick, if the axis has at most `count` of them.
pub(super) fn widest<B: DrawingBackend>(
    range: (f64, f64),
    count: usize,
    font: &TextStyle<'_>,
    area: &DrawingArea<B, Shift>,
) -> DrawResult<u32, B> {
    let mut widest = 0;
    for value in RangedCoordf64::from(range.0..range.1).key_points(BoldPoints(count)) {
        widest = widest.max(area.estimate_text_size(&text(value, range), font)?.0);
    }
    Ok(widest)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn ticks_are_short() {
        assert_eq!(text(0.1 + 0.2, (0.0, 1.0)), "0.3");
        assert_eq!(text(-0.5, (-1.0, 0.0)), "−0.5");
        assert_eq!(text(-0.0, (-1.0, 1.0)), "0");
        assert_eq!(text(1500.0, (0.0, 2000.0)), "1500");
        assert_eq!(text(3e12, (0.0, 4e12)), "3000000000000");
        assert_eq!(text(-1.7e-21, (-1e-5, 2e-5)), "0");
        assert_eq!(text(1.5e-5, (-1e-5, 2e-5)), "1.5e−5");
        assert_eq!(text(1000000.25, (1000000.0, 1000001.0)), "1000000.25");
    }
}
