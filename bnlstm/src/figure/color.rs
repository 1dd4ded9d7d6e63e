//! Colours that can be told apart.

use plotters::style::RGBColor;

use super::Color;

/// The palette of Okabe & Ito 2008, "Color Universal Design", darkest first; its yellow, which is
/// hardly seen on white, is replaced by a wine red.
const PALETTE: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(0, 0, 0),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(136, 34, 85),
];

/// Number of colours without an order.
pub(super) const PALETTE_LEN: usize = PALETTE.len();

/// Places on the colour map "plasma" of Smith & van der Walt 2015, at equal distances; its lightest
/// quarter is left out, since it is hardly seen on white.
const ORDERED: [RGBColor; 8] = [
    RGBColor(13, 8, 135),
    RGBColor(70, 3, 159),
    RGBColor(114, 1, 168),
    RGBColor(156, 23, 158),
    RGBColor(189, 55, 134),
    RGBColor(216, 87, 107),
    RGBColor(237, 121, 83),
    RGBColor(251, 159, 58),
];

/// Red, green and blue of a colour.
pub(super) fn rgb(color: Color) -> RGBColor {
    match color {
        Color::Palette(index) => PALETTE[index % PALETTE.len()],
        Color::Ordered(place) => ordered(place),
    }
}

fn ordered(place: f64) -> RGBColor {
    let last = ORDERED.len() - 1;
    let at = place.clamp(0.0, 1.0) * last as f64;
    let below = (at as usize).min(last - 1);
    let part = at - below as f64;
    let (from, to) = (ORDERED[below], ORDERED[below + 1]);
    let mix = |from: u8, to: u8| (f64::from(from) * (1.0 - part) + f64::from(to) * part).round() as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

#[cfg(test)]
mod tests {
    use super::{Color, ORDERED, PALETTE, PALETTE_LEN, RGBColor, rgb};
    use crate::figure::vision::{EYES, distance, lab};

    #[test]
    fn the_palette_is_told_apart_with_any_two_kinds_of_cones() {
        for seen in &EYES {
            for (index, a) in PALETTE.iter().enumerate() {
                for b in &PALETTE[index + 1..] {
                    // A distance of 2.3 is just seen; thin lines apart need several times that.
                    let distance = distance(lab(*a, seen), lab(*b, seen));
                    assert!(distance > 10.0, "{a:?} {b:?}: {distance}");
                }
            }
        }
    }

    #[test]
    fn ordered_colours_grow_lighter_with_any_cones() {
        for seen in &EYES {
            let lightness: Vec<f64> = (0..=100)
                .map(|percent| lab(rgb(Color::Ordered(f64::from(percent) / 100.0)), seen)[0])
                .collect();
            assert!(lightness.is_sorted(), "{lightness:?}");
        }
    }

    #[test]
    fn places_and_indices_beyond_the_ends_are_colours_too() {
        assert_eq!(rgb(Color::Palette(PALETTE_LEN + 1)), PALETTE[1]);
        assert_eq!(rgb(Color::Ordered(0.0)), ORDERED[0]);
        assert_eq!(rgb(Color::Ordered(1.0)), ORDERED[7]);
        assert_eq!(rgb(Color::Ordered(7.0)), ORDERED[7]);
        assert_eq!(rgb(Color::Ordered(-1.0)), ORDERED[0]);
        // Half way from the first to the second of eight.
        assert_eq!(rgb(Color::Ordered(0.5 / 7.0)), RGBColor(42, 6, 147));
    }
}
