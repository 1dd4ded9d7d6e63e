//! Weight normalization:
//! `weight(gamma=1)`.

use kernels::Real;
use nn::norm::{LEAST_COLUMN_NORM, Normalizer, WeightNorm, WeightNormConfig};
use nn::params::Scope;

use super::common::{GAMMA, starts};
use super::formula::Formula;
use super::variant::{Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Fault, GivenOptions};

/// Weight normalization of a product x W, for each unit j, a column of W [D, F]:
///
/// w_j = γ_j v_j / ‖v_j‖,
///
/// with the direction v_j and the length γ_j learned instead of w_j. It is computed once a pass, not at
/// every step.
///
/// Salimans & Kingma 2016, "Weight Normalization" (arXiv 1602.07868).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightOptions {
    /// Value at which the length γ of every weight vector starts.
    pub gamma: f64,
}

impl Default for WeightOptions {
    fn default() -> Self {
        Self { gamma: 1.0 }
    }
}

impl VariantOptions for WeightOptions {
    const VARIANT: Variant = Variant {
        name: "weight",
        label: "WN",
        summary: "each weight vector has a learned length",
        reference: "Salimans & Kingma 2016, Weight Normalization, arXiv 1602.07868",
        options: &[GAMMA],
        gamma_in_label: false,
        sites: &Site::PRODUCTS,
        default_sites: &Site::PRODUCTS,
        except: &[],
    };

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            gamma: given.number("gamma", default.gamma)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![shortest(self.gamma)]
    }

    fn formula(&self, _: Place) -> Formula {
        let body = format!("γ_j w_j / max(‖w_j‖, {})", shortest(LEAST_COLUMN_NORM));
        Formula::of_weight(body)
            .note("for each column w_j of W, once a pass; the same in evaluation")
            .note(starts(self.gamma))
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let config = WeightNormConfig { gamma: self.gamma };
        Box::new(WeightNorm::new(scope, place.features, config))
    }
}
