//! Recurrent dropout: `recurrent-dropout(p=0.1)`.

use super::{Regularizer, RegularizerOptions, Symbol, dropout, probability};
use crate::cell::Cell;
use crate::text::{Fault, GivenOptions};

/// Dropout of the candidate, drawn anew at every step, so that no memory is lost:
///
/// c_t = f ⊙ c_{t−1} + i ⊙ d(g), with d(g) = m ⊙ g / (1 − p) and m ~ Bernoulli(1 − p).
///
/// In a GRU the candidate is n; a tanh RNN has none.
///
/// Semeniuta, Severyn & Barth 2016, "Recurrent Dropout without Memory Loss" (arXiv 1603.05118).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecurrentDropout {
    /// Probability that a unit of the candidate is dropped.
    pub p: f64,
}

impl Default for RecurrentDropout {
    fn default() -> Self {
        Self { p: 0.1 }
    }
}

impl RegularizerOptions for RecurrentDropout {
    const REGULARIZER: Regularizer = Regularizer {
        name: "recurrent-dropout",
        summary: "dropout of the candidate",
        reference: "Semeniuta et al. 2016, Recurrent Dropout without Memory Loss, arXiv 1603.05118",
        options: &[probability(
            "p",
            "probability that a unit of the candidate is dropped",
        )],
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
        vec![
            Symbol::new("d_g", self.p, dropout("d_g", "v", self.p))
                .note("m drawn at each time step; in evaluation v"),
        ]
    }

    fn check(&self, cell: Cell) -> Result<(), String> {
        match cell {
            Cell::Rnn => Err(format!(
                "{cell} has no candidate to drop; leave `{}` out",
                Self::REGULARIZER.name
            )),
            Cell::Lstm | Cell::Gru => Ok(()),
        }
    }
}
