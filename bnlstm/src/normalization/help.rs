//! What the command line says of normalizations.

use std::fmt::Write;

use super::{Normalization, VARIANTS};

/// Every normalization with its options, their defaults, what it does and where it comes from.
///
/// ```
/// let help = bnlstm::normalization::help();
/// assert!(help.contains("layer(gamma=1,eps=1e-5)"));
/// ```
pub fn help() -> String {
    let mut text = "Normalization at all sites, or one for each site, of the terms of h and x and of the \
                    cell c: `h=batch,x=batch(stats=shared),c=none`. Options left out have the values \
                    shown:\n"
        .to_owned();
    for variant in VARIANTS {
        let default: Normalization = variant
            .name
            .parse()
            .expect("the name of a variant is a text that names it");
        let (summary, reference) = (variant.summary, variant.reference);
        write!(text, "\n{default}\n  {summary} ({reference})\n").expect("a String takes any text");
        for option in variant.options {
            let (name, help, values) = (option.name, option.help, option.values);
            writeln!(text, "  {name}: {help}; {values}").expect("a String takes any text");
        }
    }
    text.truncate(text.trim_end().len());
    text
}
