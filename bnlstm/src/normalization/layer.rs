//! Layer normalization:
//! `layer(gamma=1,eps=1e-5,groups=whole)`.

use kernels::Real;
use nn::norm::{LayerNorm, LayerNormConfig, Normalizer};
use nn::params::Scope;

use super::common::{EPS, GAMMA, GROUPS, Groups, starts};
use super::formula::Formula;
use super::variant::{Misplaced, Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Choice, Fault, GivenOptions};

/// Layer normalization of the units of one example, v with shape [B, F]:
///
/// LN(v; γ, β) = β + γ ⊙ (v − mean(v)) / √(var(v) + ε),
///
/// where mean and biased variance run over the units of each row, so that training and test compute
/// the same. With `groups=gate` they run over the units of each gate.
///
/// Ba, Kiros & Hinton 2016, "Layer Normalization" (arXiv 1607.06450), section 3.1; per gate: Hou et al.
/// 2019, "Normalization Helps Training of Quantized LSTM".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerOptions {
    /// Value at which every γ starts.
    pub gamma: f64,
    /// ε, added to the variance.
    pub eps: f64,
    /// Which units are normalized together.
    pub groups: Groups,
}

impl Default for LayerOptions {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            eps: 1e-5,
            groups: Groups::Whole,
        }
    }
}

impl VariantOptions for LayerOptions {
    const VARIANT: Variant = Variant {
        name: "layer",
        label: "LN",
        summary: "mean and variance over the units of each example",
        reference: "Ba, Kiros & Hinton 2016, Layer Normalization, arXiv 1607.06450",
        options: &[GAMMA, EPS, GROUPS],
        gamma_in_label: false,
        sites: &Site::ALL,
        default_sites: &[Site::H, Site::X, Site::C],
        except: &[],
    };

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            gamma: given.number("gamma", default.gamma)?,
            eps: given.number("eps", default.eps)?,
            groups: given.choice("groups", default.groups)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![
            shortest(self.gamma),
            shortest(self.eps),
            self.groups.word().to_owned(),
        ]
    }

    fn spread(self, site: Site) -> Self {
        Self {
            groups: self.groups.spread(site),
            ..self
        }
    }

    fn misplaced(&self, site: Site) -> Option<Misplaced> {
        self.groups.misplaced(site)
    }

    fn formula(&self, place: Place) -> Formula {
        let eps = shortest(self.eps);
        let body = format!("γ ⊙ (v − mean(v)) / √(var(v) + {eps})");
        Formula::of_values(place.beta, body)
            .note(format!(
                "mean and biased variance over {}; the same in evaluation",
                self.groups.note()
            ))
            .note(starts(self.gamma))
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let config = LayerNormConfig {
            gamma: self.gamma,
            beta: place.beta,
            epsilon: self.eps,
            groups: self.groups.count(place),
            ..LayerNormConfig::default()
        };
        Box::new(LayerNorm::new(scope, place.features, config))
    }
}
