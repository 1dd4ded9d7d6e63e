//! Fields and their values, as a file of TOML has them.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::SweepError;
use crate::number::shortest;

/// A file, to tell where in it something is.
#[derive(Clone, Copy)]
pub(super) struct Source<'t> {
    pub(super) path: &'t Path,
    pub(super) text: &'t str,
}

/// A field that is given a value.
#[derive(Clone, Debug)]
pub(super) struct Assignment {
    pub(super) field: String,
    pub(super) value: Value,
}

/// A field as it stands in the file.
pub(super) struct Entry<'t> {
    pub(super) field: String,
    pub(super) value: &'t Spanned<DeValue<'t>>,
    at: usize,
}

impl Source<'_> {
    /// An error about what stands at a place.
    pub(super) fn wrong(&self, field: &str, place: Range<usize>, remedy: impl Into<String>) -> SweepError {
        SweepError::Value {
            path: self.path.to_owned(),
            line: 1 + self.text[..place.start].matches('\n').count(),
            field: field.to_owned(),
            value: self.text[place].split_whitespace().collect::<Vec<_>>().join(" "),
            remedy: remedy.into(),
        }
    }

    /// The fields of a table and of the tables in it, in the order of the file.
    pub(super) fn entries<'t>(&self, table: &'t DeTable<'t>) -> Result<Vec<Entry<'t>>, SweepError> {
        let mut entries = Vec::new();
        self.add("", table, &mut entries);
        entries.sort_by_key(|entry| entry.at);
        for (index, entry) in entries.iter().enumerate() {
            if entries[..index].iter().any(|other| other.field == entry.field) {
                return Err(self.wrong(
                    &entry.field,
                    entry.value.span(),
                    "it is given twice; give it once",
                ));
            }
            if entry.field == "training.seed" {
                let remedy =
                    "seeds are given at the top of the file, as seeds = [1, 2, 3]; leave it out here";
                return Err(self.wrong(&entry.field, entry.value.span(), remedy));
            }
        }
        Ok(entries)
    }

    fn add<'t>(&self, prefix: &str, table: &'t DeTable<'t>, entries: &mut Vec<Entry<'t>>) {
        for (name, value) in table {
            let field = format!("{prefix}{}", name.get_ref());
            match value.get_ref().as_table() {
                Some(inner) if !self.is_in_braces(value) => self.add(&format!("{field}."), inner, entries),
                _ => entries.push(Entry {
                    field,
                    value,
                    at: name.span().start,
                }),
            }
        }
    }

    /// Whether a table is written as a value, and not as the way to fields.
    fn is_in_braces(&self, table: &Spanned<DeValue<'_>>) -> bool {
        self.text[table.span()].starts_with('{')
    }

    /// What a field is given.
    pub(super) fn value(&self, field: &str, value: &Spanned<DeValue<'_>>) -> Result<Value, SweepError> {
        let wrong = |remedy: &str| self.wrong(field, value.span(), remedy);
        if value.get_ref().is_datetime() {
            return Err(wrong(
                "no field is a date; give a number, a text in quotes, true or false",
            ));
        }
        let parsed = Value::deserialize(ValueDeserializer::from(value.clone()));
        match parsed {
            Ok(parsed) if crate::settings::is_not_finite(&parsed) => Err(wrong("give a finite number")),
            Ok(parsed) => Ok(parsed),
            Err(error) => Err(wrong(error.message())),
        }
    }
}

/// A value as labels have it: `gru`, `0.01`, `{learning_rate=0.1,name=sgd}`.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => shortest(float),
            _ => number.to_string(),
        },
        Value::Array(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| format!("{name}={}", shown(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Bool(_) | Value::Null => value.to_string(),
    }
}
