//! The characters of a corpus and their numbers.

use std::collections::BTreeSet;

/// The different characters of a corpus, in the order of their code points. The place of a character
/// is its number.
///
/// ```
/// use bnlstm::data::text::Alphabet;
///
/// let alphabet = Alphabet::of("b a\n").expect("four characters");
/// assert_eq!(alphabet.index('b'), Some(3));
/// assert_eq!(alphabet.encode("ab"), Ok(vec![2, 3]));
/// assert_eq!(alphabet.decode(&[3, 1]), "b ");
/// assert_eq!([alphabet.shown(0), alphabet.shown(1)], ["\\n", "␣"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alphabet {
    characters: Vec<char>,
}

impl Alphabet {
    /// The characters of a text.
    ///
    /// # Errors
    /// How many different ones there are, if these are more than 65 536.
    pub fn of(text: &str) -> Result<Self, usize> {
        // Most texts have little beside ASCII: a table spares the tree most of the work.
        let mut ascii = [false; 128];
        let mut others = BTreeSet::new();
        for c in text.chars() {
            match ascii.get_mut(c as usize) {
                Some(seen) => *seen = true,
                None => {
                    others.insert(c);
                }
            }
        }
        let ascii = (0..128_u8)
            .filter(|&byte| ascii[usize::from(byte)])
            .map(char::from);
        let characters: Vec<char> = ascii.chain(others).collect();
        if characters.len() > usize::from(u16::MAX) + 1 {
            return Err(characters.len());
        }
        Ok(Self { characters })
    }

    /// The 27 characters of text8: space and a to z.
    pub fn text8() -> Self {
        let characters = std::iter::once(' ').chain('a'..='z').collect();
        Self { characters }
    }

    /// Number of characters.
    pub fn len(&self) -> usize {
        self.characters.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// All characters in the order of their numbers.
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// The number of a character.
    pub fn index(&self, character: char) -> Option<u16> {
        let place = self.characters.binary_search(&character).ok()?;
        // There are at most 65 536 characters.
        Some(place as u16)
    }

    /// The numbers of the characters of a text.
    ///
    /// # Errors
    /// The first character that is not in the alphabet.
    pub fn encode(&self, text: &str) -> Result<Vec<u16>, char> {
        text.chars().map(|c| self.index(c).ok_or(c)).collect()
    }

    /// The text whose characters have these numbers.
    ///
    /// # Panics
    /// If a number is not below [`len`](Self::len).
    #[track_caller]
    pub fn decode(&self, indices: &[u16]) -> String {
        indices.iter().map(|&index| self.character(index)).collect()
    }

    /// A character in a form that can be seen: a space as `␣`, a newline as `\n`.
    ///
    /// # Panics
    /// If `index` is not below [`len`](Self::len).
    #[track_caller]
    pub fn shown(&self, index: u16) -> String {
        match self.character(index) {
            ' ' => "␣".to_owned(),
            // Quotes and backslashes stand alone here, so that they need no escape.
            c @ ('\'' | '"' | '\\') => c.to_string(),
            c => c.escape_debug().to_string(),
        }
    }

    #[track_caller]
    fn character(&self, index: u16) -> char {
        let count = self.len();
        assert!(
            usize::from(index) < count,
            "character {index} of an alphabet of {count}"
        );
        self.characters[usize::from(index)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_sorted_and_numbered() {
        let alphabet = Alphabet::of("zé a\u{1F600}é\n").unwrap();
        assert_eq!(alphabet.characters(), ['\n', ' ', 'a', 'z', 'é', '\u{1F600}']);
        assert_eq!((alphabet.len(), alphabet.is_empty()), (6, false));
        for (index, &c) in alphabet.characters().iter().enumerate() {
            assert_eq!(alphabet.index(c), Some(index as u16));
        }
        assert_eq!(alphabet.index('b'), None);
        let indices = alphabet.encode("éa z").unwrap();
        assert_eq!(indices, [4, 2, 1, 3]);
        assert_eq!(alphabet.decode(&indices), "éa z");
        assert_eq!(alphabet.encode("abc"), Err('b'));
        assert!(Alphabet::of("").unwrap().is_empty());
    }

    #[test]
    fn characters_are_shown_so_that_one_sees_them() {
        let alphabet = Alphabet::of("\n\t \"'\\aé").unwrap();
        let shown: Vec<String> = (0..8).map(|index| alphabet.shown(index)).collect();
        assert_eq!(shown, ["\\t", "\\n", "␣", "\"", "'", "\\", "a", "é"]);
    }

    #[test]
    fn there_are_numbers_for_65536_characters() {
        // The first 65 536 characters from U+10000 on, and one more.
        let text: String = ('\u{10000}'..='\u{20000}').collect();
        assert_eq!(Alphabet::of(&text), Err(65_537));
        let shorter: String = text.chars().skip(1).collect();
        let alphabet = Alphabet::of(&shorter).unwrap();
        assert_eq!(alphabet.index('\u{20000}'), Some(u16::MAX));
    }

    #[test]
    #[should_panic(expected = "character 27 of an alphabet of 27")]
    fn numbers_beyond_the_alphabet_panic() {
        Alphabet::text8().decode(&[27]);
    }
}
