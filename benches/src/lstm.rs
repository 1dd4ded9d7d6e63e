//! The LSTM whose training steps and whose sequences are measured.

use std::fmt;
use std::str::FromStr;

use bnlstm::cell::Cell;
use bnlstm::normalization::{ParseError, Sites};
use kernels::Real;
use nn::cell::{GATE_G, Lstm, LstmConfig};
use nn::init::Gates;
use nn::params::Scope;

/// The normalizations of an LSTM, by their text (see `bnlstm list`).
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    text: String,
    sites: Sites,
}

impl Norm {
    /// What is measured everywhere: none, batch normalization with statistics for each time step and
    /// γ = 0.1, and layer normalization.
    pub fn basic() -> [Self; 3] {
        ["none", "batch", "layer"].map(Self::named)
    }

    /// The one that a text of this program names.
    ///
    /// # Panics
    /// If the text is not a normalization of an LSTM.
    #[track_caller]
    pub fn named(text: &str) -> Self {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }
}

impl FromStr for Norm {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Ok(Self {
            text: text.to_owned(),
            sites: Sites::parse(Cell::Lstm, text)?,
        })
    }
}

impl fmt::Display for Norm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// An LSTM, initialized as in the released code of Cooijmans et al. 2016: the block of `W_h` for
/// `g` the identity, the others orthogonal.
#[derive(Clone, Debug, PartialEq)]
pub struct LstmSpec {
    /// `T`, time steps of its sequences.
    pub steps: usize,
    /// `D`, elements of an input.
    pub input_size: usize,
    /// `H`, number of units.
    pub hidden_size: usize,
    /// Its normalizations.
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
        let sites = self
            .norm
            .sites
            .build(scope, self.hidden_size, self.steps, self.forget_bias);
        let config = LstmConfig {
            recurrent_weight: Gates::orthogonal_but_identity(4, GATE_G),
            forget_bias: self.forget_bias,
            ..LstmConfig::new(self.input_size, self.hidden_size)
        };
        Lstm::new(scope, &config, sites)
    }
}
