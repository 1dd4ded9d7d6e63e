//! From the file of a sweep to its runs.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use super::field::{Assignment, shown};
use super::file::beside;
use super::label::Names;
use super::{SweepError, SweepFile};
use crate::config::{ConfigError, RunConfig};
use crate::runs::{Planned, path_of};
use crate::settings::Settings;

/// More runs than this are a mistake.
pub const MOST_RUNS: usize = 10_000;

/// The fields that are paths.
const PATHS: [&str; 2] = ["task.data", "task.text"];

/// All runs of a sweep: every combination with every seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The fields in which combinations differ.
    pub fields: Vec<String>,
    /// What is combined; all of them are configurations that make sense, and no two are the same.
    pub combinations: Vec<Combination>,
    /// The seeds of each.
    pub seeds: Vec<u64>,
}

/// What runs that differ in their seeds only have in common.
#[derive(Clone, Debug)]
pub struct Combination {
    /// What tables call it.
    pub label: String,
    /// What the names of directories have of it; may be empty.
    pub name: String,
    /// Its value of each field that is varied, as text; empty where it has none.
    pub values: Vec<String>,
    /// The configuration, with any of the seeds.
    pub config: RunConfig,
}

impl Plan {
    /// The runs: all seeds of the first combination, then those of the next one.
    pub fn runs(&self) -> Vec<Planned> {
        let width = self.combinations.len().to_string().len();
        let combinations = self.combinations.iter().enumerate();
        let runs = combinations.flat_map(|(index, combination)| {
            self.seeds.iter().map(move |&seed| {
                let mut config = combination.config.clone();
                config.training.seed = seed;
                let label = match path_of(&combination.name) {
                    label if label.is_empty() => String::new(),
                    label => format!("{label}-"),
                };
                Planned {
                    name: format!("{:0width$}-{label}seed{seed}", index + 1),
                    config,
                }
            })
        });
        runs.collect()
    }

    /// The combination of a run, by its place in [`runs`](Self::runs).
    pub fn combination_of(&self, run: usize) -> &Combination {
        &self.combinations[run / self.seeds.len()]
    }

    /// The plan as its directory keeps it: all that results depend on.
    pub fn written(&self) -> impl Serialize {
        let combinations = self.combinations.iter().map(|combination| {
            let mut config = combination.config.without_place();
            if let Some(training) = config.get_mut("training").and_then(Value::as_object_mut) {
                training.remove("seed");
            }
            Written {
                label: combination.label.clone(),
                config,
            }
        });
        WrittenPlan {
            seeds: self.seeds.clone(),
            combinations: combinations.collect(),
        }
    }
}

#[derive(Serialize)]
struct WrittenPlan {
    seeds: Vec<u64>,
    combinations: Vec<Written>,
}

#[derive(Serialize)]
struct Written {
    label: String,
    config: Value,
}

impl SweepFile {
    /// The runs, with `data` as the directory of data files where the configuration names none and its
    /// task needs one.
    ///
    /// # Errors
    /// If there are too many of them, one makes no sense, or two are the same.
    pub fn plan(&self, data: Option<&str>) -> Result<Plan, SweepError> {
        let count = |number: usize, more: usize| number.saturating_mul(more);
        let combinations = self.grid.iter().map(|axis| axis.values.len());
        let combinations = combinations.fold(self.list.len().max(1), count);
        let runs = count(combinations, self.seeds.len().max(1));
        if runs > MOST_RUNS {
            let path = self.path.clone();
            return Err(SweepError::TooMany { path, runs });
        }
        let fields = self.fields();
        let names = Names::new(&fields);
        let mut base = self.base.clone();
        self.apply(&self.set, &mut base);
        let mut known = HashMap::new();
        let mut planned = Vec::new();
        for (index, settings) in self.settings().into_iter().enumerate() {
            let number = index + 1;
            let config = self.config(&base, &settings, data);
            let config = config.map_err(|problem| self.wrong(number, &settings, problem))?;
            let mut alike = config.clone();
            alike.training.seed = 0;
            if let Some(first) = known.insert(alike.without_place().to_string(), number) {
                let problem = format!("it is the same as combination {first}; leave one of them out");
                return Err(self.wrong(number, &settings, problem));
            }
            planned.push(Combination {
                label: names.label(&settings, &config.model.normalization),
                name: names.name(&settings),
                values: values(&fields, &settings, &config),
                config,
            });
        }
        let seeds = match self.seeds.as_slice() {
            [] => vec![planned[0].config.training.seed],
            seeds => seeds.to_vec(),
        };
        Ok(Plan {
            fields,
            combinations: planned,
            seeds,
        })
    }

    /// The fields that are varied, each once.
    fn fields(&self) -> Vec<String> {
        let listed = self.list.iter().flatten().map(|assignment| &assignment.field);
        let mut fields: Vec<String> = Vec::new();
        for field in listed.chain(self.grid.iter().map(|axis| &axis.field)) {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        }
        fields
    }

    /// What each combination sets: entries of the list outside, the last axis of the grid inside.
    fn settings(&self) -> Vec<Vec<Assignment>> {
        let mut settings = match self.list.as_slice() {
            [] => vec![Vec::new()],
            list => list.to_vec(),
        };
        for axis in &self.grid {
            let with_each = settings.iter().flat_map(|before| {
                axis.values.iter().map(move |value| {
                    let mut combination = before.clone();
                    combination.push(Assignment {
                        field: axis.field.clone(),
                        value: value.clone(),
                    });
                    combination
                })
            });
            settings = with_each.collect();
        }
        settings
    }

    /// Sets fields, whole tables before what is in them.
    fn apply(&self, assignments: &[Assignment], settings: &mut Settings) {
        let sets = |field: &str| assignments.iter().any(|assignment| assignment.field == field);
        let lengths = ["training.epochs", "training.steps"];
        if lengths.into_iter().any(sets) {
            lengths.into_iter().for_each(|field| settings.remove(field));
        }
        let mut in_order: Vec<&Assignment> = assignments.iter().collect();
        in_order.sort_by_key(|assignment| assignment.field.matches('.').count());
        for Assignment { field, value } in in_order {
            let value = match value.as_str() {
                Some(path) if PATHS.contains(&field.as_str()) => self.absolute(path),
                _ => value.clone(),
            };
            settings.set(field, value);
        }
    }

    /// A path as a configuration keeps it, from anywhere.
    fn absolute(&self, path: &str) -> Value {
        let beside = beside(&self.path, path);
        let absolute = std::path::absolute(&beside).unwrap_or(beside);
        absolute.to_str().unwrap_or(path).into()
    }

    fn config(
        &self,
        base: &Settings,
        assignments: &[Assignment],
        data: Option<&str>,
    ) -> Result<RunConfig, String> {
        let mut settings = base.clone();
        self.apply(assignments, &mut settings);
        let config = settings.config();
        let config = match (config, data) {
            (Ok(config), Some(data)) if config.task.wants_data() => {
                settings.set("task.data", data);
                settings.config()
            }
            (config, _) => config,
        };
        config.map_err(|error| match error {
            ConfigError::Value { source, .. } => source.to_string(),
            ConfigError::Syntax { source, .. } => {
                let culprit = self.culprit(assignments, source.message());
                format!("{culprit}{}; mend it in the file", source.message().trim_end())
            }
            error => error.to_string(),
        })
    }

    /// The field that alone leads to the same message, with its value.
    fn culprit(&self, assignments: &[Assignment], message: &str) -> String {
        let leads_to_it = |assignment: &&Assignment| {
            let mut settings = self.base.clone();
            self.apply(std::slice::from_ref(*assignment), &mut settings);
            matches!(settings.config(), Err(ConfigError::Syntax { source, .. }) if source.message() == message)
        };
        let mut all = assignments.iter().chain(&self.set);
        let culprit = all.find(leads_to_it);
        culprit.map_or(String::new(), |one| format!("{} = {}: ", one.field, one.value))
    }

    fn wrong(&self, number: usize, settings: &[Assignment], problem: String) -> SweepError {
        let pair = |setting: &Assignment| format!("{} = {}", setting.field, setting.value);
        let settings = match settings {
            [] => "the only one".to_owned(),
            settings => settings.iter().map(pair).collect::<Vec<_>>().join(", "),
        };
        SweepError::Combination {
            path: self.path.clone(),
            number,
            settings,
            problem,
        }
    }
}

/// The value of each field, as it is set or else as the configuration has it, the name alone of a table
/// such as `optimizer`.
fn values(fields: &[String], settings: &[Assignment], config: &RunConfig) -> Vec<String> {
    let config = serde_json::to_value(config).expect("a configuration has text as keys");
    let value = |field: &String| {
        let set = settings.iter().find(|setting| setting.field == *field);
        let found = || {
            let value = config.pointer(&format!("/{}", field.replace('.', "/")))?;
            Some(value.get("name").unwrap_or(value))
        };
        let value = set.map(|setting| &setting.value).or_else(found);
        value.map_or(String::new(), shown)
    };
    fields.iter().map(value).collect()
}
