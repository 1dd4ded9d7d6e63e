//! Group normalization:
//! `group(gamma=1,eps=1e-5,groups=4)`.

use kernels::Real;
use nn::norm::{LayerNorm, LayerNormConfig, Normalizer};
use nn::params::Scope;

use super::common::{EPS, GAMMA, starts};
use super::formula::Formula;
use super::variant::{Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Fault, GivenOptions, OptionInfo, Values};

/// Layer normalization of each of `groups` blocks of neighbouring units, v with shape [B, F]:
///
/// y = β + γ ⊙ (v − mean(v)) / √(var(v) + ε),
///
/// where mean and biased variance run over the F / groups units of a block of a row. The number of
/// groups must divide the number of units at the site.
///
/// Wu & He 2018, "Group Normalization" (arXiv 1803.08494).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupOptions {
    /// Value at which every γ starts.
    pub gamma: f64,
    /// ε, added to the variance.
    pub eps: f64,
    /// Number of groups.
    pub groups: u32,
}

impl Default for GroupOptions {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            eps: 1e-5,
            groups: 4,
        }
    }
}

impl VariantOptions for GroupOptions {
    const VARIANT: Variant = Variant {
        name: "group",
        label: "GN",
        summary: "mean and variance over each group of units of each example",
        reference: "Wu & He 2018, Group Normalization, arXiv 1803.08494",
        options: &[
            GAMMA,
            EPS,
            OptionInfo {
                name: "groups",
                values: Values::Count(1),
                help: "number of groups, which divides the number of units",
            },
        ],
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
            groups: given.count("groups", default.groups)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![shortest(self.gamma), shortest(self.eps), self.groups.to_string()]
    }

    fn check_features(&self, features: usize) -> Result<(), String> {
        let groups = self.groups as usize;
        match features.is_multiple_of(groups) {
            true => Ok(()),
            false => Err(format!(
                "{groups} groups do not divide {features} values; give another number of groups or units"
            )),
        }
    }

    fn formula(&self, place: Place) -> Formula {
        let eps = shortest(self.eps);
        let body = format!("γ ⊙ (v − mean(v)) / √(var(v) + {eps})");
        Formula::of_values(place.beta, body)
            .note(format!(
                "mean and biased variance over each of {} blocks of neighbouring units of an example; the \
                 same in evaluation",
                self.groups
            ))
            .note(starts(self.gamma))
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let config = LayerNormConfig {
            gamma: self.gamma,
            beta: place.beta,
            epsilon: self.eps,
            groups: self.groups as usize,
            ..LayerNormConfig::default()
        };
        Box::new(LayerNorm::new(scope, place.features, config))
    }
}
