//! What every normalization says of itself.

use kernels::Real;
use nn::norm::Normalizer;
use nn::params::Scope;

use super::Formula;
use crate::cell::{Cell, Site};
use crate::text::{Fault, GivenOptions, OptionInfo};

/// What a normalization is called, what it does, where it comes from and where it may stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variant {
    /// Its name in the text.
    pub name: &'static str,
    /// What it is called before the name of a cell: `BN` in `BN-LSTM`.
    pub label: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// The paper that defines it.
    pub reference: &'static str,
    /// Its options, in the order in which they are printed.
    pub options: &'static [OptionInfo],
    /// Whether labels give its γ always; all other options are given where they are not the default.
    pub gamma_in_label: bool,
    /// Where it is defined.
    pub sites: &'static [Site],
    /// Where the bare name puts it, as far as the cell has these sites.
    pub default_sites: &'static [Site],
    /// Cells in which it is not defined at a site after all.
    pub except: &'static [Exception],
}

/// A site of one cell where a normalization is not defined, though it is in others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exception {
    /// The cell.
    pub cell: Cell,
    /// The site.
    pub site: Site,
    /// Why not.
    pub reason: &'static str,
}

impl Variant {
    /// Whether it is defined at a site of a cell.
    pub fn is_defined(&self, cell: Cell, site: Site) -> bool {
        cell.has(site) && self.sites.contains(&site) && self.exception(cell, site).is_none()
    }

    /// Why it is not defined at a site of a cell, though it is in others.
    pub(super) fn exception(&self, cell: Cell, site: Site) -> Option<&'static str> {
        let mut all = self.except.iter();
        let found = all.find(|exception| exception.cell == cell && exception.site == site);
        found.map(|exception| exception.reason)
    }
}

/// An option whose value makes no sense at a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Misplaced {
    /// The option.
    pub option: &'static str,
    /// Its value.
    pub value: &'static str,
    /// Why, and what would fit.
    pub reason: &'static str,
}

/// Where a normalizer is to stand, and on what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// The cell.
    pub cell: Cell,
    /// The site.
    pub site: Site,
    /// Number of values of an example, `F`.
    pub features: usize,
    /// Number of gates that these belong to; 1 where they belong to none.
    pub gates: usize,
    /// Whether it has a `β` of its own; where the cell's bias serves, it has none.
    pub beta: bool,
    /// Number of time steps of the longest training sequence.
    pub steps: usize,
    /// Where the bias of an LSTM's forget gate starts.
    pub forget_bias: f64,
}

/// The options of one normalization: how they are read, printed and made into a layer.
pub(super) trait VariantOptions: Copy + Default {
    /// What `VARIANTS` says of it.
    const VARIANT: Variant;

    /// Whether it takes moments over the batch, so that a batch of one has none, and there are
    /// population statistics to estimate.
    const OVER_BATCH: bool = false;

    /// Reads each option, or takes its default.
    fn read(given: &GivenOptions<'_>) -> Result<Self, Fault>;

    /// The values of all options as text, in the order of `VARIANT.options`.
    fn values(&self) -> Vec<String>;

    /// What these options mean at one site when they were given for all default sites at once.
    fn spread(self, _site: Site) -> Self {
        self
    }

    /// The option whose value makes no sense at a site, if there is one.
    fn misplaced(&self, _site: Site) -> Option<Misplaced> {
        None
    }

    /// What is wrong with a number of features, and what would fit.
    fn check_features(&self, _features: usize) -> Result<(), String> {
        Ok(())
    }

    /// What it computes at a place.
    fn formula(&self, place: Place) -> Formula;

    /// The layer.
    fn build<T: Real>(&self, scope: &mut Scope<'_, T>, place: Place) -> Box<dyn Normalizer<T>>;
}
