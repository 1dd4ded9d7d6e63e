//! Assorted-time normalization:
//! `assorted-time(gamma=1,eps=1e-5,window=20,groups=whole)`.

use kernels::Real;
use nn::norm::{AssortedTimeNorm, AssortedTimeNormConfig, Normalizer};
use nn::params::Scope;

use super::common::{EPS, GAMMA, GROUPS, Groups, starts};
use super::formula::Formula;
use super::variant::{Misplaced, Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Choice, Fault, GivenOptions, OptionInfo, Values};

/// Layer normalization with a memory, v_t with shape [B, F]:
///
/// y_t = β + γ ⊙ (v_t − mean) / √(var + ε),
///
/// where mean and biased variance of each row run over its units and its last `window` steps
/// v_{t−window+1} … v_t, or as many as there were. With `groups=gate` they run over the units of each
/// gate. A window of 1 is layer normalization; the default of 20 is
/// that of the authors' script for characters of the Penn Treebank.
///
/// Pospisil, Zadorozhnyy & Ye 2022, "Breaking Time Invariance: Assorted-Time Normalization for RNNs"
/// (arXiv 2209.14439).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AssortedTimeOptions {
    /// Value at which every γ starts.
    pub gamma: f64,
    /// ε, added to the variance.
    pub eps: f64,
    /// Number of steps, the present one among them.
    pub window: u32,
    /// Which units are normalized together.
    pub groups: Groups,
}

impl Default for AssortedTimeOptions {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            eps: 1e-5,
            window: 20,
            groups: Groups::Whole,
        }
    }
}

impl VariantOptions for AssortedTimeOptions {
    const VARIANT: Variant = Variant {
        name: "assorted-time",
        label: "ATN",
        summary: "mean and variance over the units and the last steps of each example",
        reference: "Pospisil, Zadorozhnyy & Ye 2022, Assorted-Time Normalization, arXiv 2209.14439",
        options: &[
            GAMMA,
            EPS,
            OptionInfo {
                name: "window",
                values: Values::Count(1),
                help: "number of steps whose values share moments",
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
            window: given.count("window", default.window)?,
            groups: given.choice("groups", default.groups)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![
            shortest(self.gamma),
            shortest(self.eps),
            self.window.to_string(),
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
        let body = format!("γ ⊙ (v − mean) / √(var + {eps})");
        Formula::of_values(place.beta, body)
            .note(format!(
                "mean and biased variance over {} at the last {} time steps, this one among them; the same in evaluation",
                self.groups.note(),
                self.window
            ))
            .note(starts(self.gamma))
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let config = AssortedTimeNormConfig {
            gamma: self.gamma,
            beta: place.beta,
            epsilon: self.eps,
            window: self.window as usize,
            groups: self.groups.count(place),
        };
        Box::new(AssortedTimeNorm::new(scope, place.features, config))
    }
}
