//! What the command line says of normalizations.

use crate::cell::{Site, names};
use crate::list::{Catalogue, Section};

/// Every normalization and preset with its options, their defaults, what it does and where it comes
/// from.
///
/// ```
/// let help = bnlstm::normalization::help();
/// assert!(help.contains("dyt(gamma=1,alpha=0.5)"));
/// ```
pub fn help() -> String {
    let text = format!(
        "A normalization for its default sites, as far as the cell has them; or one for each site: \
         `h=batch,x=batch(stats=shared)`, the sites being {}; or the name of a preset. Options left \
         out have the values shown:\n\n{}",
        names(&Site::ALL),
        Catalogue::of(Some(Section::Variants))
    );
    text.trim_end().to_owned()
}
