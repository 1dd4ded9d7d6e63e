//! Norm stabilizer: `norm-stabilizer(beta=50)`.

use super::{Regularizer, RegularizerOptions, Symbol};
use crate::number::shortest;
use crate::text::{Fault, GivenOptions, OptionInfo, Range, Values};

/// A term that is added to the loss, so that the hidden state keeps its length:
///
/// β mean_t (‖h_t‖ − ‖h_{t−1}‖)², of the states of the topmost layer, those of both directions
/// together.
///
/// Krueger & Memisevic 2016, "Regularizing RNNs by Stabilizing Activations" (arXiv 1511.08400).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormStabilizer {
    /// β, the weight of the term.
    pub beta: f64,
}

impl Default for NormStabilizer {
    fn default() -> Self {
        Self { beta: 50.0 }
    }
}

impl RegularizerOptions for NormStabilizer {
    const REGULARIZER: Regularizer = Regularizer {
        name: "norm-stabilizer",
        summary: "a loss on changes of the length of the hidden state",
        reference: "Krueger & Memisevic 2016, Regularizing RNNs by Stabilizing Activations, arXiv 1511.08400",
        options: &[OptionInfo {
            name: "beta",
            values: Values::Number(Range::NotNegative),
            help: "weight of the term",
        }],
    };

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            beta: given.number("beta", default.beta)?,
        })
    }

    fn values(&self) -> Vec<f64> {
        vec![self.beta]
    }

    fn symbols(&self) -> Vec<Symbol> {
        let formula = format!("S(h) = {} mean((‖h_t‖ − ‖h_{{t−1}}‖)²)", shortest(self.beta));
        vec![
            Symbol::new("S", self.beta, formula)
                .note("mean over t = 2 … T and the batch, of the last layer; in training"),
        ]
    }
}
