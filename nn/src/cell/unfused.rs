//! Why a sequence is not one operation.

use std::fmt;

use super::Site;

/// Why a cell goes over a sequence step by step, though a device may have whole sequences as one
/// operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfused {
    /// No device has whole sequences of this cell.
    Cell,
    /// The device does not have them, or not for these numbers of steps, examples and units.
    Device,
    /// The sequences have different lengths.
    Lengths,
    /// A setting of the [`Regularization`](crate::regularization::Regularization) changes what
    /// happens between two steps.
    Regularization(&'static str),
    /// The operation has no normalization at this site.
    Site(Site),
    /// The operation has normalizations at this site, but not the one that stands there.
    Normalizer(Site),
}

impl fmt::Display for Unfused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell => f.write_str("no device has sequences of this cell as one operation"),
            Self::Device => f.write_str("the device has no such operation for a sequence of this size"),
            Self::Lengths => f.write_str("the sequences have different lengths"),
            Self::Regularization(setting) => write!(f, "{setting} changes what happens between two steps"),
            Self::Site(site) => write!(f, "the operation has no normalization at {site}"),
            Self::Normalizer(site) => {
                write!(
                    f,
                    "the operation does not have the normalization that stands at {site}"
                )
            }
        }
    }
}
