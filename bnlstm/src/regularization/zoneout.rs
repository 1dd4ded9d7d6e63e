//! Zoneout: `zoneout(h=0.05,c=0.5)`.

use super::{Regularizer, RegularizerOptions, Symbol, probability};
use crate::cell::Cell;
use crate::number::shortest;
use crate::text::{Fault, GivenOptions};

/// Each unit of a state stays as it was with a probability, drawn anew at every step:
///
/// h_t ← m ⊙ h_{t−1} + (1 − m) ⊙ h_t with m ~ Bernoulli(h), and c_t likewise with a mask of its own.
///
/// In evaluation the expectation takes the place of the mask. A cell without cell state needs `c=0`.
///
/// Krueger et al. 2017, "Zoneout" (arXiv 1606.01305), whose values for the Penn Treebank are the
/// defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Zoneout {
    /// Probability that a unit of the hidden state stays.
    pub h: f64,
    /// Probability that a unit of the cell stays.
    pub c: f64,
}

impl Default for Zoneout {
    fn default() -> Self {
        Self { h: 0.05, c: 0.5 }
    }
}

impl RegularizerOptions for Zoneout {
    const REGULARIZER: Regularizer = Regularizer {
        name: "zoneout",
        summary: "units of the states stay as they were",
        reference: "Krueger et al. 2017, Zoneout, arXiv 1606.01305",
        options: &[
            probability("h", "probability that a unit of the hidden state stays as it was"),
            probability(
                "c",
                "probability that a unit of the cell stays as it was; 0 where there is no cell",
            ),
        ],
    };

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            h: given.number("h", default.h)?,
            c: given.number("c", default.c)?,
        })
    }

    fn values(&self) -> Vec<f64> {
        vec![self.h, self.c]
    }

    fn symbols(&self) -> Vec<Symbol> {
        let symbol = |name, p| {
            let text = shortest(p);
            let formula = format!("{name}(s, s') = m ⊙ s + (1 − m) ⊙ s', m ~ Bernoulli({text})");
            Symbol::new(name, p, formula).note(format!(
                "m drawn at each time step; in evaluation {text} s + (1 − {text}) s'"
            ))
        };
        vec![symbol("z_h", self.h), symbol("z_c", self.c)]
    }

    fn check(&self, cell: Cell) -> Result<(), String> {
        if self.c == 0.0 || cell == Cell::Lstm {
            return Ok(());
        }
        let text = Self { c: 0.0, ..*self }.text();
        Err(format!("{cell} has no cell state; write {text}"))
    }
}
