//! Which normalization stands at which site of a recurrent cell.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Normalization, ParseError, Text};
use crate::cell::{Cell, Site};

/// The normalizations of a recurrent cell, each at a site that the cell has and where it is defined.
///
/// ```
/// use bnlstm::cell::Cell;
/// use bnlstm::normalization::Sites;
///
/// let sites = Sites::parse(Cell::Lstm, "carry=dyt")?;
/// assert_eq!(sites.to_string(), "carry=dyt(gamma=1,alpha=0.5)");
/// # Ok::<(), bnlstm::normalization::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sites {
    cell: Cell,
    at: [Normalization; Site::ALL.len()],
}

/// The number of units does not fit a normalization.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{normalization}` at `{site}`: {problem}")]
pub struct FeaturesError {
    /// The normalization.
    pub normalization: String,
    /// Where it stands.
    pub site: Site,
    /// What is wrong, and what would fit.
    pub problem: String,
}

impl Sites {
    /// A cell without normalization.
    pub fn none(cell: Cell) -> Self {
        Self {
            cell,
            at: [Normalization::None; Site::ALL.len()],
        }
    }

    /// What a normalization means that is written without sites: it stands at its default sites, as
    /// far as the cell has them.
    pub fn everywhere(cell: Cell, normalization: Normalization) -> Self {
        let mut sites = Self::none(cell);
        let variant = normalization.variant();
        for &site in variant.default_sites {
            if variant.is_defined(cell, site) {
                sites.put(site, normalization.spread(site));
            }
        }
        sites
    }

    /// Reads a text for a cell.
    ///
    /// # Errors
    /// [`ParseError`] with the position in the text and what would be accepted there.
    pub fn parse(cell: Cell, text: &str) -> Result<Self, ParseError> {
        text.parse::<Text>()?.resolve(cell)
    }

    pub(super) fn put(&mut self, site: Site, normalization: Normalization) {
        self.at[site as usize] = normalization;
    }

    /// The cell.
    pub fn cell(&self) -> Cell {
        self.cell
    }

    /// The normalization at one site.
    pub fn at(&self, site: Site) -> &Normalization {
        &self.at[site as usize]
    }

    /// The same with each normalization changed by `change`, which leaves it at its site.
    #[must_use]
    pub fn map(mut self, change: impl Fn(Site, Normalization) -> Normalization) -> Self {
        for (site, normalization) in Site::ALL.into_iter().zip(&mut self.at) {
            *normalization = change(site, *normalization);
        }
        self
    }

    /// The sites where there is a normalization, in the order in which they are printed.
    pub fn iter(&self) -> impl Iterator<Item = (Site, Normalization)> {
        let all = Site::ALL.map(|site| (site, *self.at(site)));
        all.into_iter().filter(|(_, found)| *found != Normalization::None)
    }

    /// Whether some site normalizes over the batch, so that there are statistics to estimate.
    pub fn has_statistics(&self) -> bool {
        self.iter()
            .any(|(_, normalization)| normalization.is_over_batch())
    }

    /// Looks for a normalization that a number of units does not fit.
    ///
    /// # Errors
    /// The first one, with what would fit.
    pub fn check_features(&self, hidden_size: usize) -> Result<(), FeaturesError> {
        for (site, normalization) in self.iter() {
            let features = self.cell.features(site, hidden_size);
            let error = |problem| FeaturesError {
                normalization: normalization.to_string(),
                site,
                problem,
            };
            normalization.check_features(features).map_err(error)?;
        }
        Ok(())
    }
}

impl fmt::Display for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sites: Vec<_> = self
            .iter()
            .map(|(site, normalization)| format!("{site}={normalization}"))
            .collect();
        match sites.is_empty() {
            true => write!(f, "{}", Normalization::None),
            false => f.write_str(&sites.join(",")),
        }
    }
}

impl Serialize for Sites {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
