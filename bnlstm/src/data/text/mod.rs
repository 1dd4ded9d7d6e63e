//! Corpora of characters: Penn Treebank, text8, the embedded King James text, any text file.

mod alphabet;
mod fractions;
mod plain;
mod ptb;
mod text8;

use std::path::Path;

pub use alphabet::Alphabet;
pub use fractions::Fractions;
pub(super) use plain::king_james_verdict;
pub use ptb::{PtbFault, character_form, parse_characters, parse_words, word_form};
pub use text8::text8_normalize;

use super::DataError;

/// A text in three parts, each character as its number in the alphabet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corpus {
    /// What it is called.
    pub name: String,
    /// The characters of all parts.
    pub alphabet: Alphabet,
    /// To learn from; at least one character.
    pub train: Vec<u16>,
    /// To choose settings with; at least one character.
    pub valid: Vec<u16>,
    /// To measure with in the end; at least one character.
    pub test: Vec<u16>,
    /// Which files it was read from, whether they are originals, and how they were split.
    pub provenance: Vec<String>,
}

/// What the three parts are called in errors.
const PARTS: [&str; 3] = ["training", "validation", "test"];

impl Corpus {
    /// Cuts the characters of the file `path` by position.
    fn split(
        path: &Path,
        name: String,
        alphabet: Alphabet,
        mut characters: Vec<u16>,
        fractions: Fractions,
        mut provenance: Vec<String>,
    ) -> Result<Self, DataError> {
        let total = characters.len();
        let [first, second] = fractions.cuts(total);
        let test = characters.split_off(second);
        let valid = characters.split_off(first);
        let train = characters;
        for (part, characters) in PARTS.into_iter().zip([&train, &valid, &test]) {
            if characters.is_empty() {
                return Err(DataError::EmptyPart {
                    path: path.to_owned(),
                    part,
                    total,
                });
            }
        }
        provenance.push(format!(
            "split by position: characters 0 to {first} for training, to {second} for validation, to {total} \
             for the test"
        ));
        Ok(Self {
            name,
            alphabet,
            train,
            valid,
            test,
            provenance,
        })
    }
}

/// The text of a file, which has to be UTF-8.
fn utf8<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, DataError> {
    std::str::from_utf8(bytes).map_err(|error| DataError::Utf8 {
        path: path.to_owned(),
        offset: error.valid_up_to(),
    })
}
