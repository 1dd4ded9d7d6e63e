//! No normalization: the site passes its values unchanged.

use super::Variant;
use crate::cell::Site;

/// What the text `none` names.
pub(super) const VARIANT: Variant = Variant {
    name: "none",
    label: "",
    summary: "values pass unchanged",
    reference: "Hochreiter & Schmidhuber 1997, Long Short-Term Memory",
    options: &[],
    gamma_in_label: false,
    sites: &Site::ALL,
    default_sites: &[],
    except: &[],
};
