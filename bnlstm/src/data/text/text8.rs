//! text8, and its normalization for other texts.

use std::path::Path;

use super::{Alphabet, Corpus, Fractions};
use crate::data::checksum::Verdict;
use crate::data::directory::DataDirectory;
use crate::data::source::TEXT8;
use crate::data::{DataError, packed};

const DIGITS: [&str; 10] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
];

impl Corpus {
    /// text8 of a data directory: 90 % of it to learn from, 5 % to validate with and 5 % to test on,
    /// by position; 90, 5 and 5 million characters of the original.
    ///
    /// # Errors
    /// If the file is not there or cannot be read, holds other bytes than a to z and spaces, or is too
    /// short.
    pub fn text8(directory: &DataDirectory) -> Result<Self, DataError> {
        let found = directory.find(&TEXT8)?;
        let path = &found.paths[0];
        parse(path, &packed::read(path)?)
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Corpus, DataError> {
    let characters: Result<Vec<u16>, usize> = bytes
        .iter()
        .enumerate()
        .map(|(offset, &byte)| number(byte).ok_or(offset))
        .collect();
    let characters = characters.map_err(|offset| DataError::Text8Byte {
        path: path.to_owned(),
        offset,
        byte: bytes[offset],
    })?;
    let provenance = vec![format!("{}: {}", path.display(), Verdict::of(bytes))];
    let (name, alphabet) = (TEXT8.name.to_owned(), Alphabet::text8());
    Corpus::split(path, name, alphabet, characters, Fractions::default(), provenance)
}

/// The number of a byte in text8's alphabet.
fn number(byte: u8) -> Option<u16> {
    match byte {
        b' ' => Some(0),
        b'a'..=b'z' => Some(u16::from(byte - b'a') + 1),
        _ => None,
    }
}

/// A text in the form of text8, by the rule that M. Mahoney made text8 with: letters in lower case,
/// each digit spelled out as a word of its own, everything but a to z taken for a space, and one
/// space for several. As in text8, every word has a space before it and none is at the end.
///
/// Only the letters A to Z have a lower case here; others are spaces.
///
/// ```
/// use bnlstm::data::text::text8_normalize;
///
/// assert_eq!(text8_normalize("In 1913, Naïve!"), " in one nine one three na ve");
/// ```
pub fn text8_normalize(text: &str) -> String {
    let mut normalized = String::with_capacity(text.len() + 1);
    let mut within_word = false;
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            normalized.push(' ');
            normalized.push_str(DIGITS[digit as usize]);
            within_word = false;
        } else if c.is_ascii_alphabetic() {
            if !within_word {
                normalized.push(' ');
            }
            normalized.push(c.to_ascii_lowercase());
            within_word = true;
        } else {
            within_word = false;
        }
    }
    normalized
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_rules_of_the_normalization() {
        for (text, expected) in [
            ("", ""),
            (" \n\t", ""),
            ("Anarchism", " anarchism"),
            (" anarchism originated", " anarchism originated"),
            ("a  b\n\nc.", " a b c"),
            ("0123456789", " zero one two three four five six seven eight nine"),
            ("b2b", " b two b"),
            ("don't re-do", " don t re do"),
            ("É x\u{212A}y 五", " x y"),
            ("_`{[@", ""),
        ] {
            assert_eq!(text8_normalize(text), expected, "{text:?}");
        }
    }

    #[test]
    fn the_alphabet_has_the_numbers_that_bytes_get() {
        let alphabet = Alphabet::text8();
        for byte in 0..=u8::MAX {
            assert_eq!(number(byte), alphabet.index(char::from(byte)), "{byte}");
        }
        assert_eq!(alphabet.len(), 27);
    }

    #[test]
    fn a_text_of_another_length_is_split_alike() {
        let folder = tempfile::tempdir().unwrap();
        let text = " abcdefgh zyxwvuts".repeat(10);
        std::fs::write(folder.path().join("text8"), &text).unwrap();
        let corpus = Corpus::text8(&DataDirectory::open(folder.path()).unwrap()).unwrap();
        let sizes = [&corpus.train, &corpus.valid, &corpus.test].map(Vec::len);
        assert_eq!(sizes, [162, 9, 9]);
        let parts = [&corpus.train, &corpus.valid, &corpus.test].map(|part| corpus.alphabet.decode(part));
        assert_eq!(parts.concat(), text);
        assert!(
            corpus.provenance[0].contains("text8: no known original"),
            "{:?}",
            corpus.provenance
        );
        assert!(
            corpus.provenance[1].contains("0 to 162"),
            "{:?}",
            corpus.provenance
        );
    }

    #[test]
    fn other_bytes_and_short_texts_are_refused() {
        let text = parse(Path::new("some/text8"), b" ab\n").unwrap_err().to_string();
        assert!(text.starts_with("some/text8: byte 3 (from 0) is 0x0a"), "{text}");
        let text = parse(Path::new("some/text8"), b" ab").unwrap_err().to_string();
        assert!(
            text.contains("left for the validation part of 3 in all"),
            "{text}"
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: proptest::test_runner::RngSeed::Fixed(8),
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn a_normalized_text_is_made_of_words_after_single_spaces(text in "[ -~\nÀé]{0,40}") {
            let normalized = text8_normalize(&text);
            let words: String = normalized.split_whitespace().map(|word| format!(" {word}")).collect();
            prop_assert_eq!(&words, &normalized);
            prop_assert!(normalized.bytes().all(|byte| number(byte).is_some()));
            prop_assert_eq!(text8_normalize(&normalized), normalized);
        }

        #[test]
        fn texts_with_a_space_between_are_normalized_one_by_one(a in "[ -~]{0,20}", b in "[ -~]{0,20}") {
            let joined = text8_normalize(&format!("{a} {b}"));
            prop_assert_eq!(joined, text8_normalize(&a) + &text8_normalize(&b));
        }
    }
}
