//! The recurrent cells, and the places in them where values can be normalized.

use std::fmt;

use nn::cell::{Gru, Lstm, Rnn};
use serde::{Deserialize, Serialize};

pub use nn::cell::Site;

/// A recurrent cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// One layer of tanh.
    Rnn,
    /// Long short-term memory.
    #[default]
    Lstm,
    /// Gated recurrent unit, with the reset gate behind the recurrent product.
    Gru,
}

impl Cell {
    /// All cells.
    pub const ALL: [Self; 3] = [Self::Rnn, Self::Lstm, Self::Gru];

    /// Its name in options and configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rnn => "rnn",
            Self::Lstm => "lstm",
            Self::Gru => "gru",
        }
    }

    /// Its name in tables and legends.
    pub fn label(self) -> &'static str {
        match self {
            Self::Rnn => "RNN",
            Self::Lstm => "LSTM",
            Self::Gru => "GRU",
        }
    }

    /// What it computes, in one line.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Rnn => "h = tanh(h W_h + x W_x + b)",
            Self::Lstm => "gates f, i, o and candidate g; c = f c + i g, h = o tanh(c)",
            Self::Gru => "gates r, z and candidate n = tanh(x + r h); h = (1 - z) n + z h",
        }
    }

    /// The paper that defines it.
    pub fn reference(self) -> &'static str {
        match self {
            Self::Rnn => "Elman 1990, Finding Structure in Time",
            Self::Lstm => "Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000",
            Self::Gru => "Cho et al. 2014, arXiv 1406.1078; the reset gate as in torch.nn.GRU",
        }
    }

    /// The sites that it has, in the order in which they are printed.
    pub fn sites(self) -> &'static [Site] {
        match self {
            Self::Rnn => &Rnn::<f32>::SITES,
            Self::Lstm => &Lstm::<f32>::SITES,
            Self::Gru => &Gru::<f32>::SITES,
        }
    }

    /// Whether it has a site.
    pub fn has(self, site: Site) -> bool {
        self.sites().contains(&site)
    }

    /// Number of blocks of `H` units in a term that goes into the gates.
    pub fn gates(self) -> usize {
        match self {
            Self::Rnn => 1,
            Self::Lstm => 4,
            Self::Gru => 3,
        }
    }

    /// Number of values of one example at a site, for `hidden_size` units.
    pub fn features(self, site: Site, hidden_size: usize) -> usize {
        match site.is_gate_term() {
            true => self.gates() * hidden_size,
            false => hidden_size,
        }
    }

    /// Why it does not have a site.
    pub(crate) fn lacks(self, site: Site) -> String {
        match site {
            Site::C | Site::Carry => format!("{self} has no cell state"),
            Site::Sum => format!(
                "{self} has no `sum`: its reset gate multiplies the recurrent term before it is added"
            ),
            Site::H | Site::X | Site::Out => format!("{self} has no `{site}`"),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The names of sites, separated by commas.
pub(crate) fn names(sites: &[Site]) -> String {
    let names: Vec<_> = sites.iter().map(|site| site.name()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn names_in_options_and_configurations_are_the_same() {
        for cell in Cell::ALL {
            let value = cell.to_possible_value().unwrap();
            assert_eq!(value.get_name(), cell.name());
            assert_eq!(serde_json::to_value(cell).unwrap(), cell.name());
        }
        assert_eq!(Cell::ALL, Cell::value_variants());
    }

    #[test]
    fn terms_of_the_gates_are_as_wide_as_all_gates() {
        assert_eq!(Cell::Lstm.features(Site::Sum, 5), 20);
        assert_eq!(Cell::Lstm.features(Site::Carry, 5), 5);
        assert_eq!(Cell::Gru.features(Site::X, 5), 15);
        assert_eq!(Cell::Rnn.features(Site::H, 5), 5);
    }
}
