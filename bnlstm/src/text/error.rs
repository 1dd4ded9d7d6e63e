//! What can be wrong with a text.

use thiserror::Error;

use super::nearest::nearest;
use super::options::Values;
use super::syntax::Word;
use crate::cell::{Cell, Site, names};

/// A text was not understood.
///
/// Its message shows the text with a caret under the position.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem} (at byte {position})\n  {}\n  {}^", one_line(text), indent(text, *position))]
pub struct ParseError {
    text: String,
    position: usize,
    problem: Box<Problem>,
}

impl ParseError {
    /// Where the problem is, in bytes from the start of the text; its length means the end.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The same error as one of a longer text, in which this one's begins at byte `start`.
    pub(crate) fn within(self, text: &str, start: usize) -> Self {
        Self {
            text: text.to_owned(),
            position: start + self.position,
            ..self
        }
    }

    /// What the problem is.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// What is wrong at a position of the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// A name that does not exist.
    #[error("unknown {kind} `{found}`{}; {list}: {}", did_you_mean(*suggestion), known.join(", "))]
    Unknown {
        /// What was to be named: a normalization, an option, a site, a regularizer.
        kind: &'static str,
        /// The name in the text.
        found: String,
        /// The nearest known name.
        suggestion: Option<&'static str>,
        /// What the list of known names is called.
        list: String,
        /// All known names.
        known: Vec<&'static str>,
    },
    /// A name that was given before.
    #[error("{kind} `{name}` is given twice; leave one of them out")]
    Duplicate {
        /// What was named: an option, a site, a normalization.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// An option for something that has none.
    #[error("`{name}` has no options; write just `{name}`")]
    NoOptions {
        /// What was named.
        name: &'static str,
    },
    /// A normalization that is not defined at a site of this cell.
    #[error("`{variant}` is not defined at `{site}` of `{cell}`: {reason}; leave the site out")]
    NotInCell {
        /// The normalization.
        variant: &'static str,
        /// The cell.
        cell: Cell,
        /// The site.
        site: Site,
        /// Why not.
        reason: &'static str,
    },
    /// A cell without the site.
    #[error("{}; its sites are {}", cell.lacks(*site), names(cell.sites()))]
    NoSuchSite {
        /// The cell.
        cell: Cell,
        /// The site.
        site: Site,
    },
    /// A preset that names a site which the cell does not have.
    #[error("`{preset}` normalizes at `{site}`, but {}; its sites are {}", cell.lacks(*site), names(cell.sites()))]
    PresetMisfit {
        /// The preset.
        preset: &'static str,
        /// The cell.
        cell: Cell,
        /// The site.
        site: Site,
    },
    /// A preset where a normalization of one site is wanted.
    #[error(
        "`{preset}` stands for normalizations at several sites, `{text}`; write it alone, or one of them here"
    )]
    PresetAtSite {
        /// The preset.
        preset: &'static str,
        /// What it stands for.
        text: &'static str,
    },
    /// A normalization at a site where it makes no sense.
    #[error("`{variant}` is not defined at `{site}`; it is defined at {}", places(sites))]
    NotDefined {
        /// The normalization.
        variant: &'static str,
        /// The site.
        site: Site,
        /// Where it is defined.
        sites: &'static [Site],
    },
    /// An option whose value makes no sense at the site.
    #[error("`{option}={value}` cannot stand at `{site}`: {reason}")]
    Misplaced {
        /// The option.
        option: &'static str,
        /// Its value.
        value: &'static str,
        /// The site.
        site: Site,
        /// Why, and what would fit.
        reason: &'static str,
    },
    /// A value that the option cannot have.
    #[error("option `{option}` must be {wanted}, found `{found}`")]
    BadValue {
        /// The option.
        option: &'static str,
        /// The value in the text.
        found: String,
        /// What it could be.
        wanted: Values,
    },
    /// A parenthesis without its partner.
    #[error("this `(` is not closed; add `)`")]
    Unclosed,
    /// A word or sign that cannot stand here.
    #[error("expected {wanted}, found {found}")]
    Unexpected {
        /// What could stand here.
        wanted: &'static str,
        /// What stands here.
        found: String,
    },
}

/// A problem and its position, before the text is added.
#[derive(Debug)]
pub(crate) struct Fault {
    position: usize,
    problem: Problem,
}

impl Fault {
    /// A problem at a byte of the text.
    pub fn at(position: usize, problem: Problem) -> Self {
        Self { position, problem }
    }

    /// A word that is not among the known names.
    pub fn unknown(kind: &'static str, list: &str, word: &Word<'_>, known: &[&'static str]) -> Self {
        let problem = Problem::Unknown {
            kind,
            found: word.text.to_owned(),
            suggestion: nearest(word.text, known),
            list: list.to_owned(),
            known: known.to_vec(),
        };
        Self::at(word.start, problem)
    }

    /// The error to return for this text.
    pub fn in_text(self, text: &str) -> ParseError {
        ParseError {
            text: text.to_owned(),
            position: self.position,
            problem: Box::new(self.problem),
        }
    }
}

/// The names of sites, and what they have in common.
fn places(sites: &[Site]) -> String {
    let kind = if sites == Site::PRODUCTS { "products: " } else { "" };
    format!("{kind}{}", names(sites))
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"))
}

/// The text with tabs and line breaks as spaces, so that the caret stands under its place.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn indent(text: &str, position: usize) -> String {
    " ".repeat(text[..position].chars().count())
}
