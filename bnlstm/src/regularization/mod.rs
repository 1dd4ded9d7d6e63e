//! The text of regularizers, which stand beside a normalization.
//!
//! ```text
//! text        = "none" | regularizer { ( "+" | "," ) regularizer }
//! regularizer = name [ "(" [ option "=" value { "," option "=" value } ] ")" ]
//! ```
//!
//! Printing gives every option; reading that gives the same value again.
//!
//! ```
//! use bnlstm::regularization::Regularization;
//!
//! let text: Regularization = "weight-drop + zoneout(c=0.2)".parse()?;
//! assert_eq!(text.to_string(), "zoneout(h=0.05,c=0.2)+weight-drop(p=0.5)");
//! # Ok::<(), bnlstm::text::ParseError>(())
//! ```
//!
//! A new regularizer takes its file here, its line in the list at the end of this file, and what the
//! cells do with it: a setting of `nn::regularization::Regularization` and its file there.

mod norm_stabilizer;
mod recurrent_dropout;
#[cfg(test)]
mod tests;
mod variational;
mod weight_drop;
mod zoneout;

use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::cell::Cell;
use crate::number::shortest;
use crate::text::{
    Fault, GivenOptions, OptionInfo, ParseError, Parser, Problem, Range, Values, split_outside,
};

pub use norm_stabilizer::NormStabilizer;
pub use recurrent_dropout::RecurrentDropout;
pub use variational::Variational;
pub use weight_drop::WeightDrop;
pub use zoneout::Zoneout;

/// What a regularizer is called, what it does and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Regularizer {
    /// Its name in the text.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The paper that defines it.
    pub reference: &'static str,
    /// Its options, in the order in which they are printed.
    pub options: &'static [OptionInfo],
}

/// A function that a regularizer puts into the equations of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Symbol {
    /// Its name in the equations.
    pub name: &'static str,
    /// Its definition, with the values of the options.
    pub formula: String,
    /// When it is drawn, and what takes its place in evaluation.
    pub note: String,
    /// The full text of the regularizer.
    pub text: String,
    /// The paper that defines it.
    pub reference: &'static str,
    /// Its strength: at 0 it changes nothing.
    strength: f64,
}

impl Symbol {
    fn new(name: &'static str, strength: f64, formula: String) -> Self {
        Self {
            name,
            formula,
            note: String::new(),
            text: String::new(),
            reference: "",
            strength,
        }
    }

    fn note(self, note: impl Into<String>) -> Self {
        Self {
            note: note.into(),
            ..self
        }
    }
}

/// The definition of dropout of `v` under a name.
fn dropout(name: &str, v: &str, p: f64) -> String {
    format!(
        "{name}({v}) = m ⊙ {v} / (1 − {p}), m ~ Bernoulli(1 − {p})",
        p = shortest(p)
    )
}

/// A probability to drop something: all of it would leave nothing to learn from.
const fn probability(name: &'static str, help: &'static str) -> OptionInfo {
    OptionInfo {
        name,
        values: Values::Number(Range::BelowOne),
        help,
    }
}

/// The options of one regularizer: how they are read and printed.
trait RegularizerOptions: Sized + Default {
    /// What `REGULARIZERS` says of it.
    const REGULARIZER: Regularizer;

    /// Reads each option, or takes its default.
    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault>;

    /// The values of all options, in the order of `REGULARIZER.options`.
    fn values(&self) -> Vec<f64>;

    /// The functions that stand for it in equations.
    fn symbols(&self) -> Vec<Symbol>;

    /// The same without those that change nothing, and with text and reference.
    fn described(&self) -> Vec<Symbol> {
        let present = self.symbols().into_iter().filter(|symbol| symbol.strength > 0.0);
        let described = present.map(|symbol| Symbol {
            text: self.text(),
            reference: Self::REGULARIZER.reference,
            ..symbol
        });
        described.collect()
    }

    /// What is wrong with these options in a cell, and what would fit.
    fn check(&self, _cell: Cell) -> Result<(), String> {
        Ok(())
    }

    /// The full text.
    fn text(&self) -> String {
        let values = self.values().into_iter().map(shortest);
        let options = Self::REGULARIZER.options.iter().zip(values);
        let settings: Vec<_> = options
            .map(|(option, value)| format!("{}={value}", option.name))
            .collect();
        format!("{}({})", Self::REGULARIZER.name, settings.join(","))
    }
}

/// Repeats the list of regularizers wherever each of them has to be named.
macro_rules! regularizers {
    ($($(#[$doc:meta])* $field:ident: $options:ty,)*) => {
        /// The regularizers of a model; by default there are none.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub struct Regularization {
            $($(#[$doc])* pub $field: Option<$options>,)*
        }

        /// All regularizers that a text can name.
        pub const REGULARIZERS: &[Regularizer] = &[$(<$options>::REGULARIZER),*];

        impl Regularization {
            /// Adds one regularizer; whether it was not there before.
            fn add(&mut self, name: &str, given: &GivenOptions<'_>) -> Result<bool, Fault> {
                $(if name == <$options>::REGULARIZER.name {
                    let options = <$options>::read(given)?;
                    return Ok(self.$field.replace(options).is_none());
                })*
                unreachable!("`{name}` is not in REGULARIZERS")
            }

            /// The full text of each regularizer.
            fn texts(&self) -> Vec<String> {
                let all = [$(self.$field.as_ref().map(RegularizerOptions::text)),*];
                all.into_iter().flatten().collect()
            }

            /// The values of the options of each regularizer as text, in the order of their lists.
            pub(crate) fn values(&self) -> Vec<Vec<String>> {
                let all = [$(self.$field.as_ref().map(RegularizerOptions::values)),*];
                let texts = |values: Vec<f64>| values.into_iter().map(shortest).collect();
                all.into_iter().flatten().map(texts).collect()
            }

            /// The functions that stand for them in the equations of a cell.
            pub fn symbols(&self) -> Vec<Symbol> {
                let all = [$(self.$field.as_ref().map(RegularizerOptions::described)),*];
                all.into_iter().flatten().flatten().collect()
            }

            /// Looks for regularizers that a cell has no place for.
            ///
            /// # Errors
            /// What is wrong with the first one, and what would fit.
            pub fn check(&self, cell: Cell) -> Result<(), String> {
                $(if let Some(options) = &self.$field {
                    options.check(cell)?;
                })*
                Ok(())
            }
        }
    };
}

impl Regularization {
    /// What the cells take of it; the norm stabilizer is a term of the loss.
    pub fn of_cells(&self) -> nn::regularization::Regularization {
        let zoneout = self.zoneout.unwrap_or(Zoneout { h: 0.0, c: 0.0 });
        let variational = self.variational.unwrap_or(Variational { x: 0.0, h: 0.0 });
        nn::regularization::Regularization {
            zoneout_h: zoneout.h,
            zoneout_c: zoneout.c,
            recurrent_dropout: self.recurrent_dropout.map_or(0.0, |dropout| dropout.p),
            variational_x: variational.x,
            variational_h: variational.h,
            weight_drop: self.weight_drop.map_or(0.0, |drop| drop.p),
        }
    }

    /// Reads the part of a text that names one regularizer.
    fn read_part(&mut self, part: &str) -> Result<(), Fault> {
        let call = Parser::new(part).single("a regularizer")?;
        let name = &call.name;
        let found = REGULARIZERS.iter().find(|known| known.name == name.text);
        let Some(regularizer) = found else {
            let names = REGULARIZERS.iter().map(|regularizer| regularizer.name);
            let known: Vec<_> = [NONE].into_iter().chain(names).collect();
            return Err(Fault::unknown("regularizer", "known regularizers", name, &known));
        };
        let given = GivenOptions::new(regularizer.name, regularizer.options, &call.options)?;
        if self.add(regularizer.name, &given)? {
            return Ok(());
        }
        let problem = Problem::Duplicate {
            kind: "regularizer",
            name: regularizer.name.to_owned(),
        };
        Err(Fault::at(name.start, problem))
    }
}

/// The text of no regularizer.
const NONE: &str = "none";

impl FromStr for Regularization {
    type Err = ParseError;

    /// Reads `none`, or regularizers separated by plus signs or commas.
    ///
    /// # Errors
    /// [`ParseError`] with the position in the text and what would be accepted there.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let mut regularization = Self::default();
        if text.trim() == NONE {
            return Ok(regularization);
        }
        for (start, part) in split_outside(text, |c| c == '+' || c == ',') {
            let read = regularization.read_part(part);
            read.map_err(|fault| fault.in_text(part).within(text, start))?;
        }
        Ok(regularization)
    }
}

impl fmt::Display for Regularization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.texts();
        match texts.is_empty() {
            true => f.write_str(NONE),
            false => f.write_str(&texts.join("+")),
        }
    }
}

impl Serialize for Regularization {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Regularization {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

regularizers! {
    /// States that stay as they were, see [`Zoneout`].
    zoneout: Zoneout,
    /// Candidates without some units, see [`RecurrentDropout`].
    recurrent_dropout: RecurrentDropout,
    /// Vectors without some elements, see [`Variational`].
    variational: Variational,
    /// Recurrent weights without some elements, see [`WeightDrop`].
    weight_drop: WeightDrop,
    /// States of steady length, see [`NormStabilizer`].
    norm_stabilizer: NormStabilizer,
}
