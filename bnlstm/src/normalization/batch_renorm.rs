//! Batch renormalization:
//! `batch-renorm(gamma=0.1,eps=1e-5,rmax=3,dmax=5,start=1000,ramp=5000,stats=per-step,momentum=0.99,padding=mask)`.

use kernels::Real;
use nn::norm::Normalizer;
use nn::params::Scope;

use super::common::{EPS, GAMMA, MOMENTUM, PADDING, Padding};
use super::variant::{NotAvailable, Place, Variant, VariantOptions};
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
    pub stats: RenormStats,
    /// Weight of the old value in the running averages:
    /// running ← momentum · running + (1 − momentum) · batch.
    pub momentum: f64,
    /// What steps beyond the end of a sequence do to the moments.
    pub padding: Padding,
}

/// Which time steps share the running averages of a batch renormalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RenormStats {
    /// Each time step has its own; steps beyond the longest training sequence use the last ones.
    #[default]
    PerStep,
    /// All time steps share one set.
    Shared,
}

impl Choice for RenormStats {
    const CHOICES: &'static [(&'static str, Self)] = &[("per-step", Self::PerStep), ("shared", Self::Shared)];
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
            stats: RenormStats::PerStep,
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
            OptionInfo {
                name: "stats",
                values: Values::Choice(&["per-step", "shared"]),
                help: "which time steps share running averages",
            },
            MOMENTUM,
            PADDING,
        ],
        gamma_in_label: true,
        sites: &Site::ALL,
        default_sites: &[Site::H, Site::X, Site::C],
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

    fn build<T: Real>(
        &self,
        _scope: &mut Scope<'_, T>,
        _place: Place,
    ) -> Result<Box<dyn Normalizer<T>>, NotAvailable> {
        Err(NotAvailable::new(format!("`{}`", Self::VARIANT.name)))
    }
}
