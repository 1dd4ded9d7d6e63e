//! The sentences of a text that are nearest to a question.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::token::{Kind, kind, tokens};

/// Words that stand in sentences of any content, in alphabetical order.
const STOP_WORDS: [&str; 60] = [
    "a", "about", "after", "all", "also", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can",
    "could", "for", "from", "had", "has", "have", "he", "her", "his", "in", "into", "is", "it", "its",
    "more", "n't", "new", "not", "of", "on", "one", "or", "out", "over", "s", "said", "says", "she", "than",
    "that", "the", "their", "they", "this", "to", "up", "was", "were", "when", "which", "who", "will",
    "with", "would", "year",
];

/// The sentences of `context` nearest to `question`, at most `count` of them, in their order in the
/// text, as tokens with single spaces between them.
///
/// A sentence ends with a token `.`, `?` or `!`, or with the text. Its score is the number of distinct
/// tokens of the question that it contains, where neither `@placeholder` counts, nor tokens without a
/// letter or digit, nor some sixty words like `the` and `was`. Of equal scores the earlier sentence
/// is taken.
///
/// The paper reads four sentences. The answer may be in another one: such an example stays in use and
/// cannot be solved, which is where the paper's floor of 43 % on the error comes from.
///
/// # Panics
/// If `count` is 0.
///
/// # Examples
/// ```
/// use bnlstm::data::questions::nearest_sentences;
///
/// let context = "it rained . @entity1 met @entity2 . they left .";
/// let nearest = nearest_sentences(context, "@placeholder met @entity2", 1);
/// assert_eq!(nearest, "@entity1 met @entity2 .");
/// ```
#[track_caller]
pub fn nearest_sentences(context: &str, question: &str, count: usize) -> String {
    assert!(
        count > 0,
        "the nearest 0 sentences of a text; 1 or more would fit"
    );
    let wanted: HashSet<&str> = tokens(question).filter(|token| counts(token)).collect();
    let tokens: Vec<&str> = tokens(context).collect();
    let sentences: Vec<&[&str]> = tokens
        .split_inclusive(|token| [".", "?", "!"].contains(token))
        .collect();
    let score = |sentence: &[&str]| {
        let shared: HashSet<&&str> = sentence.iter().filter(|token| wanted.contains(*token)).collect();
        shared.len()
    };
    let mut order: Vec<usize> = (0..sentences.len()).collect();
    order.sort_by_cached_key(|&index| Reverse(score(sentences[index])));
    order.truncate(count);
    order.sort_unstable();
    let chosen: Vec<&str> = order
        .iter()
        .flat_map(|&index| sentences[index])
        .copied()
        .collect();
    chosen.join(" ")
}

/// Whether a token of the question tells what it is about.
fn counts(token: &str) -> bool {
    kind(token) != Kind::Placeholder
        && token.chars().any(char::is_alphanumeric)
        && STOP_WORDS.binary_search(&token).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted() {
        assert!(STOP_WORDS.is_sorted());
    }

    const CONTEXT: &str = "a b . the c ? b a d ! c c c . e";

    #[test]
    fn sentences_come_in_the_order_of_the_text() {
        let nearest = |question, count| nearest_sentences(CONTEXT, question, count);
        assert_eq!(nearest("d b e", 1), "b a d !");
        assert_eq!(nearest("d b e", 2), "a b . b a d !");
        assert_eq!(nearest("d b e", 3), "a b . b a d ! e");
        assert_eq!(nearest("d b e", 5), CONTEXT);
        assert_eq!(nearest("d b e", 9), CONTEXT);
    }

    #[test]
    fn repeated_and_empty_words_do_not_count() {
        // "c c c" shares one token as "the c" does, which is earlier.
        assert_eq!(nearest_sentences(CONTEXT, "c c the", 1), "the c ?");
        // Nothing but stop words, marks and the gap: the first sentence.
        assert_eq!(nearest_sentences(CONTEXT, "the a ! @placeholder", 1), "a b .");
    }

    #[test]
    fn a_text_without_tokens_stays_empty() {
        assert_eq!(nearest_sentences(" ", "a", 4), "");
    }

    #[test]
    #[should_panic(expected = "nearest 0 sentences")]
    fn at_least_one_sentence() {
        nearest_sentences(CONTEXT, "a", 0);
    }
}
