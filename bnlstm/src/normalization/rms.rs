//! Root mean square normalization:
//! `rms(gamma=1,eps=1e-5,groups=whole)`.

use kernels::Real;
use nn::norm::{LayerNorm, LayerNormConfig, Normalizer};
use nn::params::Scope;

use super::common::{GAMMA, GROUPS, Groups, starts};
use super::formula::Formula;
use super::variant::{Misplaced, Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Choice, Fault, GivenOptions, OptionInfo, Range, Values};

/// Layer normalization without a mean, v with shape [B, F]:
///
/// y = γ ⊙ v / √(mean(v²) + ε),
///
/// where the mean runs over the units of each row, with `groups=gate` over those of each gate. Unlike
/// layer normalization it keeps what all units have in common.
///
/// Zhang & Sennrich 2019, "Root Mean Square Layer Normalization" (arXiv 1910.07467).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsOptions {
    /// Value at which every γ starts.
    pub gamma: f64,
    /// ε, added to the mean square.
    pub eps: f64,
    /// Which units are normalized together.
    pub groups: Groups,
}

impl Default for RmsOptions {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            eps: 1e-5,
            groups: Groups::Whole,
        }
    }
}

impl VariantOptions for RmsOptions {
    const VARIANT: Variant = Variant {
        name: "rms",
        label: "RMS",
        summary: "root mean square over the units of each example",
        reference: "Zhang & Sennrich 2019, Root Mean Square Layer Normalization, arXiv 1910.07467",
        options: &[
            GAMMA,
            OptionInfo {
                name: "eps",
                values: Values::Number(Range::NotNegative),
                help: "added to the mean square",
            },
            GROUPS,
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

    fn formula(&self, _: Place) -> Formula {
        let eps = shortest(self.eps);
        let body = format!("γ ⊙ v / √(mean(v²) + {eps})");
        Formula::of_values(false, body)
            .note(format!(
                "mean over {}; the same in evaluation",
                self.groups.note()
            ))
            .note(starts(self.gamma))
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let config = LayerNormConfig {
            gamma: self.gamma,
            epsilon: self.eps,
            groups: self.groups.count(place),
            ..LayerNormConfig::rms()
        };
        Box::new(LayerNorm::new(scope, place.features, config))
    }
}
