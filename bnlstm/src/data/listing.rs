//! What data there are: built in, in the data directory, and missing.

mod print;

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::checksum::Verdict;
use super::directory::{DataDirectory, Found};
use super::images::{Images, locate};
use super::source::{ALL, Kind, Source};
use super::text::king_james_verdict;
use super::{DataError, packed};

/// All datasets, and what is there of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listing {
    /// The data directory, if one was given.
    pub directory: Option<PathBuf>,
    /// The datasets: first those that are built in.
    pub entries: Vec<Entry>,
}

/// A dataset, and what is there of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// What it is called.
    pub name: &'static str,
    /// The tasks that use it.
    pub used_by: &'static str,
    /// What is there.
    #[serde(flatten)]
    pub state: State,
    /// Where the original was published.
    pub url: &'static str,
    /// Each form in which it is read, as the names of its files.
    pub forms: Vec<Vec<&'static str>>,
}

/// What is there of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// It is part of this program.
    BuiltIn {
        /// What it holds.
        content: String,
    },
    /// It is there, complete.
    Found {
        /// What it is: its form, or what checksums and folders tell.
        content: String,
        /// Its files.
        files: Vec<FileEntry>,
    },
    /// It is not there.
    Missing {
        /// What was found in its place.
        notes: Vec<String>,
    },
    /// It is there, but cannot be used.
    Unusable {
        /// Why, and the remedy.
        reason: String,
    },
}

/// A file or a folder of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileEntry {
    /// Where it is.
    pub path: PathBuf,
    /// Whether it is the original; nothing for folders, which have no checksum.
    pub original: Option<bool>,
    /// The verdict of its checksum, or how many files are in it.
    pub status: String,
}

impl Listing {
    /// All datasets. Files of a data directory are read whole for their checksums, which takes seconds
    /// where there are many.
    ///
    /// # Errors
    /// If an embedded file is damaged. What is wrong with files of the directory is in the list.
    pub fn of(directory: Option<&DataDirectory>) -> Result<Self, DataError> {
        let mut entries = built_in()?;
        entries.extend(ALL.into_iter().map(|source| Entry {
            name: source.name,
            used_by: source.used_by,
            state: directory.map_or(State::Missing { notes: Vec::new() }, |directory| {
                state(directory, source)
            }),
            url: source.url,
            forms: source.forms.iter().map(|form| form.names().collect()).collect(),
        }));
        Ok(Self {
            directory: directory.map(|directory| directory.root().to_owned()),
            entries,
        })
    }
}

/// What is part of this program, for use without any file.
fn built_in() -> Result<Vec<Entry>, DataError> {
    let entry = |name, used_by, content: String, url| Entry {
        name,
        used_by,
        state: State::BuiltIn { content },
        url,
        forms: Vec::new(),
    };
    Ok(vec![
        entry(
            "8×8 digits",
            "digits",
            "1797 images of handwritten digits".to_owned(),
            "https://archive.ics.uci.edu/ml/datasets/optical+recognition+of+handwritten+digits",
        ),
        entry(
            "King James text",
            "charlm without data",
            format!("4 137 850 characters: {}", king_james_verdict()?),
            "Debian, package bible-kjv-text",
        ),
        entry(
            "generated questions",
            "qa without data",
            "made anew from task.data_seed, in the form of the CNN questions".to_owned(),
            "this program",
        ),
    ])
}

fn state(directory: &DataDirectory, source: &'static Source) -> State {
    let images = Images::ALL.into_iter().find(|images| images.source() == source);
    let found = match images {
        Some(images) => found_images(directory, images),
        None => directory.find(source).and_then(|found| found_files(&found)),
    };
    match found {
        Ok(state) => state,
        Err(DataError::Missing { notes, .. }) => State::Missing { notes },
        Err(error) => State::Unusable {
            reason: error.to_string(),
        },
    }
}

fn found_images(directory: &DataDirectory, wanted: Images) -> Result<State, DataError> {
    let located = locate(directory, wanted)?;
    let files = located.files.iter();
    Ok(State::Found {
        content: located.name.clone(),
        files: files
            .map(|file| FileEntry::new(&file.path, &file.verdict))
            .collect(),
    })
}

fn found_files(found: &Found) -> Result<State, DataError> {
    let entry = |path: &PathBuf| match found.form.kind {
        Kind::Files => Ok(FileEntry::new(path, &Verdict::of(&packed::read(path)?))),
        Kind::Folders => Ok(FileEntry::of_questions(path)),
    };
    let files: Result<Vec<FileEntry>, DataError> = found.paths.iter().map(entry).collect();
    Ok(State::Found {
        content: found.form.name.to_owned(),
        files: files?,
    })
}

impl FileEntry {
    fn new(path: &Path, verdict: &Verdict) -> Self {
        Self {
            path: path.to_owned(),
            original: Some(verdict.dataset().is_some()),
            status: verdict.to_string(),
        }
    }

    /// A folder, with the number of files in it that are named as questions are.
    fn of_questions(path: &Path) -> Self {
        let status = match fs::read_dir(path) {
            Ok(list) => {
                let names = list.filter_map(|entry| Some(entry.ok()?.path()));
                let questions = names.filter(|name| name.extension().is_some_and(|end| end == "question"));
                format!("{} questions", questions.count())
            }
            Err(error) => format!("cannot be listed: {error}"),
        };
        Self {
            path: path.to_owned(),
            original: None,
            status,
        }
    }
}

#[cfg(test)]
mod tests;
