//! A list as text: a heading for each section, and for each thing its name, one line and its
//! reference.

use std::fmt::{self, Formatter};

use super::entries::{Entry, OptionEntry};
use super::{Catalogue, VariantEntry};

impl fmt::Display for Catalogue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        section(f, "variants", &self.variants, variant)?;
        section(f, "presets", &self.presets, |f, preset| {
            thing(
                f,
                &format!("{} = {}", preset.entry.name, preset.text),
                &preset.entry,
            )
        })?;
        section(f, "options", &self.options, |f, entry| {
            writeln!(f, "  {} of {}: {}", entry.name, entry.of, explained(entry))
        })?;
        section(f, "sites", &self.sites, |f, site| {
            thing(f, &site.entry.name, &site.entry)?;
            writeln!(f, "      cells: {}", site.cells.join(", "))
        })?;
        section(f, "cells", &self.cells, |f, cell| {
            thing(f, &cell.entry.name, &cell.entry)?;
            writeln!(f, "      sites: {}", cell.sites.join(", "))
        })?;
        section(f, "tasks", &self.tasks, |f, entry| thing(f, &entry.name, entry))?;
        section(f, "optimizers", &self.optimizers, |f, entry| {
            thing(f, &entry.name, entry)
        })?;
        section(f, "regularizers", &self.regularizers, |f, regularizer| {
            thing(f, &regularizer.text, &regularizer.entry)?;
            own_options(f, &regularizer.options)
        })
    }
}

fn section<E>(
    f: &mut Formatter<'_>,
    heading: &str,
    entries: &[E],
    print: impl Fn(&mut Formatter<'_>, &E) -> fmt::Result,
) -> fmt::Result {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(f, "{heading}")?;
    for entry in entries {
        print(f, entry)?;
    }
    writeln!(f)
}

fn thing(f: &mut Formatter<'_>, name: &str, entry: &Entry) -> fmt::Result {
    writeln!(f, "  {name}\n      {} ({})", entry.summary, entry.reference)
}

fn variant(f: &mut Formatter<'_>, variant: &VariantEntry) -> fmt::Result {
    thing(f, &variant.text, &variant.entry)?;
    if !variant.default_sites.is_empty() {
        let (sites, default) = (variant.sites.join(", "), variant.default_sites.join(", "));
        writeln!(f, "      sites: {sites}; by default {default}")?;
    }
    own_options(f, &variant.options)
}

fn own_options(f: &mut Formatter<'_>, options: &[OptionEntry]) -> fmt::Result {
    for option in options {
        writeln!(f, "      {}: {}", option.name, explained(option))?;
    }
    Ok(())
}

fn explained(option: &OptionEntry) -> String {
    let OptionEntry {
        summary,
        values,
        default,
        ..
    } = option;
    format!("{summary}; {values}; {default} by default")
}
