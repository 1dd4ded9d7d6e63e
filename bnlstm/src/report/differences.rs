//! The fields of configurations as text, and in which of them several differ.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::config::RunConfig;
use crate::number::shortest;

/// The parts of a configuration in the order in which a file has them; others come after these.
const PARTS: [&str; 5] = ["task", "model", "optimizer", "training", "evaluation"];
/// What makes no difference to what a run is: where its data are, and how often it is written.
const PLACE: &str = "task.data";
const CHECKPOINTS: &str = "checkpoints.";
/// In what the runs of a group differ.
const SEED: &str = "training.seed";

/// The fields of a configuration, each with its value as text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// All of a run's.
    pub fn of(config: &RunConfig) -> Self {
        let value = serde_json::to_value(config).expect("a configuration has text as keys");
        let mut fields = Vec::new();
        flatten(String::new(), &value, &mut fields);
        let part = |field: &str| {
            let first = field.split('.').next();
            let known = PARTS.iter().position(|part| Some(*part) == first);
            known.unwrap_or(PARTS.len())
        };
        // Stable: within a part they stay as they are.
        fields.sort_by_key(|(field, _)| part(field));
        Self(fields)
    }

    /// Without the seed and what makes no difference: all that the runs of a group have in common.
    pub fn of_group(config: &RunConfig) -> Self {
        let Self(mut fields) = Self::of(config);
        let matters = |field: &str| field != SEED && field != PLACE && !field.starts_with(CHECKPOINTS);
        fields.retain(|(field, _)| matters(field));
        Self(fields)
    }

    /// The value of a field, if it has one.
    pub fn get(&self, field: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| name == field);
        found.map(|(_, value)| value.as_str())
    }
}

/// Adds the fields of a tree; those without a value are left out.
fn flatten(path: String, value: &Value, fields: &mut Vec<(String, String)>) {
    let text = match value {
        Value::Null => return,
        Value::Object(below) => {
            for (name, value) in below {
                let separator = if path.is_empty() { "" } else { "." };
                flatten(format!("{path}{separator}{name}"), value, fields);
            }
            return;
        }
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => shortest(number.as_f64().expect("it is one")),
        other => other.to_string(),
    };
    fields.push((path, text));
}

/// The fields in which several configurations differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Differences {
    /// Their names.
    pub fields: Vec<String>,
    /// For each field the value of each configuration; nothing where it has none.
    pub values: Vec<Vec<Option<String>>>,
}

impl Differences {
    /// Those of some configurations, in the order of the first that has each.
    pub fn among(all: &[Fields]) -> Self {
        let mut seen = BTreeSet::new();
        let names = all
            .iter()
            .flat_map(|fields| fields.0.iter().map(|(name, _)| name));
        let mut found = Self {
            fields: Vec::new(),
            values: Vec::new(),
        };
        for name in names.filter(|name| seen.insert(name.as_str())) {
            let values: Vec<_> = all.iter().map(|fields| fields.get(name)).collect();
            if values.windows(2).any(|pair| pair[0] != pair[1]) {
                found.fields.push(name.clone());
                let owned = values.iter().map(|value| value.map(str::to_owned));
                found.values.push(owned.collect());
            }
        }
        found
    }
}
