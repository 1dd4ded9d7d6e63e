//! Cosine normalization:
//! `cosine(gamma=1,eps=1e-3)`.

use kernels::Real;
use nn::norm::{CosineNorm, CosineNormConfig, LEAST_COLUMN_NORM, Normalizer};
use nn::params::Scope;

use super::common::{GAMMA, starts};
use super::formula::{Form, Formula};
use super::variant::{Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Fault, GivenOptions, OptionInfo, Range, Values};

/// Cosine normalization of a product x W, for each unit j, a column w_j of W [D, F]:
///
/// y_j = γ_j (w_j · x) / (‖w_j‖ max(‖x‖, ε)).
///
/// The cosine is between −1 and 1, so that gates could never saturate; the learned scale γ, which the
/// paper does not have, lets them.
///
/// Luo et al. 2017, "Cosine Normalization" (arXiv 1702.05870).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineOptions {
    /// Value at which every γ starts.
    pub gamma: f64,
    /// ε: shorter vectors are divided by it instead of their norm.
    pub eps: f64,
}

impl Default for CosineOptions {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            eps: 1e-3,
        }
    }
}

impl VariantOptions for CosineOptions {
    const VARIANT: Variant = Variant {
        name: "cosine",
        label: "CN",
        summary: "cosine of the angle between weights and input",
        reference: "Luo et al. 2017, Cosine Normalization, arXiv 1702.05870",
        options: &[
            GAMMA,
            OptionInfo {
                name: "eps",
                values: Values::Number(Range::Positive),
                help: "shorter vectors are divided by it instead of their norm",
            },
        ],
        gamma_in_label: false,
        sites: &Site::PRODUCTS,
        default_sites: &Site::PRODUCTS,
        except: &[],
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

    fn formula(&self, _: Place) -> Formula {
        Formula {
            form: Form::Factors,
            parameters: &["γ"],
            beta: false,
            body: format!("v / max(‖v‖, {})", shortest(self.eps)),
            notes: Vec::new(),
        }
        .note(format!(
            "a weight by columns, w_j / max(‖w_j‖, {}), once a pass; the same in evaluation",
            shortest(LEAST_COLUMN_NORM)
        ))
        .note(starts(self.gamma))
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let config = CosineNormConfig {
            gamma: self.gamma,
            epsilon: self.eps,
        };
        Box::new(CosineNorm::new(scope, place.features, config))
    }
}
