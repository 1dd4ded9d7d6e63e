//! `bnlstm presets`

use clap::{Args, Subcommand};

use super::Failure;
use super::options::find_preset;
use super::output::line;
use crate::presets::{Field, PRESETS, Preset};
use crate::table::{Column, Table};

/// Says what configurations come with the program; `show` prints one, `diff` compares two.
#[derive(Args, Debug)]
pub struct Presets {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a preset: a configuration, with the source of each value.
    Show {
        /// Its name.
        name: String,
    },
    /// Print the fields in which two presets differ, with the sources of their values.
    Diff {
        /// One of them.
        a: String,
        /// The other.
        b: String,
    },
}

impl Presets {
    pub fn run(&self) -> Result<(), Failure> {
        match &self.action {
            None => list(),
            Some(Action::Show { name }) => show(find_preset("presets show", name)?),
            Some(Action::Diff { a, b }) => {
                diff(find_preset("presets diff", a)?, find_preset("presets diff", b)?)
            }
        }
    }
}

fn list() -> Result<(), Failure> {
    let mut table = Table::new([Column::words("preset"), Column::words("what it is")]);
    for preset in PRESETS {
        table.row([preset.name, preset.summary()]);
    }
    line(format_args!("{}", table.to_string().trim_end()))?;
    Ok(())
}

fn show(preset: &Preset) -> Result<(), Failure> {
    line(format_args!("{}", preset.text.trim_end()))?;
    Ok(())
}

fn diff(a: &Preset, b: &Preset) -> Result<(), Failure> {
    let (left, right) = (a.fields(), b.fields());
    let values = |fields: &[Field<'static>]| -> Vec<_> {
        let of = |field: &Field<'static>| (field.table, field.name, field.value);
        fields.iter().map(of).collect()
    };
    if values(&left) == values(&right) {
        line(format_args!("{} and {} have the same values", a.name, b.name))?;
        return Ok(());
    }
    let counterpart = |of: &[Field<'static>], field: &Field<'_>| {
        of.iter()
            .find(|other| (other.table, other.name) == (field.table, field.name))
            .copied()
    };
    let only_right = right.iter().filter(|field| counterpart(&left, field).is_none());
    let mut table = Table::new([
        Column::words("field"),
        Column::words(a.name),
        Column::words(b.name),
    ]);
    let mut row = |left: Option<Field<'_>>, right: Option<Field<'_>>| {
        let known = left.or(right).expect("one of them has it");
        let values = [left, right].map(|field| field.map(|field| field.value));
        if values[0] != values[1] {
            let values = values.map(|value| value.unwrap_or("–").to_owned());
            let [left_value, right_value] = values;
            table.row([format!("{}.{}", known.table, known.name), left_value, right_value]);
            let sources = [left, right].map(|field| field.map_or("", |field| field.source).to_owned());
            let [left_source, right_source] = sources;
            table.row([String::new(), left_source, right_source]);
        }
    };
    left.iter()
        .for_each(|field| row(Some(*field), counterpart(&right, field)));
    only_right.for_each(|field| row(None, Some(*field)));
    line(format_args!("{}", table.to_string().trim_end()))?;
    Ok(())
}
