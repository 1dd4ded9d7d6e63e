//! Batch normalization of a recurrent network:
//! `batch(gamma=0.1,eps=1e-5,stats=per-step,momentum=0.99)`.

use super::error::Fault;
use super::options::{Choice, GivenOptions, OptionInfo, Range, Values, VariantOptions};
use super::{Normalization, Variant};
use crate::number::shortest;

/// Batch normalization of the units of a batch, v with shape [B, H]:
///
/// BN(v; γ, β) = β + γ ⊙ (v − mean(v)) / √(var(v) + ε),
///
/// where mean and biased variance run over the B examples, of one time step, for each unit.
///
/// Cooijmans et al. 2016, "Recurrent Batch Normalization" (arXiv 1603.09025), section 2.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchOptions {
    /// Value at which every γ starts. The paper's is 0.1: 1 makes the gradient through tanh vanish.
    pub gamma: f64,
    /// ε, added to the variance.
    pub eps: f64,
    /// Which time steps share population statistics.
    pub stats: Stats,
    /// Weight of the old value in the running averages:
    /// running ← momentum · running + (1 − momentum) · batch.
    pub momentum: f64,
}

/// Which time steps share the population statistics of a batch normalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stats {
    /// Each time step has its own; steps beyond the longest training sequence use the last ones.
    #[default]
    PerStep,
    /// All time steps share one set, which the paper found to harm badly.
    Shared,
}

impl Choice for Stats {
    const CHOICES: &'static [(&'static str, Self)] = &[("per-step", Self::PerStep), ("shared", Self::Shared)];
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            gamma: 0.1,
            eps: 1e-5,
            stats: Stats::PerStep,
            momentum: 0.99,
        }
    }
}

impl From<BatchOptions> for Normalization {
    fn from(options: BatchOptions) -> Self {
        Self::Batch(options)
    }
}

impl VariantOptions for BatchOptions {
    const VARIANT: Variant = Variant {
        name: "batch",
        summary: "mean and variance over the batch, at each time step",
        reference: "Cooijmans et al. 2016, Recurrent Batch Normalization, arXiv 1603.09025",
        options: &[
            OptionInfo {
                name: "gamma",
                values: Values::Number(Range::Finite),
                help: "value at which every scale starts",
            },
            OptionInfo {
                name: "eps",
                values: Values::Number(Range::Positive),
                help: "added to the variance",
            },
            OptionInfo {
                name: "stats",
                values: Values::Choice(&["per-step", "shared"]),
                help: "which time steps share population statistics",
            },
            OptionInfo {
                name: "momentum",
                values: Values::Number(Range::BelowOne),
                help: "weight of the old value in the running averages",
            },
        ],
    };

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            gamma: given.number("gamma", default.gamma)?,
            eps: given.number("eps", default.eps)?,
            stats: given.choice("stats", default.stats)?,
            momentum: given.number("momentum", default.momentum)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![
            shortest(self.gamma),
            shortest(self.eps),
            self.stats.word().to_owned(),
            shortest(self.momentum),
        ]
    }
}
