//! The language of options on the command line and in configuration files: names with options,
//! `name(option=value,…)`, and errors that show the position and list what is known.

mod error;
mod nearest;
mod options;
mod split;
mod syntax;

pub use error::{ParseError, Problem};
pub use options::{OptionInfo, Range, Values};

pub(crate) use error::Fault;
pub(crate) use nearest::nearest;
pub(crate) use options::{Choice, GivenOptions};
pub(crate) use split::split_outside;
pub(crate) use syntax::{Call, Parser, SiteList, Word};
