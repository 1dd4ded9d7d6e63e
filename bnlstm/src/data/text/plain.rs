//! Any text file, and the text that is part of this program.

use std::path::Path;

use super::{Alphabet, Corpus, Fractions, text8_normalize, utf8};
use crate::data::checksum::Verdict;
use crate::data::{DataError, packed};

const KING_JAMES: &[u8] = include_bytes!("../../../data/text/kjv.txt.gz");
const KING_JAMES_PATH: &str = "embedded kjv.txt.gz";
const BYTE_ORDER_MARK: char = '\u{feff}';

impl Corpus {
    /// A text file in UTF-8, raw or packed with gzip, split by position. A byte order mark at its
    /// beginning is left out.
    ///
    /// The alphabet is that of the whole file, or text8's if the text is to be normalized with
    /// [`text8_normalize`].
    ///
    /// # Errors
    /// If the file cannot be read, is not UTF-8, has more than 65 536 different characters, or is so
    /// short that a part would be empty.
    pub fn file(path: &Path, fractions: Fractions, normalize: bool) -> Result<Self, DataError> {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let bytes = packed::read(path)?;
        parse(&name.to_string_lossy(), path, &bytes, fractions, normalize)
    }

    /// The embedded text of the King James Bible, one verse a line: 4 137 850 characters, 63 different
    /// ones, or the 27 of text8 if it is to be normalized. 90 % of it are to learn from, 5 % to
    /// validate with and 5 % to test on, by position.
    ///
    /// # Errors
    /// If the embedded file is damaged.
    pub fn king_james(normalize: bool) -> Result<Self, DataError> {
        let path = Path::new(KING_JAMES_PATH);
        let bytes = packed::unpack(path, KING_JAMES)?;
        parse("King James text", path, &bytes, Fractions::default(), normalize)
    }
}

/// Whether the embedded text is what it should be.
pub(in crate::data) fn king_james_verdict() -> Result<Verdict, DataError> {
    let bytes = packed::unpack(Path::new(KING_JAMES_PATH), KING_JAMES)?;
    Ok(Verdict::of(&bytes))
}

fn parse(
    name: &str,
    path: &Path,
    bytes: &[u8],
    fractions: Fractions,
    normalize: bool,
) -> Result<Corpus, DataError> {
    let text = utf8(path, bytes)?;
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut provenance = vec![format!("{}: {}", path.display(), Verdict::of(bytes))];
    if !normalize {
        let alphabet = Alphabet::of(text).map_err(|found| DataError::Alphabet {
            path: path.to_owned(),
            found,
        })?;
        let characters = encode(&alphabet, text);
        return Corpus::split(path, name.to_owned(), alphabet, characters, fractions, provenance);
    }
    provenance.push("normalized as text8: a to z and single spaces, digits spelled out".to_owned());
    let alphabet = Alphabet::text8();
    let characters = encode(&alphabet, &text8_normalize(text));
    let name = format!("{name}, normalized");
    Corpus::split(path, name, alphabet, characters, fractions, provenance)
}

fn encode(alphabet: &Alphabet, text: &str) -> Vec<u16> {
    let encoded = alphabet.encode(text);
    encoded.expect("the alphabet has the characters of the text")
}

#[cfg(test)]
mod tests;
