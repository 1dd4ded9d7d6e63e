//! All that can be chosen, from the same tables that texts and options are read with.

mod entries;
mod print;

use serde::Serialize;

use crate::cell::{Cell, Site};
use crate::normalization::{VARIANTS, Variant};

pub use entries::{CellEntry, Entry, OptionEntry, PresetEntry, RegularizerEntry, SiteEntry, VariantEntry};

/// A kind of thing to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Section {
    /// Normalizations with their options and sites, and presets of them.
    Variants,
    /// Options of normalizations and regularizers.
    Options,
    /// Places in a cell.
    Sites,
    /// Recurrent cells.
    Cells,
    /// What can be learned.
    Tasks,
    /// Update rules.
    Optimizers,
    /// What is dropped, held or penalized in training.
    Regularizers,
}

/// Everything there is; a section that was not asked for is empty, and not in the JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Catalogue {
    /// Normalizations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<VariantEntry>,
    /// Names that stand for normalizations at several sites.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub presets: Vec<PresetEntry>,
    /// Options of normalizations and regularizers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionEntry>,
    /// Places in a cell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<SiteEntry>,
    /// Recurrent cells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<CellEntry>,
    /// What can be learned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<Entry>,
    /// Update rules.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub optimizers: Vec<Entry>,
    /// What is dropped, held or penalized in training.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regularizers: Vec<RegularizerEntry>,
}

impl Catalogue {
    /// One section, or all of them.
    pub fn of(section: Option<Section>) -> Self {
        let mut catalogue = Self::default();
        let wanted = |kind| section.is_none_or(|section| section == kind);
        if wanted(Section::Variants) {
            catalogue.variants = entries::variants();
            catalogue.presets = entries::presets();
        }
        if wanted(Section::Options) {
            catalogue.options = entries::options();
        }
        if wanted(Section::Sites) {
            catalogue.sites = entries::sites();
        }
        if wanted(Section::Cells) {
            catalogue.cells = entries::cells();
        }
        if wanted(Section::Tasks) {
            catalogue.tasks = entries::tasks();
        }
        if wanted(Section::Optimizers) {
            catalogue.optimizers = entries::optimizers();
        }
        if wanted(Section::Regularizers) {
            catalogue.regularizers = entries::regularizers();
        }
        catalogue
    }
}

/// A normalization at a site of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Combination {
    /// The cell.
    pub cell: Cell,
    /// A site that it has.
    pub site: Site,
    /// A normalization that is defined there.
    pub variant: &'static Variant,
}

impl Combination {
    /// The text of this normalization at this site alone, with its default options.
    pub fn text(&self) -> String {
        format!("{}={}", self.site, self.variant.name)
    }
}

/// Every normalization (without `none`) at every site of every cell where it is defined. What is
/// tested over these is tested for a new variant too.
///
/// ```
/// use bnlstm::normalization::Sites;
///
/// for combination in bnlstm::list::combinations() {
///     Sites::parse(combination.cell, &combination.text())?;
/// }
/// # Ok::<(), bnlstm::text::ParseError>(())
/// ```
pub fn combinations() -> impl Iterator<Item = Combination> {
    let places = Cell::ALL
        .into_iter()
        .flat_map(|cell| cell.sites().iter().map(move |&site| (cell, site)));
    places.flat_map(|(cell, site)| {
        let defined = VARIANTS
            .iter()
            .filter(move |variant| !variant.default_sites.is_empty() && variant.is_defined(cell, site));
        defined.map(move |variant| Combination { cell, site, variant })
    })
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn each_section_is_what_it_is_in_the_whole() {
        let whole = serde_json::to_value(Catalogue::of(None)).unwrap();
        let text = Catalogue::of(None).to_string();
        for &section in Section::value_variants() {
            let part = Catalogue::of(Some(section));
            let json = serde_json::to_value(&part).unwrap();
            for (name, entries) in json.as_object().unwrap() {
                assert_eq!(*entries, whole[name], "{name}");
            }
            assert!(text.contains(&part.to_string()), "{section:?}");
        }
    }

    #[test]
    fn every_entry_has_a_line_and_a_reference() {
        let catalogue = Catalogue::of(None);
        let variants = catalogue.variants.iter().map(|variant| &variant.entry);
        let presets = catalogue.presets.iter().map(|preset| &preset.entry);
        let sites = catalogue.sites.iter().map(|site| &site.entry);
        let cells = catalogue.cells.iter().map(|cell| &cell.entry);
        let regularizers = catalogue
            .regularizers
            .iter()
            .map(|regularizer| &regularizer.entry);
        let entries = variants
            .chain(presets)
            .chain(sites)
            .chain(cells)
            .chain(regularizers)
            .chain(&catalogue.tasks)
            .chain(&catalogue.optimizers);
        let text = catalogue.to_string();
        for entry in entries {
            let line = format!("      {} ({})\n", entry.summary, entry.reference);
            assert!(entry.summary.len() > 5 && entry.reference.len() > 5, "{entry:?}");
            assert!(!line.trim().contains('\n') && text.contains(&line), "{entry:?}");
            assert!(text.contains(&format!("\n  {}", entry.name)), "{entry:?}");
        }
    }
}
