//! The text of a normalization: one source for the command line, configuration files and logs.
//!
//! ```text
//! text          = preset | normalization | site "=" normalization { "," site "=" normalization }
//! site          = "h" | "x" | "sum" | "c" | "carry" | "out"
//! normalization = name [ "(" [ option "=" value { "," option "=" value } ] ")" ]
//! ```
//!
//! A normalization alone stands at its default sites, as far as the cell has them. Options may come
//! in any order and may be left out; spaces are allowed between words and signs. A [`Text`] becomes
//! the [`Sites`] of a cell, which print in full, with every site that has a normalization and every
//! option; reading that gives the same sites again.
//!
//! ```
//! use bnlstm::cell::{Cell, Site};
//! use bnlstm::normalization::{Normalization, Sites};
//!
//! let sites = Sites::parse(Cell::Lstm, "h=layer(gamma=0.5), x=dyt")?;
//! assert_eq!(*sites.at(Site::C), Normalization::None);
//! assert_eq!(
//!     sites.to_string(),
//!     "h=layer(gamma=0.5,eps=1e-5,groups=whole),x=dyt(gamma=1,alpha=0.5)"
//! );
//! # Ok::<(), bnlstm::normalization::ParseError>(())
//! ```
//!
//! A new variant takes three things: its file here, which says its formula and implements
//! `VariantOptions`; its line in the list at the end of this file; and its layer in the crate `nn`,
//! which its file makes of its options. The tests of the list (gradients, properties) then include it,
//! and ask for what only its author can say: which moments it promises, what it is invariant to, and
//! how large a gradient can become.

mod assorted_time;
mod batch;
mod batch_renorm;
mod build;
mod common;
mod cosine;
mod dyt;
mod formula;
mod group;
mod help;
mod label;
mod layer;
mod list;
mod none;
mod norm_propagation;
mod online;
mod presets;
mod rms;
mod sites;
#[cfg(test)]
mod tests;
mod text;
mod variant;
mod weight;

use std::fmt;
use std::str::FromStr;

use kernels::Real;
use nn::norm::Normalizer;
use nn::params::Scope;

use crate::cell::Site;
use crate::text::{Call, Fault, GivenOptions, Parser, Problem};

pub use crate::text::ParseError;
pub use assorted_time::AssortedTimeOptions;
pub use batch::{BatchOptions, Stats};
pub use batch_renorm::BatchRenormOptions;
pub use common::{Groups, Padding, StepStats};
pub use cosine::CosineOptions;
pub use dyt::DytOptions;
pub use formula::{Form, Formula};
pub use group::GroupOptions;
pub use help::help;
pub use layer::LayerOptions;
pub use list::parse_list;
pub use norm_propagation::NormPropagationOptions;
pub use online::{Control, OnlineOptions};
pub use presets::{PRESETS, Preset};
pub use rms::RmsOptions;
pub use sites::{FeaturesError, Sites};
pub use text::Text;
pub use variant::{Exception, Place, Variant};
pub use weight::WeightOptions;

use variant::{Misplaced, VariantOptions};

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

        $(impl From<$options> for Normalization {
            fn from(options: $options) -> Self {
                Self::$variant(options)
            }
        })*

        impl Normalization {
            fn from_options(name: &str, given: &GivenOptions<'_>) -> Result<Self, Fault> {
                $(if name == <$options>::VARIANT.name {
                    return <$options>::read(given).map(Self::$variant);
                })*
                Ok(Self::None)
            }

            /// What its entry of [`VARIANTS`] says.
            pub fn variant(&self) -> Variant {
                match self {
                    Self::None => none::VARIANT,
                    $(Self::$variant(_) => <$options>::VARIANT,)*
                }
            }

            /// The values of its options as text, in the order of [`Variant::options`].
            pub fn values(&self) -> Vec<String> {
                match self {
                    Self::None => Vec::new(),
                    $(Self::$variant(options) => options.values(),)*
                }
            }

            /// Whether it takes moments over the batch.
            pub fn is_over_batch(&self) -> bool {
                match self {
                    Self::None => false,
                    $(Self::$variant(_) => <$options>::OVER_BATCH,)*
                }
            }

            fn spread(self, site: Site) -> Self {
                match self {
                    Self::None => self,
                    $(Self::$variant(options) => Self::$variant(options.spread(site)),)*
                }
            }

            fn misplaced(&self, site: Site) -> Option<Misplaced> {
                match self {
                    Self::None => None,
                    $(Self::$variant(options) => options.misplaced(site),)*
                }
            }

            fn check_features(&self, features: usize) -> Result<(), String> {
                match self {
                    Self::None => Ok(()),
                    $(Self::$variant(options) => options.check_features(features),)*
                }
            }

            /// What it computes at a place; `None` where values pass unchanged.
            pub fn formula(&self, place: Place) -> Option<Formula> {
                match self {
                    Self::None => None,
                    $(Self::$variant(options) => Some(options.formula(place)),)*
                }
            }

            /// The layer; `None` where values pass unchanged.
            pub fn build<T: Real>(
                &self,
                scope: &mut Scope<'_, T>,
                place: Place,
            ) -> Option<Box<dyn Normalizer<T>>> {
                match self {
                    Self::None => None,
                    $(Self::$variant(options) => Some(options.build(scope, place)),)*
                }
            }
        }
    };
}

impl Normalization {
    /// Reads one normalization, wherever it is to stand.
    fn from_call(call: &Call<'_>) -> Result<Self, Fault> {
        let variant = VARIANTS
            .iter()
            .find(|variant| variant.name == call.name.text)
            .ok_or_else(|| {
                let names: Vec<_> = VARIANTS.iter().map(|variant| variant.name).collect();
                Fault::unknown("normalization", "known normalizations", &call.name, &names)
            })?;
        let given = GivenOptions::new(variant.name, variant.options, &call.options)?;
        Self::from_options(variant.name, &given)
    }

    /// Checks that it makes sense at a site, for which a call has given it.
    fn check_site(&self, site: Site, call: &Call<'_>) -> Result<(), Fault> {
        let variant = self.variant();
        if !variant.sites.contains(&site) {
            let problem = Problem::NotDefined {
                variant: variant.name,
                site,
                sites: variant.sites,
            };
            return Err(Fault::at(call.name.start, problem));
        }
        let Some(Misplaced {
            option,
            value,
            reason,
        }) = self.misplaced(site)
        else {
            return Ok(());
        };
        let mut settings = call.options.iter();
        let setting = settings.find(|setting| setting.name.text == option);
        let position = setting.map_or(call.name.start, |setting| setting.value.start);
        let problem = Problem::Misplaced {
            option,
            value,
            site,
            reason,
        };
        Err(Fault::at(position, problem))
    }

    /// Each option with its value.
    fn settings(&self) -> impl Iterator<Item = (&'static str, String)> {
        let options = self.variant().options.iter().map(|option| option.name);
        options.zip(self.values())
    }

    /// The options whose values are not those of the bare name.
    fn changed_settings(&self) -> impl Iterator<Item = (&'static str, String)> {
        let name = self.variant().name;
        let default: Self = name
            .parse()
            .expect("the name of a variant is a text that names it");
        let pairs = self.settings().zip(default.values());
        pairs.filter_map(|((option, value), default)| (value != default).then_some((option, value)))
    }

    /// The name with some of its options.
    fn text_with(&self, settings: impl Iterator<Item = (&'static str, String)>) -> String {
        let settings: Vec<_> = settings
            .map(|(option, value)| format!("{option}={value}"))
            .collect();
        let name = self.variant().name;
        match settings.is_empty() {
            true => name.to_owned(),
            false => format!("{name}({})", settings.join(",")),
        }
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
            .single("a normalization")
            .and_then(|call| Self::from_call(&call))
            .map_err(|fault| fault.in_text(text))
    }
}

impl fmt::Display for Normalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text_with(self.settings()))
    }
}

variants! {
    /// Statistics over the batch, see [`BatchOptions`].
    Batch(BatchOptions),
    /// Statistics over the batch, corrected, see [`BatchRenormOptions`].
    BatchRenorm(BatchRenormOptions),
    /// Statistics over the units of one example, see [`LayerOptions`].
    Layer(LayerOptions),
    /// The mean square over the units of one example, see [`RmsOptions`].
    Rms(RmsOptions),
    /// Statistics over groups of units of one example, see [`GroupOptions`].
    Group(GroupOptions),
    /// Weights of a learned length, see [`WeightOptions`].
    Weight(WeightOptions),
    /// The angle between weights and input, see [`CosineOptions`].
    Cosine(CosineOptions),
    /// Factors that are known beforehand, see [`NormPropagationOptions`].
    NormPropagation(NormPropagationOptions),
    /// Statistics over the units and the last steps, see [`AssortedTimeOptions`].
    AssortedTime(AssortedTimeOptions),
    /// Statistics over what came before, see [`OnlineOptions`].
    Online(OnlineOptions),
    /// A squashing function instead, see [`DytOptions`].
    Dyt(DytOptions),
}
