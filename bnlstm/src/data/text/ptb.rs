//! The Penn Treebank in Mikolov's two forms, of which each gives the other.
//!
//! * Word files: one sentence a line; a line is a space, the words with single spaces between, a
//!   space, and the newline.
//! * Character files: each character of the sentences without the outer spaces, a newline after each
//!   sentence included, followed by a space; a space of the sentence is written as `_`.
//!
//! Both are read into the same text: a sentence a line, words with single spaces between, and nothing
//! else. A line that breaks the rule is an error, since a text that is nearly right has other numbers
//! than those that are published.

use std::path::Path;

use super::{Alphabet, Corpus, PARTS, utf8};
use crate::data::checksum::Verdict;
use crate::data::directory::{DataDirectory, Found};
use crate::data::source::{PENN_TREEBANK, PTB_WORDS};
use crate::data::{DataError, packed};

/// What is wrong in a file of the Penn Treebank, and the remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PtbFault {
    /// Word files: no space before the first word.
    #[error("a line begins with one space; put one there")]
    NoSpaceBefore,
    /// Word files: no space after the last word.
    #[error("a line ends with one space before the newline; put one there")]
    NoSpaceAfter,
    /// A line is empty.
    #[error("the line has no word; remove the line")]
    NoWords,
    /// More than one space between words, or before or after them.
    #[error("more than one space in a row; leave one between words, and one before and after them")]
    SpacesInRow,
    /// The last line has no newline.
    #[error("the last line does not end with a newline; the file is cut short, so copy it again")]
    Unended,
    /// Line ends of another system.
    #[error("a carriage return; convert the line ends to single newlines")]
    CarriageReturn,
    /// White space that is neither space nor newline.
    #[error("a tab or other white space; separate words by single spaces")]
    WhiteSpace,
    /// Word files: the sign that stands for a space in character files.
    #[error("an underscore, which stands for a space in character files; write another sign")]
    Underscore,
    /// Character files: two characters without a space between.
    #[error("a character without a space after it; put one after each, also after newlines")]
    NoSpaceBetween,
    /// Character files: a space where a character belongs.
    #[error("a space where a character belongs; write `_` for a space of the sentence")]
    SpaceForCharacter,
}

impl Corpus {
    /// The Penn Treebank of a data directory: the word files, or else the character files, which give
    /// the same text. The original has 5 017 482 characters to learn from, 393 042 to validate with
    /// and 442 423 to test on, and 50 different ones, the newline among them.
    ///
    /// # Errors
    /// If the files are not there, cannot be read, break the rule of their form, or are empty.
    pub fn ptb(directory: &DataDirectory) -> Result<Self, DataError> {
        let found = directory.find(&PENN_TREEBANK)?;
        let parse = if *found.form == PTB_WORDS {
            parse_words
        } else {
            parse_characters
        };
        let mut texts = Vec::new();
        let mut provenance = vec![format!("read from the {}", found.form.name)];
        for (path, part) in found.paths.iter().zip(PARTS) {
            let bytes = packed::read(path)?;
            provenance.push(format!("{}: {}", path.display(), Verdict::of(&bytes)));
            let text = parse(path, &bytes)?;
            if text.is_empty() {
                return Err(DataError::EmptyPart {
                    path: path.clone(),
                    part,
                    total: 0,
                });
            }
            texts.push(text);
        }
        assemble(&found, &texts, provenance)
    }
}

fn assemble(found: &Found, texts: &[String], provenance: Vec<String>) -> Result<Corpus, DataError> {
    let alphabet = Alphabet::of(&texts.concat()).map_err(|characters| DataError::Alphabet {
        path: found.paths[0].clone(),
        found: characters,
    })?;
    let [train, valid, test] = [0, 1, 2].map(|part| {
        let encoded = alphabet.encode(&texts[part]);
        encoded.expect("the alphabet has the characters of all parts")
    });
    Ok(Corpus {
        name: PENN_TREEBANK.name.to_owned(),
        alphabet,
        train,
        valid,
        test,
        provenance,
    })
}

/// The text of a word file; `path` names it in errors.
///
/// # Errors
/// The first place that breaks the rule.
pub fn parse_words(path: &Path, bytes: &[u8]) -> Result<String, DataError> {
    let mut sentences = Sentences::default();
    for (index, line) in utf8(path, bytes)?.split_inclusive('\n').enumerate() {
        let fault = |offset: usize, fault| DataError::Ptb {
            path: path.to_owned(),
            line: index + 1,
            column: offset + 1,
            fault,
        };
        let ended = line.strip_suffix('\n');
        let content = ended.ok_or_else(|| fault(line.len(), PtbFault::Unended))?;
        if content.ends_with('\r') {
            return Err(fault(content.len() - 1, PtbFault::CarriageReturn));
        }
        let inner = inner(content).map_err(|(offset, found)| fault(offset, found))?;
        for (offset, c) in inner.char_indices().chain([(inner.len(), '\n')]) {
            sentences.push(c).map_err(|found| fault(1 + offset, found))?;
        }
    }
    Ok(sentences.text)
}

/// A line of a word file without its outer spaces; an error comes with its byte, from 0.
fn inner(line: &str) -> Result<&str, (usize, PtbFault)> {
    if line.trim_matches(' ').is_empty() {
        return Err((0, PtbFault::NoWords));
    }
    let after = line.strip_prefix(' ').ok_or((0, PtbFault::NoSpaceBefore))?;
    after
        .strip_suffix(' ')
        .ok_or((line.len(), PtbFault::NoSpaceAfter))
}

/// The text of a character file; `path` names it in errors.
///
/// # Errors
/// The first place that breaks the rule.
pub fn parse_characters(path: &Path, bytes: &[u8]) -> Result<String, DataError> {
    let text = utf8(path, bytes)?;
    let mut sentences = Sentences::default();
    let (mut line, mut line_start) = (1, 0);
    let mut characters = text.char_indices();
    while let Some((at, written)) = characters.next() {
        let fault = |at: usize, fault| DataError::Ptb {
            path: path.to_owned(),
            line,
            column: at - line_start + 1,
            fault,
        };
        let read = match written {
            ' ' => Err(PtbFault::SpaceForCharacter),
            '_' => Ok(' '),
            other => Ok(other),
        };
        read.and_then(|c| sentences.push(c))
            .map_err(|found| fault(at, found))?;
        if written == '\n' {
            line += 1;
            line_start = at + 1;
        }
        if !matches!(characters.next(), Some((_, ' '))) {
            return Err(DataError::Ptb {
                path: path.to_owned(),
                line,
                column: at + written.len_utf8() - line_start + 1,
                fault: PtbFault::NoSpaceBetween,
            });
        }
    }
    if sentences.is_within_line() {
        return Err(DataError::Ptb {
            path: path.to_owned(),
            line,
            column: text.len() - line_start + 1,
            fault: PtbFault::Unended,
        });
    }
    Ok(sentences.text)
}

/// A text that is put together character by character, and checked on the way.
#[derive(Default)]
struct Sentences {
    text: String,
}

impl Sentences {
    fn push(&mut self, c: char) -> Result<(), PtbFault> {
        let after_space = self.text.ends_with(' ');
        match c {
            ' ' if after_space || !self.is_within_line() => return Err(PtbFault::SpacesInRow),
            '\n' if after_space => return Err(PtbFault::SpacesInRow),
            '\n' if !self.is_within_line() => return Err(PtbFault::NoWords),
            ' ' | '\n' => {}
            '\r' => return Err(PtbFault::CarriageReturn),
            '_' => return Err(PtbFault::Underscore),
            c if c.is_whitespace() => return Err(PtbFault::WhiteSpace),
            _ => {}
        }
        self.text.push(c);
        Ok(())
    }

    fn is_within_line(&self) -> bool {
        !self.text.is_empty() && !self.text.ends_with('\n')
    }
}

/// The word file that holds a text: what [`parse_words`] gives the text back from.
///
/// ```
/// use bnlstm::data::text::{character_form, word_form};
///
/// assert_eq!(word_form("the tv set\n"), " the tv set \n");
/// assert_eq!(character_form("tv set\n"), "t v _ s e t \n ");
/// ```
pub fn word_form(text: &str) -> String {
    text.lines().map(|line| format!(" {line} \n")).collect()
}

/// The character file that holds a text: what [`parse_characters`] gives the text back from.
pub fn character_form(text: &str) -> String {
    let written = |c| if c == ' ' { '_' } else { c };
    text.chars().flat_map(|c| [written(c), ' ']).collect()
}

#[cfg(test)]
mod tests;
