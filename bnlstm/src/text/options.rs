//! Options: what a name knows, and what a text gave.

use std::fmt;

use super::error::{Fault, Problem};
use super::syntax::{Setting, Word};

/// One option that a normalization or regularizer knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionInfo {
    /// Its name in the text.
    pub name: &'static str,
    /// What it may be set to.
    pub values: Values,
    /// What it does, in one line.
    pub help: &'static str,
}

/// What an option may be set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// A number within a range.
    Number(Range),
    /// A whole number that is at least this.
    Count(u32),
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// The range of a numeric option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Every number that single precision holds.
    Finite,
    /// Those above zero.
    Positive,
    /// Those that are not negative.
    NotNegative,
    /// 1 ≤ value < ∞.
    AtLeastOne,
    /// 0 ≤ value < 1.
    BelowOne,
}

impl Range {
    /// Numbers are computed with in single precision, so they must be there what they are here: the
    /// largest are about 3e38, the smallest that are not 0 about 2e-38.
    fn contains(self, value: f64) -> bool {
        let single = value as f32;
        match self {
            Self::Finite => single.is_finite(),
            Self::Positive => single.is_normal() && value > 0.0,
            Self::NotNegative => single.is_finite() && value >= 0.0,
            Self::AtLeastOne => single.is_finite() && value >= 1.0,
            Self::BelowOne => value >= 0.0 && single < 1.0,
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Finite => "a number up to 3e38 in size",
            Self::Positive => "a number from 2e-38 to 3e38",
            Self::NotNegative => "a number from 0 to 3e38",
            Self::AtLeastOne => "a number from 1 to 3e38",
            Self::BelowOne => "a number from 0 to below 1",
        })
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(range) => range.fmt(f),
            Self::Count(from) => write!(f, "a whole number from {from} to {}", u32::MAX),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
        }
    }
}

/// A type whose values are written as words.
pub(crate) trait Choice: Copy + PartialEq + 'static {
    /// Each value with its word.
    const CHOICES: &'static [(&'static str, Self)];

    /// The word of this value.
    fn word(self) -> &'static str {
        let found = Self::CHOICES.iter().find(|(_, value)| *value == self);
        found.expect("every value has its word in CHOICES").0
    }
}

/// The options that a text gives to one name: all known to it, none twice.
pub(crate) struct GivenOptions<'a> {
    name: &'static str,
    options: &'static [OptionInfo],
    settings: &'a [Setting<'a>],
}

impl<'a> GivenOptions<'a> {
    /// Checks the names of the options against those that `name` has.
    pub fn new(
        name: &'static str,
        options: &'static [OptionInfo],
        settings: &'a [Setting<'a>],
    ) -> Result<Self, Fault> {
        let names: Vec<_> = options.iter().map(|option| option.name).collect();
        for (index, setting) in settings.iter().enumerate() {
            let word = &setting.name;
            if names.is_empty() {
                return Err(Fault::at(word.start, Problem::NoOptions { name }));
            }
            if !names.contains(&word.text) {
                let list = format!("options of {name}");
                return Err(Fault::unknown("option", &list, word, &names));
            }
            let mut earlier = settings[..index].iter();
            if earlier.any(|earlier| earlier.name.text == word.text) {
                let problem = Problem::Duplicate {
                    kind: "option",
                    name: word.text.to_owned(),
                };
                return Err(Fault::at(word.start, problem));
            }
        }
        Ok(Self {
            name,
            options,
            settings,
        })
    }

    /// The number given for an option, or its default.
    pub fn number(&self, name: &'static str, default: f64) -> Result<f64, Fault> {
        let Some(word) = self.value(name) else {
            return Ok(default);
        };
        let Values::Number(range) = self.info(name).values else {
            unreachable!("option `{name}` of {} is not a number", self.name)
        };
        match word.text.parse::<f64>() {
            Ok(value) if range.contains(value) => Ok(value),
            _ => Err(self.bad_value(name, word)),
        }
    }

    /// The whole number given for an option, or its default.
    pub fn count(&self, name: &'static str, default: u32) -> Result<u32, Fault> {
        let Some(word) = self.value(name) else {
            return Ok(default);
        };
        let Values::Count(from) = self.info(name).values else {
            unreachable!("option `{name}` of {} is not a whole number", self.name)
        };
        match word.text.parse::<u32>() {
            Ok(value) if value >= from => Ok(value),
            _ => Err(self.bad_value(name, word)),
        }
    }

    /// The value whose word was given for an option, or its default.
    pub fn choice<C: Choice>(&self, name: &'static str, default: C) -> Result<C, Fault> {
        let Some(word) = self.value(name) else {
            return Ok(default);
        };
        let found = C::CHOICES.iter().find(|(text, _)| *text == word.text);
        found
            .map(|(_, value)| *value)
            .ok_or_else(|| self.bad_value(name, word))
    }

    fn value(&self, name: &str) -> Option<&Word<'a>> {
        let setting = self.settings.iter().find(|setting| setting.name.text == name);
        setting.map(|setting| &setting.value)
    }

    fn info(&self, name: &str) -> &'static OptionInfo {
        let found = self.options.iter().find(|option| option.name == name);
        found.expect("a name reads only the options it lists")
    }

    fn bad_value(&self, name: &'static str, word: &Word<'_>) -> Fault {
        let problem = Problem::BadValue {
            option: name,
            found: word.text.to_owned(),
            wanted: self.info(name).values,
        };
        Fault::at(word.start, problem)
    }
}
