//! No normalization: the site passes its values unchanged.

use super::Variant;

/// What the text `none` names.
pub(super) const VARIANT: Variant = Variant {
    name: "none",
    summary: "values pass unchanged",
    reference: "Hochreiter & Schmidhuber 1997, Long Short-Term Memory",
    options: &[],
};
