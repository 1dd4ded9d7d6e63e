//! Batch normalization of a recurrent network:
//! `batch(gamma=0.1,eps=1e-5,stats=per-step,momentum=0.99,padding=mask)`.

use kernels::Real;
use nn::norm::{BatchNorm, BatchNormConfig, Normalizer, StepRows};
use nn::params::Scope;

use super::common::{EPS, GAMMA, MOMENTUM, PADDING, Padding, running, starts};
use super::formula::Formula;
use super::variant::{Misplaced, Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Choice, Fault, GivenOptions, OptionInfo, Values};

/// Batch normalization of the units of a batch, v with shape [B, F]:
///
/// BN(v; γ, β) = β + γ ⊙ (v − mean(v)) / √(var(v) + ε),
///
/// where mean and biased variance run over the B examples, of one time step, for each unit. With
/// `stats=sequence-wise` they run over the examples of all steps at once, which only the input term
/// allows, as it is known before the first step: the bare `batch(stats=sequence-wise)` normalizes the
/// input term so, and the other sites step by step, as the attentive reader does that the paper calls
/// BN-e.
///
/// Cooijmans et al. 2016, "Recurrent Batch Normalization" (arXiv 1603.09025), section 3;
/// sequence-wise: Laurent et al. 2015, "Batch Normalized Recurrent Neural Networks"
/// (arXiv 1510.01378).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchOptions {
    /// Value at which every γ starts. The paper's is 0.1: 1 makes the gradient through tanh vanish.
    pub gamma: f64,
    /// ε, added to the variance.
    pub eps: f64,
    /// Which time steps share statistics.
    pub stats: Stats,
    /// Weight of the old value in the running averages:
    /// running ← momentum · running + (1 − momentum) · batch.
    pub momentum: f64,
    /// What steps beyond the end of a sequence do to the moments.
    pub padding: Padding,
}

/// Which time steps share the statistics of a batch normalization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stats {
    /// Each time step has its own; steps beyond the longest training sequence use the last ones.
    #[default]
    PerStep,
    /// Each time step has its own moments in training, but all share one set of population
    /// statistics, which the paper found to harm badly.
    Shared,
    /// All valid steps of all examples have one mean and one variance.
    SequenceWise,
}

impl Choice for Stats {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("per-step", Self::PerStep),
        ("shared", Self::Shared),
        ("sequence-wise", Self::SequenceWise),
    ];
}

impl Default for BatchOptions {
    fn default() -> Self {
        Self {
            gamma: 0.1,
            eps: 1e-5,
            stats: Stats::PerStep,
            momentum: 0.99,
            padding: Padding::Mask,
        }
    }
}

impl BatchOptions {
    /// What the moments run over, in training and in evaluation.
    fn moments(&self) -> &'static str {
        match self.stats {
            Stats::PerStep => {
                "mean and biased variance over the batch, at each time step; in evaluation the population's \
                 of that step, those of the last step known for later ones"
            }
            Stats::Shared => {
                "mean and biased variance over the batch, at each time step; in evaluation the population's, \
                 one for all steps"
            }
            Stats::SequenceWise => {
                "mean and biased variance over the batch and all time steps at once; in evaluation the \
                 population's"
            }
        }
    }
}

impl VariantOptions for BatchOptions {
    const VARIANT: Variant = Variant {
        name: "batch",
        label: "BN",
        summary: "mean and variance over the batch, at each time step",
        reference: "Cooijmans et al. 2016, Recurrent Batch Normalization, arXiv 1603.09025",
        options: &[
            GAMMA,
            EPS,
            OptionInfo {
                name: "stats",
                values: Values::Choice(&["per-step", "shared", "sequence-wise"]),
                help: "which time steps share statistics",
            },
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
            stats: given.choice("stats", default.stats)?,
            momentum: given.number("momentum", default.momentum)?,
            padding: given.choice("padding", default.padding)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![
            shortest(self.gamma),
            shortest(self.eps),
            self.stats.word().to_owned(),
            shortest(self.momentum),
            self.padding.word().to_owned(),
        ]
    }

    fn spread(self, site: Site) -> Self {
        match self.misplaced(site) {
            Some(_) => Self {
                stats: Stats::PerStep,
                ..self
            },
            None => self,
        }
    }

    fn misplaced(&self, site: Site) -> Option<Misplaced> {
        (self.stats == Stats::SequenceWise && site != Site::X).then_some(Misplaced {
            option: "stats",
            value: Stats::SequenceWise.word(),
            reason: "it needs all steps beforehand, which only `x` has; give per-step or shared",
        })
    }

    fn formula(&self, place: Place) -> Formula {
        let eps = shortest(self.eps);
        let body = format!("γ ⊙ (v − mean(v)) / √(var(v) + {eps})");
        Formula::of_values(place.beta, body)
            .note(self.moments())
            .note(running(self.momentum))
            .note(self.padding.note())
            .note(starts(self.gamma))
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let config = BatchNormConfig {
            gamma: self.gamma,
            beta: place.beta,
            epsilon: self.eps,
            momentum: self.momentum,
            steps: match self.stats {
                Stats::PerStep => StepRows::PerStep(place.steps),
                Stats::Shared => StepRows::Shared,
                Stats::SequenceWise => StepRows::SequenceWise,
            },
            padding: self.padding.into(),
            renorm: None,
        };
        Box::new(BatchNorm::new(scope, place.features, config))
    }
}
