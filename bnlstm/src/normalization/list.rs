//! Several normalizations in one text.

/// Cuts a list at semicolons; without any, at commas outside parentheses, where sites of one cell
/// (`h=batch,x=batch`) stay together.
///
/// ```
/// use bnlstm::normalization::split_list;
///
/// assert_eq!(split_list("none,batch(gamma=1,eps=1e-3)"), ["none", "batch(gamma=1,eps=1e-3)"]);
/// assert_eq!(split_list("none,h=batch,x=layer"), ["none", "h=batch,x=layer"]);
/// assert_eq!(split_list("h=batch; h=layer"), ["h=batch", "h=layer"]);
/// ```
pub fn split_list(text: &str) -> Vec<&str> {
    if text.contains(';') {
        return text.split(';').map(str::trim).collect();
    }
    let mut parts: Vec<&str> = Vec::new();
    let mut start = 0;
    for end in commas(text).chain([text.len()]) {
        let part = &text[start..end];
        match parts.last_mut() {
            Some(last) if names_site(part) && names_site(last) => {
                let begin = start - 1 - last.len();
                *last = &text[begin..end];
            }
            _ => parts.push(part),
        }
        start = end + 1;
    }
    parts.into_iter().map(str::trim).collect()
}

/// Positions of the commas outside parentheses.
fn commas(text: &str) -> impl Iterator<Item = usize> {
    let mut depth = 0_usize;
    text.char_indices().filter_map(move |(position, c)| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (c == ',' && depth == 0).then_some(position)
    })
}

/// Whether a part begins with `site=`.
fn names_site(part: &str) -> bool {
    let name = part.split(['=', '(']).next().unwrap_or_default();
    part[name.len()..].starts_with('=')
}

#[cfg(test)]
mod tests {
    use super::split_list;

    #[test]
    fn unbalanced_and_empty_parts_are_left_to_the_parser() {
        assert_eq!(split_list(""), [""]);
        assert_eq!(split_list("none,"), ["none", ""]);
        assert_eq!(split_list("batch(gamma=1,none"), ["batch(gamma=1,none"]);
        assert_eq!(split_list("a),b"), ["a)", "b"]);
    }

    #[test]
    fn sites_stay_together_across_spaces() {
        let parts = split_list("layer, h=batch(gamma=1,eps=1e-4), x = none, none");
        assert_eq!(parts, ["layer", "h=batch(gamma=1,eps=1e-4), x = none", "none"]);
    }
}
