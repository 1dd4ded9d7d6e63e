//! The places in a cell where values are normalized.

use std::fmt;

use kernels::Real;

use super::{AtSite, Term};
use crate::norm::Normalizer;
use crate::params::ParamId;
use crate::watch::TermNames;

const INPUT_TERM: TermNames = TermNames {
    product: "input term x_t W_x",
    normalized: "normalized input term",
    vector: "x_t",
    weight: "W_x",
};
const RECURRENT_TERM: TermNames = TermNames {
    product: "recurrent term h_{t-1} W_h",
    normalized: "normalized recurrent term",
    vector: "h_{t-1}",
    weight: "W_h",
};

/// A place in a recurrent cell where values are normalized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Site {
    /// The recurrent term `h_{t−1} W_h`.
    H,
    /// The input term `x_t W_x`.
    X,
    /// Both terms together, before the bias.
    Sum,
    /// The copy of `c_t` inside the output's tanh.
    C,
    /// The cell that is carried on to the next step.
    Carry,
    /// The hidden state.
    Out,
}

impl Site {
    /// All sites, in the order in which they are printed.
    pub const ALL: [Self; 6] = [Self::H, Self::X, Self::Sum, Self::C, Self::Carry, Self::Out];

    /// The products of a vector with a weight.
    pub const PRODUCTS: [Self; 2] = [Self::H, Self::X];

    /// Its name in texts, and with `norm_` before it in the paths of parameters.
    pub fn name(self) -> &'static str {
        match self {
            Self::H => "h",
            Self::X => "x",
            Self::Sum => "sum",
            Self::C => "c",
            Self::Carry => "carry",
            Self::Out => "out",
        }
    }

    /// What stands there, in one line.
    pub fn summary(self) -> &'static str {
        match self {
            Self::H => "recurrent term h_{t-1} W_h",
            Self::X => "input term x_t W_x",
            Self::Sum => "both terms together, before the bias",
            Self::C => "copy of the cell c_t inside the output's tanh",
            Self::Carry => "the cell c_t itself, for the output's tanh and for the next step",
            Self::Out => "the hidden state h_t, for the output and for the next step",
        }
    }

    /// A paper or program that normalizes there.
    pub fn reference(self) -> &'static str {
        match self {
            Self::H | Self::X | Self::C => "Cooijmans et al. 2016, arXiv 1603.09025, eq. 6-8",
            Self::Sum => "Laurent et al. 2015, arXiv 1510.01378",
            Self::Carry => "TensorFlow 1, contrib.rnn.LayerNormBasicLSTMCell",
            Self::Out => "Laurent, Ballas & Vincent 2017, Recurrent Normalization Propagation",
        }
    }

    /// Whether the values go into the gates: they have no `β` of their own there, as the cell's bias
    /// serves.
    pub fn is_gate_term(self) -> bool {
        matches!(self, Self::H | Self::X | Self::Sum)
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Normalizers of a cell; `None` leaves a site as it is.
///
/// At `h`, `x` and `sum` a cell with G gates has `G·H` features, elsewhere `H`.
#[derive(Debug, Default)]
pub struct Sites<T: Real> {
    /// See [`Site::H`].
    pub h: Option<Box<dyn Normalizer<T>>>,
    /// See [`Site::X`].
    pub x: Option<Box<dyn Normalizer<T>>>,
    /// See [`Site::Sum`].
    pub sum: Option<Box<dyn Normalizer<T>>>,
    /// See [`Site::C`].
    pub c: Option<Box<dyn Normalizer<T>>>,
    /// See [`Site::Carry`].
    pub carry: Option<Box<dyn Normalizer<T>>>,
    /// See [`Site::Out`].
    pub out: Option<Box<dyn Normalizer<T>>>,
}

impl<T: Real> Sites<T> {
    /// What stands at a site.
    pub fn at(&self, site: Site) -> Option<&dyn Normalizer<T>> {
        match site {
            Site::H => &self.h,
            Site::X => &self.x,
            Site::Sum => &self.sum,
            Site::C => &self.c,
            Site::Carry => &self.carry,
            Site::Out => &self.out,
        }
        .as_deref()
    }

    /// Puts a normalizer at a site.
    pub fn set(&mut self, site: Site, normalizer: Option<Box<dyn Normalizer<T>>>) {
        let place = match site {
            Site::H => &mut self.h,
            Site::X => &mut self.x,
            Site::Sum => &mut self.sum,
            Site::C => &mut self.c,
            Site::Carry => &mut self.carry,
            Site::Out => &mut self.out,
        };
        *place = normalizer;
    }

    /// A product with a weight, and what normalizes it at a site.
    pub(super) fn term(&self, site: Site, weight: ParamId) -> Term<'_, T> {
        Term {
            weight,
            normalizer: self.at(site),
            names: match site {
                Site::X => INPUT_TERM,
                _ => RECURRENT_TERM,
            },
        }
    }

    /// A site of the cell that has the parameter `beside`, during a pass.
    pub(super) fn begin<'t>(&self, site: Site, beside: ParamId) -> AtSite<'_, 't, T> {
        let (x, normalized) = match site {
            Site::X => (INPUT_TERM.product, INPUT_TERM.normalized),
            Site::H => (RECURRENT_TERM.product, RECURRENT_TERM.normalized),
            Site::Sum => ("sum of both terms", "normalized sum of both terms"),
            Site::C => ("c_t", "normalized copy of the cell"),
            Site::Carry => ("c_t", "normalized cell"),
            Site::Out => ("h_t", "normalized hidden state"),
        };
        AtSite::new(self.at(site)).named(beside, x, normalized)
    }

    /// Panics if a site is used that `cell` has not.
    #[track_caller]
    pub(super) fn check(&self, cell: &str, known: &[Site]) {
        for site in Site::ALL {
            let names: Vec<&str> = known.iter().map(|site| site.name()).collect();
            assert!(
                known.contains(&site) || self.at(site).is_none(),
                "{cell}: a normalizer at `{}`, a site that it has not; its sites are {}",
                site.name(),
                names.join(", ")
            );
        }
    }
}
