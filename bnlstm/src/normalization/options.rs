//! The options of a variant: what it knows, and what a text gave.

use std::fmt;

use super::Variant;
use super::error::{Fault, Problem};
use super::syntax::{Setting, Word};

/// One option that a normalization knows.
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
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// The range of a numeric option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Every finite number.
    Finite,
    /// Finite numbers above zero.
    Positive,
    /// 0 ≤ value < 1.
    BelowOne,
}

impl Range {
    fn contains(self, value: f64) -> bool {
        match self {
            Self::Finite => value.is_finite(),
            Self::Positive => value.is_finite() && value > 0.0,
            Self::BelowOne => (0.0..1.0).contains(&value),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Finite => "a finite number",
            Self::Positive => "a finite number above 0",
            Self::BelowOne => "a number from 0 to below 1",
        })
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(range) => range.fmt(f),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
        }
    }
}

/// The options of one variant: how they are read from a text and printed.
pub(super) trait VariantOptions: Sized + Default {
    /// What `VARIANTS` says of it.
    const VARIANT: Variant;

    /// Reads each option, or takes its default.
    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault>;

    /// The values of all options as text, in the order of `VARIANT.options`.
    fn values(&self) -> Vec<String>;
}

/// A type whose values are written as words.
pub(super) trait Choice: Copy + PartialEq + 'static {
    /// Each value with its word.
    const CHOICES: &'static [(&'static str, Self)];

    /// The word of this value.
    fn word(self) -> &'static str {
        let found = Self::CHOICES.iter().find(|(_, value)| *value == self);
        found.expect("every value has its word in CHOICES").0
    }
}

/// The options that a text gives to one variant: all known to it, none twice.
pub(super) struct GivenOptions<'a> {
    variant: &'static Variant,
    settings: &'a [Setting<'a>],
}

impl<'a> GivenOptions<'a> {
    /// Checks the names of the options.
    pub fn new(variant: &'static Variant, settings: &'a [Setting<'a>]) -> Result<Self, Fault> {
        let names: Vec<_> = variant.options.iter().map(|option| option.name).collect();
        for (index, setting) in settings.iter().enumerate() {
            let name = &setting.name;
            if names.is_empty() {
                let problem = Problem::NoOptions {
                    variant: variant.name,
                };
                return Err(Fault::at(name.start, problem));
            }
            if !names.contains(&name.text) {
                let list = format!("options of {}", variant.name);
                return Err(Fault::unknown("option", &list, name, &names));
            }
            if settings[..index]
                .iter()
                .any(|earlier| earlier.name.text == name.text)
            {
                let problem = Problem::Duplicate {
                    kind: "option",
                    name: name.text.to_owned(),
                };
                return Err(Fault::at(name.start, problem));
            }
        }
        Ok(Self { variant, settings })
    }

    /// The variant that the options belong to.
    pub fn variant(&self) -> &'static Variant {
        self.variant
    }

    /// The number given for an option, or its default.
    pub fn number(&self, name: &'static str, default: f64) -> Result<f64, Fault> {
        let Some(word) = self.value(name) else {
            return Ok(default);
        };
        let Values::Number(range) = self.info(name).values else {
            unreachable!("option `{name}` of {} is not a number", self.variant.name)
        };
        match word.text.parse::<f64>() {
            Ok(value) if range.contains(value) => Ok(value),
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
        let found = self.variant.options.iter().find(|option| option.name == name);
        found.expect("a variant reads only the options it lists")
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
