//! Online normalization:
//! `online(gamma=1,eps=1e-5,forward=0.999,backward=0.99,control=on,padding=mask)`.

use kernels::Real;
use nn::norm::{Normalizer, OnlineNorm, OnlineNormConfig, StepRows};
use nn::params::Scope;

use super::common::{EPS, GAMMA, PADDING, Padding, starts};
use super::formula::Formula;
use super::variant::{Place, Variant, VariantOptions};
use crate::cell::Site;
use crate::number::shortest;
use crate::text::{Choice, Fault, GivenOptions, OptionInfo, Range, Values};

/// Normalization of each unit by averages over what it has seen before, v with shape [B, F]:
///
/// y = β + γ ⊙ (v − μ) / √(σ² + ε),
/// σ² ← α σ² + α (1 − α) (v − μ)², μ ← α μ + (1 − α) v,
///
/// with the decay α = `forward` for each example; n examples come in at once, with α^n. The averages are no part of the gradient; instead the gradient is kept
/// orthogonal to y and free of bias over time, with averages of decay `backward`.
///
/// Each time step has averages of its own: one set for all of them, each step handing its control to
/// the one before, diverged in trials.
///
/// Chiley et al. 2019, "Online Normalization for Training Neural Networks" (arXiv 1905.05894).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OnlineOptions {
    /// Value at which every γ starts.
    pub gamma: f64,
    /// ε, added to the variance.
    pub eps: f64,
    /// Decay of the averages of values.
    pub forward: f64,
    /// Decay of the averages of gradients.
    pub backward: f64,
    /// Whether the gradient is controlled by them.
    pub control: Control,
    /// What steps beyond the end of a sequence do to the averages.
    pub padding: Padding,
}

/// Whether online normalization controls its gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Control {
    /// It does, as the paper has it.
    #[default]
    On,
    /// The gradient is that of the forward pass, to which the averages are constants.
    Off,
}

impl Choice for Control {
    const CHOICES: &'static [(&'static str, Self)] = &[("on", Self::On), ("off", Self::Off)];
}

impl Default for OnlineOptions {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            eps: 1e-5,
            forward: 0.999,
            backward: 0.99,
            control: Control::On,
            padding: Padding::Mask,
        }
    }
}

impl VariantOptions for OnlineOptions {
    const VARIANT: Variant = Variant {
        name: "online",
        label: "ON",
        summary: "mean and variance of each unit over what came before",
        reference: "Chiley et al. 2019, Online Normalization, arXiv 1905.05894",
        options: &[
            GAMMA,
            EPS,
            OptionInfo {
                name: "forward",
                values: Values::Number(Range::BelowOne),
                help: "decay of the averages of values",
            },
            OptionInfo {
                name: "backward",
                values: Values::Number(Range::BelowOne),
                help: "decay of the averages of gradients",
            },
            OptionInfo {
                name: "control",
                values: Values::Choice(&["on", "off"]),
                help: "whether averages of gradients control the gradient",
            },
            PADDING,
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
            forward: given.number("forward", default.forward)?,
            backward: given.number("backward", default.backward)?,
            control: given.choice("control", default.control)?,
            padding: given.choice("padding", default.padding)?,
        })
    }

    fn values(&self) -> Vec<String> {
        vec![
            shortest(self.gamma),
            shortest(self.eps),
            shortest(self.forward),
            shortest(self.backward),
            self.control.word().to_owned(),
            self.padding.word().to_owned(),
        ]
    }

    fn formula(&self, place: Place) -> Formula {
        let [eps, forward] = [self.eps, self.forward].map(shortest);
        let body = format!("γ ⊙ (v − μ) / √(σ² + {eps})");
        let control = match self.control {
            Control::On => format!(
                "the gradient is kept orthogonal to the normalized values and free of bias by averages of \
                 decay {}",
                shortest(self.backward)
            ),
            Control::Off => "μ and σ² are constants to the gradient".to_owned(),
        };
        Formula::of_values(place.beta, body)
            .note(
                "μ and σ², of each unit at each time step, start at 0 and 1 and follow training; evaluation \
                 uses them as they are",
            )
            .note(format!(
                "after n examples with mean m and biased variance s, with a = {forward}ⁿ: \
                 σ² ← a σ² + (1 − a) s + a (1 − a) (m − μ)², μ ← a μ + (1 − a) m"
            ))
            .note(control)
            .note(self.padding.note())
            .note(starts(self.gamma))
    }

    #[track_caller]
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>> {
        let config = OnlineNormConfig {
            gamma: self.gamma,
            beta: place.beta,
            epsilon: self.eps,
            forward: self.forward,
            backward: match self.control {
                Control::On => Some(self.backward),
                Control::Off => None,
            },
            steps: StepRows::PerStep(place.steps),
            padding: self.padding.into(),
        };
        Box::new(OnlineNorm::new(scope, place.features, config))
    }
}
