//! Text that has to fit a width.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::prelude::DrawingBackend;
use plotters::style::TextStyle;

use super::draw::DrawResult;

/// Breaks a text into lines no wider than `width` pixels.
pub(super) fn wrap<B: DrawingBackend>(
    text: &str,
    font: &TextStyle<'_>,
    width: u32,
    area: &DrawingArea<B, Shift>,
) -> DrawResult<Vec<String>, B> {
    wrap_with(text, |line| Ok(area.estimate_text_size(line, font)?.0 <= width))
}

/// Breaks after spaces and commas, and inside a word only if it is too long alone.
fn wrap_with<E>(text: &str, mut fits: impl FnMut(&str) -> Result<bool, E>) -> Result<Vec<String>, E> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for chunk in text.split_inclusive([' ', ',']) {
        if !line.is_empty() && !fits(format!("{line}{chunk}").trim_end())? {
            lines.push(std::mem::take(&mut line));
        }
        for letter in chunk.chars() {
            line.push(letter);
            if line.chars().count() > 1 && !fits(line.trim_end())? {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
        }
    }
    lines.push(line);
    Ok(lines.into_iter().map(|line| line.trim_end().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::wrap_with;
    use std::convert::Infallible;

    fn wrapped(text: &str, letters: usize) -> Vec<String> {
        let fits = |line: &str| Ok::<_, Infallible>(line.chars().count() <= letters);
        wrap_with(text, fits).unwrap()
    }

    #[test]
    fn breaks_after_spaces_and_commas() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("batch(gamma=1,eps=2)", 14), ["batch(gamma=1,", "eps=2)"]);
        assert_eq!(wrapped("short", 7), ["short"]);
        assert_eq!(wrapped("", 7), [""]);
    }

    #[test]
    fn breaks_words_that_are_too_long() {
        assert_eq!(wrapped("ab γγγγγγγ", 3), ["ab", "γγγ", "γγγ", "γ"]);
        assert_eq!(wrapped("abc", 0), ["a", "b", "c"]);
    }
}
