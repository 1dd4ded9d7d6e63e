//! Suggestions for mistyped names.

/// The known name that is closest to a mistyped one, if it is close enough to be meant.
///
/// Close enough is one edit for every three letters, and one more.
pub(crate) fn nearest<'n>(typed: &str, known: &[&'n str]) -> Option<&'n str> {
    let typed: Vec<char> = typed.to_lowercase().chars().collect();
    known
        .iter()
        .map(|name| {
            let letters: Vec<char> = name.chars().collect();
            (distance(&typed, &letters), letters.len(), *name)
        })
        .filter(|&(edits, length, _)| edits <= 1 + length / 3 && edits < length)
        .min_by_key(|&(edits, ..)| edits)
        .map(|(.., name)| name)
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut next = vec![i + 1];
        for j in 0..b.len() {
            let replace = row[j] + usize::from(a[i] != b[j]);
            let mut best = replace.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before[j - 1] + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    fn edits(a: &str, b: &str) -> usize {
        let letters = |word: &str| word.chars().collect::<Vec<_>>();
        distance(&letters(a), &letters(b))
    }

    #[test]
    fn counts_each_kind_of_edit_once() {
        assert_eq!(edits("batch", "batch"), 0);
        assert_eq!(edits("", "batch"), 5);
        assert_eq!(edits("batch", ""), 5);
        assert_eq!(edits("btach", "batch"), 1);
        assert_eq!(edits("bach", "batch"), 1);
        assert_eq!(edits("battch", "batch"), 1);
        assert_eq!(edits("balch", "batch"), 1);
        assert_eq!(edits("kitten", "sitting"), 3);
    }

    #[test]
    fn suggests_only_what_is_close() {
        let known = ["none", "batch", "layer"];
        assert_eq!(nearest("bacth", &known), Some("batch"));
        assert_eq!(nearest("Layer", &known), Some("layer"));
        assert_eq!(nearest("nine", &known), Some("none"));
        assert_eq!(nearest("spectral", &known), None);
        assert_eq!(nearest("y", &["h", "x", "c"]), None);
    }
}
