//! What a list says of each thing.

use clap::ValueEnum;
use serde::Serialize;

use crate::cell::{Cell, Site};
use crate::commands::options::OptimizerName;
use crate::normalization::{Normalization, PRESETS, VARIANTS};
use crate::regularization::{REGULARIZERS, Regularization};
use crate::task::TaskName;
use crate::text::OptionInfo;

/// A name with one line and where it is from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its name in options and configurations.
    pub name: String,
    /// What it is, in one line.
    pub summary: String,
    /// Where it is from.
    pub reference: &'static str,
}

/// An option.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptionEntry {
    /// Its name.
    pub name: &'static str,
    /// What has it.
    pub of: &'static str,
    /// Its value where it is left out.
    pub default: String,
    /// What it may be set to.
    pub values: String,
    /// What it does, in one line.
    pub summary: &'static str,
}

/// A normalization.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariantEntry {
    /// Name, summary and reference.
    #[serde(flatten)]
    pub entry: Entry,
    /// The full text of its bare name.
    pub text: String,
    /// Where it is defined.
    pub sites: Vec<&'static str>,
    /// Where its bare name puts it, as far as the cell has these sites.
    pub default_sites: Vec<&'static str>,
    /// Its options.
    pub options: Vec<OptionEntry>,
}

/// A name that stands for normalizations at several sites.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PresetEntry {
    /// Name, summary and reference.
    #[serde(flatten)]
    pub entry: Entry,
    /// What it stands for.
    pub text: &'static str,
}

/// A place in a cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SiteEntry {
    /// Name, summary and reference.
    #[serde(flatten)]
    pub entry: Entry,
    /// The cells that have it.
    pub cells: Vec<&'static str>,
}

/// A recurrent cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellEntry {
    /// Name, summary and reference.
    #[serde(flatten)]
    pub entry: Entry,
    /// The sites that it has.
    pub sites: Vec<&'static str>,
}

/// A regularizer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegularizerEntry {
    /// Name, summary and reference.
    #[serde(flatten)]
    pub entry: Entry,
    /// The full text of its bare name.
    pub text: String,
    /// Its options.
    pub options: Vec<OptionEntry>,
}

fn entry(name: &str, summary: &str, reference: &'static str) -> Entry {
    Entry {
        name: name.to_owned(),
        summary: summary.to_owned(),
        reference,
    }
}

fn names(sites: &[Site]) -> Vec<&'static str> {
    sites.iter().map(|site| site.name()).collect()
}

fn option_entries(
    of: &'static str,
    options: &'static [OptionInfo],
    defaults: Vec<String>,
) -> Vec<OptionEntry> {
    let pairs = options.iter().zip(defaults);
    pairs
        .map(|(option, default)| OptionEntry {
            name: option.name,
            of,
            default,
            values: option.values.to_string(),
            summary: option.help,
        })
        .collect()
}

pub(super) fn variants() -> Vec<VariantEntry> {
    let entries = VARIANTS.iter().map(|variant| {
        let name = variant.name;
        let default: Normalization = name.parse().expect("every variant can be named");
        VariantEntry {
            entry: entry(name, variant.summary, variant.reference),
            text: default.to_string(),
            sites: names(variant.sites),
            default_sites: names(variant.default_sites),
            options: option_entries(name, variant.options, default.values()),
        }
    });
    entries.collect()
}

pub(super) fn presets() -> Vec<PresetEntry> {
    let entries = PRESETS.iter().map(|preset| PresetEntry {
        entry: entry(preset.name, preset.summary, preset.reference),
        text: preset.text,
    });
    entries.collect()
}

pub(super) fn options() -> Vec<OptionEntry> {
    let variants = variants().into_iter().flat_map(|entry| entry.options);
    let regularizers = regularizers().into_iter().flat_map(|entry| entry.options);
    variants.chain(regularizers).collect()
}

pub(super) fn sites() -> Vec<SiteEntry> {
    let entries = Site::ALL.into_iter().map(|site| {
        let cells = Cell::ALL.into_iter().filter(|cell| cell.has(site));
        SiteEntry {
            entry: entry(site.name(), site.summary(), site.reference()),
            cells: cells.map(Cell::name).collect(),
        }
    });
    entries.collect()
}

pub(super) fn cells() -> Vec<CellEntry> {
    let entries = Cell::ALL.into_iter().map(|cell| CellEntry {
        entry: entry(cell.name(), cell.summary(), cell.reference()),
        sites: names(cell.sites()),
    });
    entries.collect()
}

/// The values of an option of the command line, with what its help says of them.
fn choices<V: ValueEnum>(reference: impl Fn(&V) -> &'static str) -> Vec<Entry> {
    let entries = V::value_variants().iter().filter_map(|value| {
        let possible = value.to_possible_value()?;
        let summary = possible.get_help().map(ToString::to_string).unwrap_or_default();
        Some((possible.get_name().to_owned(), summary, reference(value)))
    });
    entries
        .map(|(name, summary, reference)| Entry {
            name,
            summary,
            reference,
        })
        .collect()
}

pub(super) fn tasks() -> Vec<Entry> {
    choices::<TaskName>(|task| task.reference())
}

pub(super) fn optimizers() -> Vec<Entry> {
    choices::<OptimizerName>(|optimizer| optimizer.reference())
}

pub(super) fn regularizers() -> Vec<RegularizerEntry> {
    let entries = REGULARIZERS.iter().map(|regularizer| {
        let name = regularizer.name;
        let default: Regularization = name.parse().expect("every regularizer can be named");
        let defaults = default.values().into_iter().flatten().collect();
        RegularizerEntry {
            entry: entry(name, regularizer.summary, regularizer.reference),
            text: default.to_string(),
            options: option_entries(name, regularizer.options, defaults),
        }
    });
    entries.collect()
}
