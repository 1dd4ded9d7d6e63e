//! Batch renormalization:
//! `batch-renorm(gamma=0.1,eps=1e-5,rmax=3,dmax=5,start=1000,ramp=5000,stats=per-step,momentum=0.99,padding=mask)`.

use kernels::Real;
use nn::norm::{BatchNorm, BatchNormConfig, Normalizer, RenormConfig};
use nn::params::Scope;

use super::common::{EPS, GAMMA, MOMENTUM, PADDING, Padding, STEP_STATS, StepStats, running, starts};
use super::formula::Formula;
use super::variant::{Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Choice, Fault, GivenOptions, OptionInfo, Range, Values};

/// Batch normalization whose training follows its running averages μ, σ, v with shape [B, F]:
///
/// y = β + γ ⊙ ((v − mean(v)) / s · r + d), with s = √(var(v) + ε),
/// r = clip(s / σ, 1 / r_max, r_max), d = clip((mean(v) − μ) / σ, −d_max, d_max),
///
/// where r and d are constants to the gradient. r_max = 1 and d_max = 0, which is batch normalization,
/// for the first `start` updates; both then grow linearly to their values over `ramp` updates.
///
/// Ioffe 2017, "Batch Renormalization" (arXiv 1702.03275), algorithm 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchRenormOptions {
    /// Value at which every γ starts.
    pub gamma: f64,
    /// ε, added to the variance.
    pub eps: f64,
    /// Largest r, and 1 over the smallest.
    pub rmax: f64,
    /// Largest |d|.
    pub dmax: f64,
    /// Updates before any correction.
    pub start: u32,
    /// Updates over which the limits grow to their values.
    pub ramp: u32,
    /// Which time steps share running averages.
    pub stats: StepStats,
    /// Weight of the old value in the running averages:
    /// running ← momentum · running + (1 − momentum) · batch.
    pub momentum: f64,
    /// What steps beyond the end of a sequence do to the moments.
    pub padding: Padding,
}

impl Default for BatchRenormOptions {
    fn default() -> Self {
        Self {
            gamma: 0.1,
            eps: 1e-5,
            rmax: 3.0,
            dmax: 5.0,
            start: 1000,
            ramp: 5000,
            stats: StepStats::PerStep,
            momentum: 0.99,
            padding: Padding::Mask,
        }
    }
}

impl VariantOptions for BatchRenormOptions {
    const VARIANT: Variant = Variant {
        name: "batch-renorm",
        label: "BRN",
        summary: "batch normalization, corrected towards its running averages",
        reference: "Ioffe 2017, Batch Renormalization, arXiv 1702.03275",
        options: &[
            GAMMA,
            EPS,
            OptionInfo {
                name: "rmax",
                values: Values::Number(Range::AtLeastOne),
                help: "largest correction of the standard deviation",
            },
            OptionInfo {
                name: "dmax",
                values: Values::Number(Range::NotNegative),
                help: "largest correction of the mean, in standard deviations",
            },
            OptionInfo {
                name: "start",
                values: Values::Count(0),
                help: "updates before any correction",
            },
            OptionInfo {
                name: "ramp",
                values: Values::Count(0),
                help: "updates over which the limits of the corrections grow",
            },
            STEP_STATS,
            MOMENTUM,
            PADDING,
        ],
        gamma_in_label: true,
        sites: &Site::ALL,
        default_sites: &[Site::H, Site::X, Site::C],
        except: &[],
    };

    const OVER_BATCH: bool = true;

    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault> {
        let default = Self::default();
        Ok(Self {
            gamma: given.number("gamma", default.gamma)?,
            eps: given.number("eps", default.eps)?,
            rmax: given.number("rmax", default.rmax)?,
            dmax: given.number("dmax", default.dmax)?,
            start: given.count("start", default.start)?,
            ramp: given.count("ramp", default.ramp)?,
            stats: given.choice("stats", default.stats)?,
            momentum: given.number("momentum", default.momentum)?,
            padding: given.choice("padding", default.padding)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![
            shortest(self.gamma),
            shortest(self.eps),
            shortest(self.rmax),
            shortest(self.dmax),
            self.start.to_string(),
            self.ramp.to_string(),
            self.stats.word().to_owned(),
            shortest(self.momentum),
            self.padding.word().to_owned(),
        ]
    }

    fn formula(&self, place: Place) -> Formula {
        let [eps, r_max, d_max] = [self.eps, self.rmax, self.dmax].map(shortest);
        let body = format!("γ ⊙ (r (v − mean(v)) / √(var(v) + {eps}) + d)");
        Formula::of_values(place.beta, body)
            .note(format!(
                "mean and biased variance over the batch, at each time step; in evaluation r = 1, d = 0 and \
                 the population's moments, {}",
                match self.stats {
                    StepStats::PerStep => "of each step",
                    StepStats::Shared => "one for all steps",
                }
            ))
            .note(format!(
                "r = clip(√(var(v) + {eps}) / s, 1 / r_max, r_max), d = clip((mean(v) − μ) / s, −d_max, d_max), \
                 with s = √(σ² + {eps}) and the running averages μ, σ²; no gradient goes through r and d"
            ))
            .note(format!(
                "r_max = 1 and d_max = 0 for {} updates, then linearly to {r_max} and {d_max} over {} updates",
                self.start, self.ramp
            ))
            .note(running(self.momentum))
            .note(self.padding.note())
            .note(starts(self.gamma))
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let renorm = RenormConfig {
            r_max: self.rmax,
            d_max: self.dmax,
            start: self.start as usize,
            ramp: self.ramp as usize,
        };
        let config = BatchNormConfig {
            gamma: self.gamma,
            beta: place.beta,
            epsilon: self.eps,
            momentum: self.momentum,
            steps: self.stats.rows(place),
            padding: self.padding.into(),
            renorm: Some(renorm),
        };
        Box::new(BatchNorm::new(scope, place.features, config))
    }
}
