//! Units of a loss.

use std::f64::consts::LN_2;

/// Bits per character of a mean cross-entropy in nats per character.
///
/// ```
/// // A uniform choice among 4 symbols costs 2 bits.
/// assert_eq!(nn::loss::bits_per_character(4.0_f64.ln()), 2.0);
/// ```
pub fn bits_per_character(nats: f64) -> f64 {
    nats / LN_2
}
