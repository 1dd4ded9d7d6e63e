//! Runs that differ only in their seeds, and what such groups are called.

use super::differences::{Differences, Fields};
use super::gather::Run;

/// More fields than this in a name are counted, not named.
const MOST_NAMED: usize = 3;
/// Fields that a label says already.
const IN_LABEL: [&str; 2] = ["model.normalization", "model.cell"];

/// Runs that differ only in their seeds.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// What it is called among the others.
    pub name: String,
    /// What its runs have in common.
    pub fields: Fields,
    /// The runs, by their seeds.
    pub runs: Vec<&'a Run>,
}

impl<'a> Group<'a> {
    /// Adds a run. Of copies of a run, which have the same seed and say nothing new, the longest counts.
    fn put(&mut self, run: &'a Run) {
        let seed = run.config.training.seed;
        match self
            .runs
            .iter_mut()
            .find(|known| known.config.training.seed == seed)
        {
            None => self.runs.push(run),
            Some(known) if known.updates() < run.updates() => *known = run,
            Some(_) => {}
        }
    }
}

/// The groups of some runs, in the order in which they come first, and in what they differ.
pub fn group(runs: &[Run]) -> (Vec<Group<'_>>, Differences) {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for run in runs {
        let fields = Fields::of_group(&run.config);
        match groups.iter_mut().find(|group| group.fields == fields) {
            Some(group) => group.put(run),
            None => groups.push(Group {
                name: String::new(),
                fields,
                runs: vec![run],
            }),
        }
    }
    let all: Vec<Fields> = groups.iter().map(|group| group.fields.clone()).collect();
    let differences = Differences::among(&all);
    for (index, group) in groups.iter_mut().enumerate() {
        group.runs.sort_by_key(|run| run.config.training.seed);
        group.name = name(group, index, &differences);
    }
    tell_apart(&mut groups);
    (groups, differences)
}

/// The label of its normalization, and the other fields in which it differs.
fn name(group: &Group<'_>, index: usize, differences: &Differences) -> String {
    let mut parts = vec![group.runs[0].config.model.normalization.label()];
    let fields = differences.fields.iter().zip(&differences.values);
    let others = fields.filter(|(field, _)| !IN_LABEL.contains(&field.as_str()));
    let others: Vec<String> = others
        .filter_map(|(field, values)| {
            let value = values[index].as_ref()?;
            Some(format!("{}={value}", short(field, &differences.fields)))
        })
        .collect();
    parts.extend(others.iter().take(MOST_NAMED).cloned());
    if others.len() > MOST_NAMED {
        parts.push(format!("{} more", others.len() - MOST_NAMED));
    }
    parts.join(", ")
}

/// The last part of a field's path, where no other field in `all` has the same.
fn short<'f>(field: &'f str, all: &[String]) -> &'f str {
    let last = |field: &'f str| field.rsplit('.').next().unwrap_or(field);
    let end = format!(".{}", last(field));
    match all.iter().filter(|other| other.ends_with(&end)).count() {
        0 | 1 => last(field),
        _ => field,
    }
}

/// Adds the directory of the first run to names that several groups have.
fn tell_apart(groups: &mut [Group<'_>]) {
    let names: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
    for group in groups {
        if names.iter().filter(|name| **name == group.name).count() > 1 {
            group.name = format!("{}, {}", group.name, group.runs[0].path.display());
        }
    }
}
