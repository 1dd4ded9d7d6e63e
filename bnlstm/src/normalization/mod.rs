//! The text of a normalization: one source for the command line, configuration files and logs.
//!
//! ```text
//! sites         = normalization | site "=" normalization { "," site "=" normalization }
//! site          = "h" | "x" | "c"
//! normalization = name [ "(" [ option "=" value { "," option "=" value } ] ")" ]
//! ```
//!
//! Options may come in any order and may be left out; spaces are allowed between words and signs.
//! Printing a parsed text gives its full form, with every option, and parsing that gives the same
//! value again.
//!
//! ```
//! use bnlstm::normalization::{Normalization, Sites};
//!
//! let sites: Sites = "h=batch(gamma=0.5), x=layer".parse()?;
//! assert_eq!(sites.c, Normalization::None);
//! assert_eq!(
//!     sites.h.to_string(),
//!     "batch(gamma=0.5,eps=1e-5,stats=per-step,momentum=0.99)"
//! );
//! # Ok::<(), bnlstm::normalization::ParseError>(())
//! ```
//!
//! A new variant takes four things: its file here, which says its formula and implements
//! `VariantOptions`; its line in the list at the end of this file; its arms in `build.rs` and
//! `label.rs`, without which they do not compile; and its layer in the crate `nn`, which `build.rs`
//! makes of its options.

mod batch;
mod build;
mod error;
mod help;
mod label;
mod layer;
mod list;
mod nearest;
mod none;
mod options;
mod serde_text;
mod sites;
mod syntax;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

pub use batch::{BatchOptions, Stats};
pub use error::{ParseError, Problem};
pub use help::help;
pub use layer::LayerOptions;
pub use list::parse_list;
pub use options::{OptionInfo, Range, Values};
pub use sites::{Site, Sites};

use error::Fault;
use options::{GivenOptions, VariantOptions};
use syntax::{Call, Parser};

/// What a variant of normalization is called, what it does and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variant {
    /// Its name in the text.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The paper that defines it.
    pub reference: &'static str,
    /// Its options, in the order in which they are printed.
    pub options: &'static [OptionInfo],
}

/// Repeats the list of variants wherever each of them has to be named.
macro_rules! variants {
    ($($(#[$doc:meta])* $variant:ident($options:ty),)*) => {
        /// A normalization at one site of a recurrent cell, with its options.
        #[derive(Debug, Clone, Copy, PartialEq, Default)]
        pub enum Normalization {
            /// The values pass unchanged.
            #[default]
            None,
            $($(#[$doc])* $variant($options),)*
        }

        /// All normalizations that a text can name.
        pub const VARIANTS: &[Variant] = &[none::VARIANT, $(<$options>::VARIANT),*];

        impl Normalization {
            fn from_options(given: &GivenOptions<'_>) -> Result<Self, Fault> {
                let name = given.variant().name;
                $(if name == <$options>::VARIANT.name {
                    return <$options>::read(given).map(Self::$variant);
                })*
                Ok(Self::None)
            }

            fn parts(&self) -> (&'static str, Vec<String>) {
                match self {
                    Self::None => (none::VARIANT.name, Vec::new()),
                    $(Self::$variant(options) => (<$options>::VARIANT.name, options.values()),)*
                }
            }
        }
    };
}

impl Normalization {
    /// The entry of [`VARIANTS`] that describes this normalization.
    pub fn variant(&self) -> &'static Variant {
        let name = self.parts().0;
        VARIANTS
            .iter()
            .find(|variant| variant.name == name)
            .expect("every variant has its line in VARIANTS")
    }

    fn from_call(call: &Call<'_>) -> Result<Self, Fault> {
        let variant = VARIANTS
            .iter()
            .find(|variant| variant.name == call.name.text)
            .ok_or_else(|| {
                let names: Vec<_> = VARIANTS.iter().map(|variant| variant.name).collect();
                Fault::unknown("normalization", "known normalizations", &call.name, &names)
            })?;
        Self::from_options(&GivenOptions::new(variant, &call.options)?)
    }
}

impl FromStr for Normalization {
    type Err = ParseError;

    /// Reads one normalization.
    ///
    /// # Errors
    /// [`ParseError`] with the position in the text and what would be accepted there.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Parser::new(text)
            .single()
            .and_then(|call| Self::from_call(&call))
            .map_err(|fault| fault.in_text(text))
    }
}

impl fmt::Display for Normalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.parts().0)?;
        let options = self.variant().options.iter();
        for (index, (option, value)) in options.zip(self.parts().1).enumerate() {
            let separator = if index == 0 { '(' } else { ',' };
            write!(f, "{separator}{}={value}", option.name)?;
        }
        if self.variant().options.is_empty() {
            return Ok(());
        }
        f.write_str(")")
    }
}

variants! {
    /// Statistics over the batch, see [`BatchOptions`].
    Batch(BatchOptions),
    /// Statistics over the units of one example, see [`LayerOptions`].
    Layer(LayerOptions),
}
