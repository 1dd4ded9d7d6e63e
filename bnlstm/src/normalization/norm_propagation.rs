//! Normalization propagation:
//! `norm-propagation(gamma=2,cell=1)`.

use kernels::Real;
use nn::norm::{LEAST_COLUMN_NORM, NormPropagation, Normalizer, PropagationVariances};
use nn::params::Scope;

use super::common::starts;
use super::formula::Formula;
use super::variant::{Exception, Place, Variant, VariantOptions};
use crate::cell::{Cell, Site};
use crate::number::{shortest, six_digits};
use crate::text::{Fault, GivenOptions, OptionInfo, Range, Values};

/// Weight normalization of the products, and constant factors at the states, for which no moments are
/// measured:
///
/// at h and x: w_j = γ_j v_j / ‖v_j‖; at c: γ_c c_t / √Var(c); at out: h_t / √Var(h),
///
/// with the variances that standard normal inputs have at the start, computed from `gamma` and `cell`
/// once and for all. γ_c is learned. They are those of a cell that has it at all of its sites with the
/// same options: each site knows its own alone.
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

impl NormPropagationOptions {
    /// The variances of the states at the start.
    #[track_caller]
    fn variances(&self, place: Place) -> PropagationVariances {
        let gamma = self.gamma;
        match place.cell {
            Cell::Lstm => PropagationVariances::lstm(gamma, gamma, self.cell, place.forget_bias),
            Cell::Rnn => PropagationVariances::rnn(gamma, gamma),
            Cell::Gru => PropagationVariances::gru(gamma, gamma),
        }
    }

    /// Of a weight whose operand has a variance.
    fn term_formula(&self, variance: f64, constant: impl Fn(f64) -> String) -> Formula {
        let body = format!("γ_j w_j / max(‖w_j‖, {})", shortest(LEAST_COLUMN_NORM));
        let formula = match variance == 1.0 {
            true => Formula::of_weight(body),
            false => {
                let deviation = constant(variance);
                let note = format!("{deviation} = √Var(h) at the start");
                Formula::of_weight(format!("{body} / {deviation}")).note(note)
            }
        };
        formula
            .note("for each column w_j of W, once a pass")
            .note(starts(self.gamma))
    }
}

fn cell_variance(variances: &PropagationVariances) -> f64 {
    variances.cell.expect("a cell with the site `c` carries one")
}

/// Of what a term multiplies by its weight: a GRU's state keeps its own, since nothing divides it.
fn operand_variance(place: Place, variances: &PropagationVariances) -> f64 {
    match (place.cell, place.site) {
        (Cell::Gru, Site::H) => variances.hidden,
        _ => 1.0,
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

    fn formula(&self, place: Place) -> Formula {
        let variances = self.variances(place);
        let constant = |variance: f64| six_digits(variance.sqrt());
        let formula = match place.site {
            Site::C => {
                let deviation = constant(cell_variance(&variances));
                Formula::of_values(false, format!("γ ⊙ v / {deviation}"))
                    .note(format!("{deviation} = √Var(c) at the start"))
                    .note(starts(self.cell))
            }
            Site::Out => {
                let deviation = constant(variances.hidden);
                let formula = Formula::of_values(false, format!("v / {deviation}"));
                Formula {
                    parameters: &[],
                    ..formula
                }
                .note(format!("{deviation} = √Var(h) at the start"))
            }
            _ => self.term_formula(operand_variance(place, &variances), constant),
        };
        formula.note("the same in evaluation")
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let variances = self.variances(place);
        Box::new(match place.site {
            Site::C => NormPropagation::cell(scope, place.features, self.cell, cell_variance(&variances)),
            Site::Out => NormPropagation::state(variances.hidden),
            _ => NormPropagation::term(
                scope,
                place.features,
                self.gamma,
                operand_variance(place, &variances),
            ),
        })
    }
}
