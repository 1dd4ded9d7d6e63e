//! Text that has to fit a width.

use std::sync::Once;

use plotters::style::{FontDesc, FontStyle, IntoFont, register_font};

/// The family that the embedded font is registered as, and that an SVG asks its viewer for.
const FAMILY: &str = "sans-serif";
/// Widths are measured this much larger, since the drawing library gives whole pixels.
const MEASURE: f64 = 16.0;

/// The font in a size.
pub(super) fn font(size: f64) -> FontDesc<'static> {
    static REGISTERED: Once = Once::new();
    // The drawing library looks fonts up by name.
    REGISTERED.call_once(|| {
        let registered = register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular());
        assert!(registered.is_ok(), "the embedded font can be read");
    });
    (FAMILY, size).into_font()
}

/// Width of a text in the font of a size.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let measured = font(size * MEASURE)
        .box_size(text)
        .expect("the font is registered");
    f64::from(measured.0) / MEASURE
}

/// Width of the widest text.
pub(super) fn widest<'t>(texts: impl IntoIterator<Item = &'t str>, size: f64) -> f64 {
    texts
        .into_iter()
        .map(|text| width(text, size))
        .fold(0.0, f64::max)
}

/// Breaks a text into lines no wider than a width; an empty text has no line.
pub(super) fn wrap(text: &str, size: f64, most: f64) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    wrap_with(text, |line| width(line, size) <= most)
}

/// The same number of lines, as equally long as they can be.
pub(super) fn wrap_evenly(text: &str, size: f64, most: f64) -> Vec<String> {
    let mut lines = wrap(text, size, most);
    for percent in (50..100).rev().step_by(5) {
        let tried = wrap(text, size, most * f64::from(percent) / 100.0);
        if tried.len() > lines.len() {
            break;
        }
        lines = tried;
    }
    lines
}

/// Breaks after spaces and commas, and inside a word only if it is too long alone.
fn wrap_with(text: &str, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for chunk in text.split_inclusive([' ', ',']) {
        if !line.is_empty() && !fits(format!("{line}{chunk}").trim_end()) {
            lines.push(std::mem::take(&mut line));
        }
        for letter in chunk.chars() {
            line.push(letter);
            if line.chars().count() > 1 && !fits(line.trim_end()) {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
        }
    }
    lines.push(line);
    lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
}

/// `10⁻³`.
pub(super) fn power_of_ten(exponent: i32) -> String {
    let digits = exponent.to_string();
    let raised = digits.chars().map(|letter| match letter {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit as u32 - '0' as u32).expect("superscript digits follow ⁰"),
    });
    format!("10{}", raised.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{power_of_ten, width, wrap, wrap_evenly, wrap_with};

    fn wrapped(text: &str, letters: usize) -> Vec<String> {
        wrap_with(text, |line| line.chars().count() <= letters)
    }

    #[test]
    fn breaks_after_spaces_and_commas() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("batch(gamma=1,eps=2)", 14), ["batch(gamma=1,", "eps=2)"]);
        assert_eq!(wrapped("short", 7), ["short"]);
    }

    #[test]
    fn breaks_words_that_are_too_long() {
        assert_eq!(wrapped("ab γγγγγγγ", 3), ["ab", "γγγ", "γγγ", "γ"]);
        assert_eq!(wrapped("abc", 0), ["a", "b", "c"]);
    }

    #[test]
    fn lines_fit_in_pixels() {
        let text = "population statistics of the recurrent term, one curve for each unit";
        let lines = wrap(text, 20.0, 180.0);
        assert_eq!(lines.join(" "), text);
        assert!(lines.iter().all(|line| width(line, 20.0) <= 180.0));
        // Twice the size is twice the width, up to the whole pixels of the measure.
        let ratio = width(text, 40.0) / width(text, 20.0);
        assert!((ratio - 2.0).abs() < 1e-3, "{ratio}");
        assert!(wrap("", 20.0, 180.0).is_empty());
    }

    #[test]
    fn even_lines_leave_no_word_alone() {
        let text = "Test bits per character, character-level Penn Treebank";
        let most = width(text, 20.0) - 1.0;
        assert_eq!(wrap(text, 20.0, most)[1], "Treebank");
        let even = ["Test bits per character,", "character-level Penn Treebank"];
        assert_eq!(wrap_evenly(text, 20.0, most), even);
        assert_eq!(wrap_evenly("short", 20.0, most), ["short"]);
    }

    #[test]
    fn exponents_are_raised() {
        assert_eq!(power_of_ten(-12), "10⁻¹²");
        assert_eq!(power_of_ten(3045678), "10³⁰⁴⁵⁶⁷⁸");
        assert_eq!(power_of_ten(9), "10⁹");
    }
}
