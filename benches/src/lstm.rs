//! The LSTM whose training steps and whose sequences are measured.

use std::fmt;

use clap::ValueEnum;
use kernels::Real;
use nn::cell::{GATE_G, Lstm, LstmConfig, Sites};
use nn::init::Gates;
use nn::norm::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Normalizer, StepRows};
use nn::params::Scope;

/// Normalization at all three sites of the LSTM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Norm {
    /// None at any site.
    None,
    /// Batch normalization with statistics for each time step and γ = 0.1.
    Batch,
    /// Layer normalization with γ = 1.
    Layer,
}

impl Norm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Batch, Self::Layer];
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Batch => "batch",
            Self::Layer => "layer",
        })
    }
}

/// An LSTM, initialized as in the released code of Cooijmans et al. 2016: the block of `W_h` for
/// `g` the identity, the others orthogonal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LstmSpec {
    /// `T`, time steps of its sequences.
    pub steps: usize,
    /// `D`, elements of an input.
    pub input_size: usize,
    /// `H`, number of units.
    pub hidden_size: usize,
    /// Normalization at all sites.
    pub norm: Norm,
    /// Where the bias of the forget gate starts.
    pub forget_bias: f64,
}

impl LstmSpec {
    /// With forget bias 1.
    pub fn new(steps: usize, input_size: usize, hidden_size: usize, norm: Norm) -> Self {
        Self {
            steps,
            input_size,
            hidden_size,
            norm,
            forget_bias: 1.0,
        }
    }

    /// Makes it in `scope`.
    #[track_caller]
    pub fn build<T: Real>(&self, scope: &mut Scope<'_, T>) -> Lstm<T> {
        let gates = 4 * self.hidden_size;
        let sites = Sites {
            h: self.site(scope, "h", gates),
            x: self.site(scope, "x", gates),
            c: self.site(scope, "c", self.hidden_size),
            ..Sites::default()
        };
        let config = LstmConfig {
            recurrent_weight: Gates::orthogonal_but_identity(4, GATE_G),
            forget_bias: self.forget_bias,
            ..LstmConfig::new(self.input_size, self.hidden_size)
        };
        Lstm::new(scope, &config, sites)
    }

    /// The normalizer of `features` elements at the site `name`.
    fn site<T: Real>(
        &self,
        scope: &mut Scope<'_, T>,
        name: &str,
        features: usize,
    ) -> Option<Box<dyn Normalizer<T>>> {
        let mut scope = scope.within(name);
        // The bias of the gates serves both of their terms.
        let beta = name == "c";
        match self.norm {
            Norm::None => None,
            Norm::Batch => {
                let config = BatchNormConfig {
                    gamma: 0.1,
                    beta,
                    steps: StepRows::PerStep(self.steps),
                    ..BatchNormConfig::default()
                };
                Some(Box::new(BatchNorm::new(&mut scope, features, config)))
            }
            Norm::Layer => {
                let config = LayerNormConfig {
                    beta,
                    ..LayerNormConfig::default()
                };
                Some(Box::new(LayerNorm::new(&mut scope, features, config)))
            }
        }
    }
}
