//! The file of a sweep.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::SweepError;
use super::field::{Assignment, Source};
use crate::commands::options::find_preset;
use crate::config::read_text;
use crate::settings::Settings;
use crate::task::TaskName;
use crate::text::nearest;

/// What can stand at the top of the file.
const KEYS: [&str; 7] = ["preset", "task", "config", "seeds", "set", "grid", "list"];

/// The file of a sweep, read.
#[derive(Clone, Debug)]
pub struct SweepFile {
    pub(super) path: PathBuf,
    /// What the runs start from.
    pub(super) base: Settings,
    /// None of them for that of the configuration.
    pub(super) seeds: Vec<u64>,
    /// Fields of all runs.
    pub(super) set: Vec<Assignment>,
    /// Entries, each a setting of fields.
    pub(super) list: Vec<Vec<Assignment>>,
    /// Fields, and the values that each takes.
    pub(super) grid: Vec<Axis>,
}

/// A field and the values that it takes.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) field: String,
    pub(super) values: Vec<Value>,
}

impl SweepFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, does not parse, or something in it makes no sense.
    pub fn read(path: &Path) -> Result<Self, SweepError> {
        Self::parse(&read_text(path)?, path)
    }

    /// A sweep from its text; paths in it are relative to that of the file.
    ///
    /// # Errors
    /// If it does not parse, or something in it makes no sense.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SweepError> {
        let document = DeTable::parse(text).map_err(|source| SweepError::Syntax {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        let document = document.into_inner();
        let source = Source { path, text };
        for (name, value) in &document {
            check_key(source, name.get_ref(), value)?;
        }
        let assignments = |table| assignments(source, table);
        let set = document.get("set").map(|value| table(source, "set", value));
        let file = Self {
            path: path.to_owned(),
            base: base(source, &document)?,
            seeds: document
                .get("seeds")
                .map_or(Ok(Vec::new()), |value| seeds(source, value))?,
            set: set.transpose()?.map_or(Ok(Vec::new()), assignments)?,
            list: list(source, document.get("list"))?,
            grid: grid(source, document.get("grid"))?,
        };
        file.check_overlap(source, &document)?;
        Ok(file)
    }

    /// A field of the grid has its values from there alone.
    fn check_overlap(&self, source: Source<'_>, document: &DeTable<'_>) -> Result<(), SweepError> {
        let elsewhere = self.set.iter().chain(self.list.iter().flatten());
        for other in elsewhere {
            if self.grid.iter().any(|axis| axis.field == other.field) {
                let grid = table(source, "grid", &document["grid"])?;
                let entries = source.entries(grid)?;
                let entry = entries.iter().find(|entry| entry.field == other.field);
                let entry = entry.expect("it is in the grid");
                let remedy = "[set] or [[list]] has it too, which would be lost; leave it out there or here";
                return Err(source.wrong(&entry.field, entry.value.span(), remedy));
            }
        }
        Ok(())
    }
}

fn check_key(source: Source<'_>, name: &str, value: &Spanned<DeValue<'_>>) -> Result<(), SweepError> {
    if KEYS.contains(&name) {
        return Ok(());
    }
    let meant = nearest(name, &KEYS).map_or(String::new(), |key| format!("did you mean `{key}`? "));
    let remedy = format!(
        "{meant}a sweep has {}; fields of the runs stand below [set]",
        KEYS.join(", ")
    );
    Err(source.wrong(name, value.span(), remedy))
}

fn table<'t>(
    source: Source<'_>,
    name: &str,
    value: &'t Spanned<DeValue<'t>>,
) -> Result<&'t DeTable<'t>, SweepError> {
    let table = value.get_ref().as_table();
    table.ok_or_else(|| source.wrong(name, value.span(), format!("give a table, [{name}]")))
}

/// What the runs start from.
fn base(source: Source<'_>, document: &DeTable<'_>) -> Result<Settings, SweepError> {
    let given = ["preset", "task", "config"].map(|name| Some((name, document.get(name)?)));
    let mut given = given.into_iter().flatten();
    let Some((name, value)) = given.next() else {
        return Err(SweepError::NoBase {
            path: source.path.to_owned(),
        });
    };
    if let Some((other, value)) = given.next() {
        let remedy = format!("{name} is given too; runs start from one thing, so leave one of them out");
        return Err(source.wrong(other, value.span(), remedy));
    }
    let wrong = |remedy: String| source.wrong(name, value.span(), remedy);
    let Some(text) = value.get_ref().as_str() else {
        return Err(wrong("give a text in quotes".to_owned()));
    };
    let preset = match name {
        "config" => return Ok(Settings::read(&beside(source.path, text))?),
        "task" => {
            let task = TaskName::from_str(text, false);
            let names = TaskName::value_variants().iter();
            let names = names.filter_map(|task| Some(task.to_possible_value()?.get_name().to_owned()));
            let names: Vec<String> = names.collect();
            let task =
                task.map_err(|_| wrong(format!("there is no such task; give {}", names.join(", "))))?;
            task.preset()
        }
        _ => text,
    };
    let preset = find_preset("preset", preset).map_err(|error| wrong(error.remedy))?;
    Ok(Settings::of_preset(preset))
}

/// A path that is relative to a file.
pub(super) fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}

fn seeds(source: Source<'_>, value: &Spanned<DeValue<'_>>) -> Result<Vec<u64>, SweepError> {
    let wrong = |place: &Spanned<DeValue<'_>>, remedy: &str| source.wrong("seeds", place.span(), remedy);
    let whole = |value: &Spanned<DeValue<'_>>| {
        let number = source.value("seeds", value)?.as_u64();
        number.ok_or_else(|| {
            wrong(
                value,
                "give whole numbers that are not negative, as [1, 2, 3], or how many, as 3",
            )
        })
    };
    let Some(list) = value.get_ref().as_array() else {
        return match whole(value)? {
            0 => Err(wrong(value, "give at least one")),
            // More are refused with their number, which need not be in memory for that.
            count => Ok((1..=count.min(TOO_MANY_SEEDS)).collect()),
        };
    };
    let mut seeds = Vec::new();
    for value in list.iter() {
        let seed = whole(value)?;
        if seeds.contains(&seed) {
            return Err(wrong(value, "it is given twice; give each seed once"));
        }
        seeds.push(seed);
    }
    match seeds.is_empty() {
        true => Err(wrong(
            value,
            "give at least one, or leave seeds out for that of the configuration",
        )),
        false => Ok(seeds),
    }
}

/// Enough seeds to be too many.
const TOO_MANY_SEEDS: u64 = 1_000_000;

fn assignments(source: Source<'_>, table: &DeTable<'_>) -> Result<Vec<Assignment>, SweepError> {
    let mut assignments = Vec::new();
    for entry in source.entries(table)? {
        let value = source.value(&entry.field, entry.value)?;
        assignments.push(Assignment {
            field: entry.field,
            value,
        });
    }
    Ok(assignments)
}

fn list(
    source: Source<'_>,
    value: Option<&Spanned<DeValue<'_>>>,
) -> Result<Vec<Vec<Assignment>>, SweepError> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let wrong = |place: &Spanned<DeValue<'_>>, remedy| source.wrong("list", place.span(), remedy);
    let remedy = "give entries, each below a line [[list]]";
    let entries = value.get_ref().as_array().ok_or_else(|| wrong(value, remedy))?;
    if entries.is_empty() {
        return Err(wrong(
            value,
            "it is empty; give an entry below a line [[list]], or leave it out",
        ));
    }
    let entry = |entry: &Spanned<DeValue<'_>>| {
        let table = entry.get_ref().as_table().ok_or_else(|| wrong(entry, remedy))?;
        assignments(source, table)
    };
    entries.iter().map(entry).collect()
}

fn grid(source: Source<'_>, value: Option<&Spanned<DeValue<'_>>>) -> Result<Vec<Axis>, SweepError> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let mut axes = Vec::new();
    for entry in source.entries(table(source, "grid", value)?)? {
        let field = entry.field;
        let wrong = |place: &Spanned<DeValue<'_>>, remedy| source.wrong(&field, place.span(), remedy);
        let remedy = "give a list of values in brackets, or move the field to [set]";
        let list = entry.value.get_ref().as_array();
        let list = list.ok_or_else(|| wrong(entry.value, remedy))?;
        let mut values = Vec::new();
        for value in list.iter() {
            let parsed = source.value(&field, value)?;
            if values.contains(&parsed) {
                return Err(wrong(value, "it is given twice; give each value once"));
            }
            values.push(parsed);
        }
        if values.is_empty() {
            return Err(wrong(
                entry.value,
                "it is empty; give at least one value, or leave the field out",
            ));
        }
        axes.push(Axis { field, values });
    }
    Ok(axes)
}
