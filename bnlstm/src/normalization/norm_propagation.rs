//! Normalization propagation:
//! `norm-propagation(gamma=2,cell=1)`.

use kernels::Real;
use nn::norm::{NormPropagation, Normalizer, PropagationVariances};
use nn::params::Scope;

use super::variant::{Exception, Place, Variant, VariantOptions};
use crate::cell::{Cell, Site};
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
                values: Values::Number(Range::Positive),
                help: "value at which the scale of the cell starts",
            },
        ],
        gamma_in_label: false,
        sites: &[Site::H, Site::X, Site::C, Site::Out],
        default_sites: &[Site::H, Site::X, Site::C, Site::Out],
        except: &[Exception {
            cell: Cell::Gru,
            site: Site::Out,
            reason: "a GRU carries the sum of both states, so a constant factor would grow with every step",
        }],
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

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let gamma = self.gamma;
        let variances = match place.cell {
            Cell::Lstm => PropagationVariances::lstm(gamma, gamma, self.cell, place.forget_bias),
            Cell::Rnn => PropagationVariances::rnn(gamma, gamma),
            Cell::Gru => PropagationVariances::gru(gamma, gamma),
        };
        Box::new(match place.site {
            Site::C => {
                let variance = variances.cell.expect("a cell with this site carries one");
                NormPropagation::cell(scope, place.features, self.cell, variance)
            }
            Site::Out => NormPropagation::state(variances.hidden),
            // A GRU's state keeps its own variance, since nothing divides it.
            Site::H if place.cell == Cell::Gru => {
                NormPropagation::term(scope, place.features, gamma, variances.hidden)
            }
            _ => NormPropagation::term(scope, place.features, gamma, 1.0),
        })
    }
}
