//! The directory that holds several runs and what they have come to.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use nn::files;
use serde::Serialize;

use super::{FIGURES, RunDirectory, RunDirectoryError, create_results, io_error, lock};

/// What says which runs there are.
pub(super) const PLAN: &str = "plan.toml";

/// The directory of several runs: `plan.toml`, the runs in the folder `runs`, figures, and tables.
///
/// Several programs may carry out runs of the same plan in it at the same time.
#[derive(Debug)]
pub struct ResultsDirectory {
    root: PathBuf,
}

/// Keeps other programs from writing what several runs have come to.
#[derive(Debug)]
pub struct Alone {
    _lock: File,
}

impl ResultsDirectory {
    /// Creates the directory, or goes on in one that has the same plan; with `force`, in any.
    ///
    /// # Errors
    /// [`RunDirectoryError`] if it holds something else, or the file system refuses.
    pub fn create(root: &Path, plan: &impl Serialize, force: bool) -> Result<Self, RunDirectoryError> {
        let config = RunDirectory::open(root).config();
        if config.exists() {
            return Err(RunDirectoryError::OtherUse { path: config });
        }
        create_results(root)?;
        let path = root.join(PLAN);
        if !force && !path.exists() {
            // Before the lock, which is a file too. Another program may write the same plan meanwhile.
            let empty = RunDirectory::open(root).check_empty();
            empty.or_else(|error| path.exists().then_some(()).ok_or(error))?;
        }
        let _alone = lock::wait(root)?;
        let text = toml::to_string(plan).map_err(|source| RunDirectoryError::Config {
            path: path.clone(),
            source,
        })?;
        match fs::read_to_string(&path) {
            Ok(found) if found == text => {}
            Ok(found) if !force => {
                return Err(RunDirectoryError::OtherPlan {
                    difference: first_difference(&found, &text),
                    path,
                });
            }
            Err(_) if !force => RunDirectory::open(root).check_empty()?,
            _ => {}
        }
        files::write_atomically(&path, text.as_bytes())?;
        let figures = root.join(FIGURES);
        fs::create_dir_all(&figures).map_err(io_error("create the directory", &figures))?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// The first of `parent/name-1`, `parent/name-2`, … that does not exist.
    ///
    /// # Errors
    /// [`RunDirectoryError`] if the file system refuses.
    pub fn create_numbered(
        parent: &Path,
        name: &str,
        plan: &impl Serialize,
    ) -> Result<Self, RunDirectoryError> {
        let directory = RunDirectory::create_numbered(parent, name)?;
        Self::create(directory.root(), plan, false)
    }

    /// Waits until no other program writes what several runs have come to, and keeps others from it while
    /// the value lives.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn alone(&self) -> Result<Alone, RunDirectoryError> {
        Ok(Alone {
            _lock: lock::wait(&self.root)?,
        })
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file beside the plan.
    pub fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A file in the folder of figures.
    pub fn figure(&self, name: &str) -> PathBuf {
        self.root.join(FIGURES).join(name)
    }
}

/// The first line of two texts that differs.
fn first_difference(found: &str, expected: &str) -> String {
    let mut lines = found.lines();
    let mut expected = expected.lines();
    loop {
        match (lines.next(), expected.next()) {
            (Some(found), Some(now)) if found == now => {}
            (found, now) => {
                let text = |line: Option<&str>| line.map_or("nothing".to_owned(), |line| format!("`{line}`"));
                return format!("{}, where there is {} now", text(found), text(now));
            }
        }
    }
}
