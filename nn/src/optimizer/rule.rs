//! Settings of the optimizers.

use serde::{Deserialize, Serialize};

/// Where RMSProp's `ε` sits; see [`kernels::Denominator`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Denominator {
    /// `√s + ε`, as PyTorch does.
    #[default]
    RootPlusEpsilon,
    /// `max(√s, ε)`, as the paper's code does through Blocks.
    MaxOfRootAndEpsilon,
}

impl From<Denominator> for kernels::Denominator {
    fn from(denominator: Denominator) -> Self {
        match denominator {
            Denominator::RootPlusEpsilon => Self::RootPlusEpsilon,
            Denominator::MaxOfRootAndEpsilon => Self::MaxOfRootAndEpsilon,
        }
    }
}

/// An update rule with its numbers: parameter `p`, gradient `g`, update number `k` from 1.
///
/// In a configuration, `name` is the rule: `name = "rmsprop"`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase", deny_unknown_fields)]
pub enum OptimizerConfig {
    /// `v ← μ v + g`; `p ← p − learning_rate · v`
    Sgd {
        /// Step size.
        learning_rate: f64,
        /// `μ`
        #[serde(default)]
        momentum: f64,
    },
    /// Tieleman and Hinton 2012: `s ← decay · s + (1 − decay) · g²`; `v ← μ v + g / d`;
    /// `p ← p − learning_rate · v`, with `d = √s + ε` or `max(√s, ε)`. Centred, with
    /// `a ← decay · a + (1 − decay) · g`, `d` takes `max(s − a², 0)` in place of `s`.
    RmsProp {
        /// Step size.
        learning_rate: f64,
        /// Weight of the old mean square.
        #[serde(default = "default_decay")]
        decay: f64,
        /// `ε`
        #[serde(default = "default_epsilon")]
        epsilon: f64,
        /// `μ`
        #[serde(default)]
        momentum: f64,
        /// Subtract the squared mean gradient.
        #[serde(default)]
        centred: bool,
        /// Where `ε` sits.
        #[serde(default)]
        denominator: Denominator,
    },
    /// Kingma and Ba 2015: `m ← β₁ m + (1 − β₁) g`; `v ← β₂ v + (1 − β₂) g²`;
    /// `p ← p − learning_rate · (m / (1 − β₁ᵏ)) / (√(v / (1 − β₂ᵏ)) + ε)`
    Adam {
        /// Step size.
        learning_rate: f64,
        /// `β₁`
        #[serde(default = "default_beta1")]
        beta1: f64,
        /// `β₂`
        #[serde(default = "default_beta2")]
        beta2: f64,
        /// `ε`
        #[serde(default = "default_epsilon")]
        epsilon: f64,
    },
    /// Loshchilov and Hutter 2019: `p ← p − learning_rate · weight_decay · p`, then as Adam.
    AdamW {
        /// Step size.
        learning_rate: f64,
        /// `β₁`
        #[serde(default = "default_beta1")]
        beta1: f64,
        /// `β₂`
        #[serde(default = "default_beta2")]
        beta2: f64,
        /// `ε`
        #[serde(default = "default_epsilon")]
        epsilon: f64,
        /// Share of a parameter that is taken off, times the step size.
        #[serde(default = "default_weight_decay")]
        weight_decay: f64,
    },
}

fn default_decay() -> f64 {
    0.9
}

fn default_epsilon() -> f64 {
    1e-8
}

fn default_beta1() -> f64 {
    0.9
}

fn default_beta2() -> f64 {
    0.999
}

fn default_weight_decay() -> f64 {
    0.01
}

impl OptimizerConfig {
    /// Names of the state tensors that each parameter needs.
    pub fn slots(&self) -> &'static [&'static str] {
        match *self {
            Self::Sgd { momentum: 0.0, .. } => &[],
            Self::Sgd { .. } => &["velocity"],
            Self::RmsProp {
                momentum, centred, ..
            } => match (momentum != 0.0, centred) {
                (false, false) => &["mean_square"],
                (true, false) => &["mean_square", "velocity"],
                (false, true) => &["mean_square", "mean_gradient"],
                (true, true) => &["mean_square", "velocity", "mean_gradient"],
            },
            Self::Adam { .. } | Self::AdamW { .. } => &["mean", "mean_square"],
        }
    }

    /// Step size.
    pub fn learning_rate(&self) -> f64 {
        match *self {
            Self::Sgd { learning_rate, .. }
            | Self::RmsProp { learning_rate, .. }
            | Self::Adam { learning_rate, .. }
            | Self::AdamW { learning_rate, .. } => learning_rate,
        }
    }

    /// The same with another step size: `factor` times as large.
    pub(super) fn scaled(mut self, factor: f64) -> Self {
        match &mut self {
            Self::Sgd { learning_rate, .. }
            | Self::RmsProp { learning_rate, .. }
            | Self::Adam { learning_rate, .. }
            | Self::AdamW { learning_rate, .. } => *learning_rate *= factor,
        }
        self
    }
}
