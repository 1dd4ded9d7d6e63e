//! Online normalization:
//! `online(gamma=1,eps=1e-5,forward=0.999,backward=0.99)`.

use kernels::Real;
use nn::norm::Normalizer;
use nn::params::Scope;

use super::common::{EPS, GAMMA};
use super::variant::{NotAvailable, Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Fault, GivenOptions, OptionInfo, Range, Values};

/// Normalization of each unit by averages over what it has seen before, v with shape [B, F]:
///
/// y = β + γ ⊙ (v − μ) / √(σ² + ε),
/// σ² ← α σ² + α (1 − α) (v − μ)², μ ← α μ + (1 − α) v,
///
/// with the decay α = `forward`. The averages are no part of the gradient; instead the gradient is kept
/// orthogonal to y and free of bias over time, with averages of decay `backward`.
///
/// Chiley et al. 2019, "Online Normalization for Training Neural Networks" (arXiv 1905.05894).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnlineOptions {
    /// Value at which every γ starts.
    pub gamma: f64,
    /// ε, added to the variance.
    pub eps: f64,
    /// Decay of the averages of values.
    pub forward: f64,
    /// Decay of the averages of gradients.
    pub backward: f64,
}

impl Default for OnlineOptions {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            eps: 1e-5,
            forward: 0.999,
            backward: 0.99,
        }
    }
}

impl VariantOptions for OnlineOptions {
    const VARIANT: Variant = Variant {
        name: "online",
        label: "ON",
        summary: "mean and variance of each unit over what came before",
        reference: "Chiley et al. 2019, Online Normalization, arXiv 1905.05894",
        options: &[
            GAMMA,
            EPS,
            OptionInfo {
                name: "forward",
                values: Values::Number(Range::BelowOne),
                help: "decay of the averages of values",
            },
            OptionInfo {
                name: "backward",
                values: Values::Number(Range::BelowOne),
                help: "decay of the averages of gradients",
            },
        ],
        gamma_in_label: false,
        sites: &Site::ALL,
        default_sites: &[Site::H, Site::X, Site::C],
    };

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            gamma: given.number("gamma", default.gamma)?,
            eps: given.number("eps", default.eps)?,
            forward: given.number("forward", default.forward)?,
            backward: given.number("backward", default.backward)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![
            shortest(self.gamma),
            shortest(self.eps),
            shortest(self.forward),
            shortest(self.backward),
        ]
    }

    fn build<T: Real>(
        &self,
        _scope: &mut Scope<'_, T>,
        _place: Place,
    ) -> Result<Box<dyn Normalizer<T>>, NotAvailable> {
        Err(NotAvailable::new(format!("`{}`", Self::VARIANT.name)))
    }
}
