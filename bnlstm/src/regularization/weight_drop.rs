//! Weight drop: `weight-drop(p=0.5)`.

use super::{Regularizer, RegularizerOptions, Symbol, dropout, probability};
use crate::text::{Fault, GivenOptions};

/// Dropout of the elements of W_h, drawn once a pass over a sequence:
///
/// W_h ← M ⊙ W_h / (1 − p) with M ~ Bernoulli(1 − p).
///
/// Merity, Keskar & Socher 2018, "Regularizing and Optimizing LSTM Language Models" (arXiv 1708.02182),
/// section 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightDrop {
    /// Probability that a weight is dropped.
    pub p: f64,
}

impl Default for WeightDrop {
    fn default() -> Self {
        Self { p: 0.5 }
    }
}

impl RegularizerOptions for WeightDrop {
    const REGULARIZER: Regularizer = Regularizer {
        name: "weight-drop",
        summary: "dropout of recurrent weights, once a pass",
        reference: "Merity, Keskar & Socher 2018, arXiv 1708.02182",
        options: &[probability("p", "probability that a recurrent weight is dropped")],
    };

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            p: given.number("p", default.p)?,
        })
    }

    fn values(&self) -> Vec<f64> {
        vec![self.p]
    }

    fn symbols(&self) -> Vec<Symbol> {
        vec![Symbol::new("D", self.p, dropout("D", "W", self.p)).note("m drawn once a pass; in evaluation W")]
    }
}
