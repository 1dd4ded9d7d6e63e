//! Dynamic tanh:
//! `dyt(gamma=1,alpha=0.5)`.

use kernels::Real;
use nn::norm::{DyT, DyTConfig, Normalizer};
use nn::params::Scope;

use super::common::{GAMMA, starts};
use super::formula::Formula;
use super::variant::{Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Fault, GivenOptions, OptionInfo, Range, Values};

/// A squashing function in place of a normalization, v with shape [B, F]:
///
/// DyT(v) = β + γ ⊙ tanh(α v), with one learned α.
///
/// Zhu et al. 2025, "Transformers without Normalization" (arXiv 2503.10622).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DytOptions {
    /// Value at which every γ starts.
    pub gamma: f64,
    /// Value at which α starts.
    pub alpha: f64,
}

impl Default for DytOptions {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            alpha: 0.5,
        }
    }
}

impl VariantOptions for DytOptions {
    const VARIANT: Variant = Variant {
        name: "dyt",
        label: "DyT",
        summary: "tanh with a learned slope, without moments",
        reference: "Zhu et al. 2025, Transformers without Normalization, arXiv 2503.10622",
        options: &[
            GAMMA,
            OptionInfo {
                name: "alpha",
                values: Values::Number(Range::Finite),
                help: "value at which the slope starts",
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
            alpha: given.number("alpha", default.alpha)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![shortest(self.gamma), shortest(self.alpha)]
    }

    fn formula(&self, place: Place) -> Formula {
        let formula = Formula::of_values(place.beta, "γ ⊙ tanh(α v)".to_owned());
        Formula {
            parameters: &["γ", "α"],
            ..formula
        }
        .note(format!(
            "α is one number and starts at {}; the same in evaluation",
            shortest(self.alpha)
        ))
        .note(starts(self.gamma))
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let config = DyTConfig {
            gamma: self.gamma,
            beta: place.beta,
            alpha: self.alpha,
        };
        Box::new(DyT::new(scope, place.features, config))
    }
}
