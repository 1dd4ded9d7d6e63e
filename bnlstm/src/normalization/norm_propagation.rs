//! Normalization propagation:
//! `norm-propagation(gamma=2,cell=1)`.

use kernels::Real;
use nn::norm::Normalizer;
use nn::params::Scope;

use super::variant::{NotAvailable, Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Fault, GivenOptions, OptionInfo, Range, Values};

/// Weight normalization of the products, and constant factors at the states, for which no moments are
/// measured:
///
/// at h and x: w_j = γ_j v_j / ‖v_j‖; at c: γ_c c_t / √Var(c); at out: h_t / √Var(h),
///
/// with the variances that standard normal inputs have at the start, computed from `gamma` and `cell`
/// once and for all. γ_c is learned.
///
/// Laurent, Ballas & Vincent 2017, "Recurrent Normalization Propagation", eq. 8-15.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormPropagationOptions {
    /// Value at which the length γ of every weight vector starts.
    pub gamma: f64,
    /// Value at which γ_c starts.
    pub cell: f64,
}

impl Default for NormPropagationOptions {
    fn default() -> Self {
        Self {
            gamma: 2.0,
            cell: 1.0,
        }
    }
}

impl VariantOptions for NormPropagationOptions {
    const VARIANT: Variant = Variant {
        name: "norm-propagation",
        label: "NP",
        summary: "weight normalization, and states divided by their standard deviation at the start",
        reference: "Laurent, Ballas & Vincent 2017, Recurrent Normalization Propagation",
        options: &[
            OptionInfo {
                name: "gamma",
                values: Values::Number(Range::Positive),
                help: "value at which the length of every weight vector starts",
            },
            OptionInfo {
                name: "cell",
                values: Values::Number(Range::Finite),
                help: "value at which the scale of the cell starts",
            },
        ],
        gamma_in_label: false,
        sites: &[Site::H, Site::X, Site::C, Site::Out],
        default_sites: &[Site::H, Site::X, Site::C, Site::Out],
    };

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            gamma: given.number("gamma", default.gamma)?,
            cell: given.number("cell", default.cell)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![shortest(self.gamma), shortest(self.cell)]
    }

    fn build<T: Real>(
        &self,
        _scope: &mut Scope<'_, T>,
        _place: Place,
    ) -> Result<Box<dyn Normalizer<T>>, NotAvailable> {
        Err(NotAvailable::new(format!("`{}`", Self::VARIANT.name)))
    }
}
