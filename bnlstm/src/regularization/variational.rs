//! Variational dropout: `variational(x=0.1,h=0.1)`.

use super::{Regularizer, RegularizerOptions, Symbol, dropout, probability};
use crate::text::{Fault, GivenOptions};

/// Dropout of the vectors that are multiplied by weights, with one mask for all steps of a sequence:
///
/// x_t ← m_x ⊙ x_t / (1 − x), h_{t−1} ← m_h ⊙ h_{t−1} / (1 − h).
///
/// Gal & Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks"
/// (arXiv 1512.05287).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variational {
    /// Probability that an element of the input is dropped.
    pub x: f64,
    /// Probability that a unit of the hidden state is dropped.
    pub h: f64,
}

impl Default for Variational {
    fn default() -> Self {
        Self { x: 0.1, h: 0.1 }
    }
}

impl RegularizerOptions for Variational {
    const REGULARIZER: Regularizer = Regularizer {
        name: "variational",
        summary: "dropout with one mask for all steps of a sequence",
        reference: "Gal & Ghahramani 2016, arXiv 1512.05287",
        options: &[
            probability("x", "probability that an element of the input is dropped"),
            probability("h", "probability that a unit of the hidden state is dropped"),
        ],
    };

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            x: given.number("x", default.x)?,
            h: given.number("h", default.h)?,
        })
    }

    fn values(&self) -> Vec<f64> {
        vec![self.x, self.h]
    }

    fn symbols(&self) -> Vec<Symbol> {
        let symbol = |name, p| {
            let symbol = Symbol::new(name, p, dropout(name, "v", p));
            symbol.note("m drawn once for all time steps of a sequence; in evaluation v")
        };
        vec![symbol("d_x", self.x), symbol("d_h", self.h)]
    }
}
