//! Several normalizations in one text.

use super::{ParseError, Sites};
use crate::cell::Cell;
use crate::text::{Fault, Problem, split_outside};

/// Reads a list of normalizations of a cell, separated by semicolons; without any, by commas outside
/// parentheses, where sites of one cell (`h=batch,x=batch`) stay together.
///
/// ```
/// use bnlstm::cell::Cell;
/// use bnlstm::normalization::parse_list;
///
/// assert_eq!(parse_list(Cell::Lstm, "none, batch")?.len(), 2);
/// assert_eq!(parse_list(Cell::Lstm, "none, bacth").unwrap_err().position(), 6);
/// # Ok::<(), bnlstm::normalization::ParseError>(())
/// ```
///
/// # Errors
/// [`ParseError`] with the position in the whole text; also if two are the same.
pub fn parse_list(cell: Cell, text: &str) -> Result<Vec<Sites>, ParseError> {
    let mut list: Vec<Sites> = Vec::new();
    for (start, part) in split_list(text) {
        let sites = Sites::parse(cell, part).map_err(|error| error.within(text, start))?;
        if list.contains(&sites) {
            let problem = Problem::Duplicate {
                kind: "normalization",
                name: part.to_owned(),
            };
            return Err(Fault::at(start, problem).in_text(text));
        }
        list.push(sites);
    }
    Ok(list)
}

/// Cuts a list at semicolons; without any, at commas outside parentheses, where sites of one cell
/// (`h=batch,x=batch`) stay together. Each part with the byte where it starts.
fn split_list(text: &str) -> Vec<(usize, &str)> {
    let mut parts: Vec<(usize, &str)> = Vec::new();
    if text.contains(';') {
        parts = split_outside(text, |c| c == ';');
    } else {
        for (start, part) in split_outside(text, |c| c == ',') {
            match parts.last_mut() {
                Some((begin, last)) if names_site(part) && names_site(last) => {
                    *last = &text[*begin..start + part.len()];
                }
                _ => parts.push((start, part)),
            }
        }
    }
    let trimmed = parts.into_iter().map(|(start, part)| {
        let rest = part.trim_start();
        (start + part.len() - rest.len(), rest.trim_end())
    });
    trimmed.collect()
}

/// Whether a part begins with `site=`.
fn names_site(part: &str) -> bool {
    let name = part.split(['=', '(']).next().unwrap_or_default();
    part[name.len()..].starts_with('=')
}

#[cfg(test)]
mod tests {
    use crate::cell::Cell;

    use super::parse_list;

    fn split_list(text: &str) -> Vec<&str> {
        let parts = super::split_list(text).into_iter();
        parts
            .map(|(start, part)| {
                assert!(text[start..].starts_with(part), "{part:?} is not at {start}");
                part
            })
            .collect()
    }

    #[test]
    fn errors_show_their_place_in_the_whole_list() {
        for (text, position, message) in [
            ("none,bacth(gamma=1)", 5, "unknown normalization `bacth`"),
            ("none; h=batch,x=lyer", 16, "unknown normalization `lyer`"),
            (
                "batch(gamma=1), batch(gamma=x)",
                28,
                "must be a number up to 3e38 in size, found `x`",
            ),
            ("none,", 5, "expected a normalization or a site"),
            ("", 0, "expected a normalization or a site"),
            // The defaults written out, and all sites named, are the same as the short form.
            (
                "batch, none, batch(gamma=0.1)",
                13,
                "normalization `batch(gamma=0.1)` is given twice",
            ),
            ("layer,h=layer,x=layer,c=layer", 6, "is given twice"),
            ("layer,layer-paper", 6, "is given twice"),
            ("none;layer; h=dyt, h=dyt", 19, "site `h` is given twice"),
        ] {
            let error = parse_list(Cell::Lstm, text).unwrap_err();
            assert_eq!(error.position(), position, "{text}: {error}");
            let shown = error.to_string();
            assert!(shown.contains(message), "{shown}");
            assert!(
                shown.ends_with(&format!("\n  {text}\n  {}^", " ".repeat(position))),
                "{shown}"
            );
        }
    }

    #[test]
    fn unbalanced_and_empty_parts_are_left_to_the_parser() {
        assert_eq!(split_list(""), [""]);
        assert_eq!(split_list("none,"), ["none", ""]);
        assert_eq!(split_list("batch(gamma=1,none"), ["batch(gamma=1,none"]);
        assert_eq!(split_list("a),b"), ["a)", "b"]);
    }

    #[test]
    fn parts_end_at_commas_or_semicolons() {
        let parts = split_list("none,batch(gamma=1,eps=1e-3)");
        assert_eq!(parts, ["none", "batch(gamma=1,eps=1e-3)"]);
        assert_eq!(split_list("none,h=batch,x=layer"), ["none", "h=batch,x=layer"]);
        assert_eq!(split_list("h=batch; h=layer"), ["h=batch", "h=layer"]);
    }

    #[test]
    fn sites_stay_together_across_spaces() {
        let parts = split_list("layer, h=batch(gamma=1,eps=1e-4), x = none, none");
        assert_eq!(parts, ["layer", "h=batch(gamma=1,eps=1e-4), x = none", "none"]);
    }
}
