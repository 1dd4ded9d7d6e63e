//! Layer normalization: `layer(gamma=1,eps=1e-5)`.

use super::error::Fault;
use super::options::{GivenOptions, OptionInfo, Range, Values, VariantOptions};
use super::{Normalization, Variant};
use crate::number::shortest;

/// Layer normalization of the units of one example, v with shape [B, H]:
///
/// LN(v; γ, β) = β + γ ⊙ (v − mean(v)) / √(var(v) + ε),
///
/// where mean and biased variance run over the H units of each row, so that training and test
/// compute the same.
///
/// Ba, Kiros & Hinton 2016, "Layer Normalization", section 3.1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerOptions {
    /// Value at which every γ starts.
    pub gamma: f64,
    /// ε, added to the variance.
    pub eps: f64,
}

impl Default for LayerOptions {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            eps: 1e-5,
        }
    }
}

impl From<LayerOptions> for Normalization {
    fn from(options: LayerOptions) -> Self {
        Self::Layer(options)
    }
}

impl VariantOptions for LayerOptions {
    const VARIANT: Variant = Variant {
        name: "layer",
        summary: "mean and variance over the units of each example",
        reference: "Ba, Kiros & Hinton 2016, Layer Normalization",
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
        ],
    };

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            gamma: given.number("gamma", default.gamma)?,
            eps: given.number("eps", default.eps)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![shortest(self.gamma), shortest(self.eps)]
    }
}
