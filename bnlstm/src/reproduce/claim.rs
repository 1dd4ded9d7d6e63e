//! What the paper says, and what was seen of it.

use std::fmt;

/// A claim of the paper with the numbers that were measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// What the paper says.
    pub text: String,
    /// Whether the numbers say so too.
    pub seen: bool,
    /// The numbers.
    pub numbers: String,
}

impl Claim {
    /// A claim, whether it was seen, and the numbers.
    pub fn new(text: impl Into<String>, seen: bool, numbers: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            seen,
            numbers: numbers.into(),
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.seen { "seen" } else { "not seen" };
        write!(f, "{verdict}: {} ({})", self.text, self.numbers)
    }
}
