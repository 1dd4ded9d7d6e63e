//! Cutting a text outside its parentheses.

/// The parts of a text between signs for which `cuts` holds, outside parentheses; each with the byte
/// where it starts.
pub(crate) fn split_outside(text: &str, cuts: impl Fn(char) -> bool) -> Vec<(usize, &str)> {
    let mut depth = 0_usize;
    let mut start = 0;
    let mut parts = Vec::new();
    for (position, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 && cuts(c) => {
                parts.push((start, &text[start..position]));
                start = position + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push((start, &text[start..]));
    parts
}

#[cfg(test)]
mod tests {
    use super::split_outside;

    #[test]
    fn signs_inside_parentheses_do_not_cut() {
        let parts = split_outside("a(b,c),d", |c| c == ',');
        assert_eq!(parts, [(0, "a(b,c)"), (7, "d")]);
        assert_eq!(split_outside("", |c| c == ','), [(0, "")]);
        assert_eq!(split_outside("a)+b(1,2", |c| c == '+'), [(0, "a)"), (3, "b(1,2")]);
    }
}
