//! The directory that holds all of a run: configuration, metrics, checkpoints, figures.

use std::fs::{self, DirEntry, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nn::files::{self, FileError};
use serde::Serialize;
use thiserror::Error;

mod checkpoints;
mod lines;
mod lock;
mod replaced;
mod results;
#[cfg(test)]
mod tests;

pub use lines::{Lines, Mark};
pub use results::{Alone, ResultsDirectory};

const CONFIG: &str = "config.toml";
const METRICS: &str = "metrics.jsonl";
const CHECKPOINT: &str = "checkpoint.safetensors";
const TIMINGS: &str = "timings.jsonl";
const FIGURES: &str = "figures";
const EVENTS: &str = "tensorboard";
/// What the names of attempts to write begin with.
const PROBE: &str = ".write-probe-";

/// The directory of one run.
///
/// It holds `config.toml`, `metrics.jsonl`, `timings.jsonl`, `checkpoint.safetensors` (the newest; some
/// earlier ones are in the folder `checkpoints`), and the folders `figures` and `tensorboard`. Files of
/// an earlier run that is replaced stay in the folder `replaced` until the new one has come to its end; other files are never touched.
///
/// Who [creates](Self::create) it or [resumes](Self::resume) what is in it keeps other programs out, as
/// long as the value or a clone of it lives.
#[derive(Debug, Clone)]
pub struct RunDirectory {
    root: PathBuf,
    lock: Option<Arc<File>>,
}

/// A run directory could not be used.
#[derive(Debug, Error)]
pub enum RunDirectoryError {
    /// It holds files already.
    #[error(
        "cannot start a run in {}: the directory exists and is not empty (it holds `{found}`); \
         choose another directory, or pass --force to replace the files of the earlier run",
        path.display()
    )]
    NotEmpty {
        /// The directory.
        path: PathBuf,
        /// The name of something in it.
        found: String,
    },
    /// Another program writes to it.
    #[error(
        "cannot write to {}: {} is at work there; wait for its end, or choose another directory",
        path.display(),
        holder.map_or("another program".to_owned(), |holder| format!("process {holder}"))
    )]
    Locked {
        /// The directory.
        path: PathBuf,
        /// The number of its process.
        holder: Option<u32>,
    },
    /// It holds the runs of something else.
    #[error(
        "{}: it has {difference}; choose another directory, or pass --force to replace the runs of the earlier \
         one",
        path.display()
    )]
    OtherPlan {
        /// The file that says which runs there are.
        path: PathBuf,
        /// The first difference.
        difference: String,
    },
    /// It is in use for something of another kind.
    #[error(
        "{} belongs to something else: a directory holds one run, or the runs of one sweep or comparison; \
         choose another directory",
        path.display()
    )]
    OtherUse {
        /// The file that says so.
        path: PathBuf,
    },
    /// There is no run in it.
    #[error(
        "{} holds no run: there is no {CONFIG}; give a directory that `bnlstm train` has begun",
        path.display()
    )]
    NoRun {
        /// The directory.
        path: PathBuf,
    },
    /// Something of another kind stands where a file or directory of the run belongs.
    #[error(
        "cannot start a run: {} is not a {expected}; move it away, or choose another run directory",
        path.display()
    )]
    WrongKind {
        /// What stands there.
        path: PathBuf,
        /// What belongs there: `file` or `directory`.
        expected: &'static str,
    },
    /// A file of the run could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file system refused something else.
    #[error("cannot {operation} {}: {source}; {}", path.display(), files::remedy(source.kind()))]
    Io {
        /// What was to be done.
        operation: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The configuration has no form in TOML.
    #[error(
        "cannot write {}: the configuration has no form in TOML: {source}; \
         give every field a name and a value that TOML knows",
        path.display()
    )]
    Config {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: toml::ser::Error,
    },
    /// A record of metrics has no form as an object in JSON.
    #[error(
        "cannot write to {}: the record is not a JSON object: {cause}; \
         record a structure or a map with text as keys",
        path.display()
    )]
    Record {
        /// The file.
        path: PathBuf,
        /// The cause.
        cause: String,
    },
}

impl RunDirectory {
    /// Creates the directory, keeps other programs out of it, and tries out that files in it can be
    /// written.
    ///
    /// `force` allows a directory that is not empty: the files of the run that it holds are put aside.
    ///
    /// # Errors
    /// [`RunDirectoryError`] if the directory holds anything and `force` is not set, if another program
    /// is at work there, if something of another kind stands in the place of a file, or if the file
    /// system refuses.
    pub fn create(path: impl Into<PathBuf>, force: bool) -> Result<Self, RunDirectoryError> {
        let mut directory = Self::open(path);
        let root = directory.root.clone();
        require(!root.exists() || root.is_dir(), &root, "directory")?;
        fs::create_dir_all(&root).map_err(io_error("create the run directory", &root))?;
        if !force {
            directory.check_empty()?;
        }
        let plan = root.join(results::PLAN);
        if plan.exists() {
            return Err(RunDirectoryError::OtherUse { path: plan });
        }
        for path in [directory.config(), directory.metrics(), directory.checkpoint()] {
            require(!path.exists() || path.is_file(), &path, "file")?;
        }
        let figures = root.join(FIGURES);
        require(!figures.exists() || figures.is_dir(), &figures, "directory")?;
        probe(&root)?;
        directory.lock = Some(Arc::new(lock::lock(&root)?));
        if !force {
            // Another program may have been at work there until now.
            directory.check_empty()?;
        }
        directory.clean();
        directory.recover()?;
        directory.put_aside()?;
        fs::create_dir_all(&figures).map_err(io_error("create the directory", &figures))?;
        probe(&figures)?;
        Ok(directory)
    }

    /// A directory in which a run was begun, which is to go on; other programs are kept out.
    ///
    /// # Errors
    /// [`RunDirectoryError`] if no run was begun there, or another program is at work there.
    pub fn resume(path: impl Into<PathBuf>) -> Result<Self, RunDirectoryError> {
        let mut directory = Self::open(path);
        let missing = |directory: &Self| RunDirectoryError::NoRun {
            path: directory.root.clone(),
        };
        if !directory.root.is_dir() || directory.check_empty().is_ok() {
            return Err(missing(&directory));
        }
        directory.lock = Some(Arc::new(lock::lock(&directory.root)?));
        directory.clean();
        directory.recover()?;
        if !directory.config().exists() {
            return Err(missing(&directory));
        }
        probe(&directory.root)?;
        let figures = directory.root.join(FIGURES);
        fs::create_dir_all(&figures).map_err(io_error("create the directory", &figures))?;
        Ok(directory)
    }

    /// Creates the first of `parent/name-1`, `parent/name-2`, … that does not exist. Programs that
    /// do so at the same time get different ones.
    ///
    /// # Errors
    /// [`RunDirectoryError`] if the file system refuses.
    pub fn create_numbered(parent: &Path, name: &str) -> Result<Self, RunDirectoryError> {
        fs::create_dir_all(parent).map_err(io_error("create the directory", parent))?;
        let mut number = 1_u64;
        loop {
            let path = parent.join(format!("{name}-{number}"));
            match fs::create_dir(&path) {
                Ok(()) => return Self::create(path, false),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(io_error("create the run directory", &path)(error)),
            }
        }
    }

    /// A directory that an earlier run has written; nothing is looked at yet.
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self {
            root: path.into(),
            lock: None,
        }
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file with the configuration of the run.
    pub fn config(&self) -> PathBuf {
        self.root.join(CONFIG)
    }

    /// The file with one line for each record of metrics.
    pub fn metrics(&self) -> PathBuf {
        self.root.join(METRICS)
    }

    /// The file with the time that was taken.
    pub fn timings(&self) -> PathBuf {
        self.root.join(TIMINGS)
    }

    /// The folder of TensorBoard's event files.
    pub fn events(&self) -> PathBuf {
        self.root.join(EVENTS)
    }

    /// The newest file with parameters, statistics and the rest of the run's state.
    pub fn checkpoint(&self) -> PathBuf {
        self.root.join(CHECKPOINT)
    }

    /// A file in the folder of figures.
    pub fn figure(&self, name: &str) -> PathBuf {
        self.root.join(FIGURES).join(name)
    }

    /// Writes the configuration, in place of an earlier one.
    ///
    /// # Errors
    /// [`RunDirectoryError`] if the value has no form in TOML or the file system refuses.
    pub fn write_config<C: Serialize>(&self, config: &C) -> Result<(), RunDirectoryError> {
        let path = self.config();
        let text = toml::to_string(config).map_err(|source| RunDirectoryError::Config {
            path: path.clone(),
            source,
        })?;
        Ok(files::write_atomically(&path, text.as_bytes())?)
    }

    /// Removes what programs have left that were killed while they wrote a file. Nobody else writes here,
    /// and what cannot be removed does no harm.
    fn clean(&self) {
        for folder in [self.root.clone(), self.root.join(checkpoints::EARLIER)] {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if is_temporary(&entry.file_name().to_string_lossy()) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }

    fn check_empty(&self) -> Result<(), RunDirectoryError> {
        let entries = fs::read_dir(&self.root).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(io_error("read the run directory", &self.root))?;
        match entries.iter().find(|entry| !is_left_over(entry)) {
            None => Ok(()),
            Some(entry) => Err(RunDirectoryError::NotEmpty {
                path: self.root.clone(),
                found: entry.file_name().to_string_lossy().into_owned(),
            }),
        }
    }
}

/// Whether it is nothing of a run: an attempt to write, a lock, or the folder of figures without any, as a run
/// that was interrupted before its first evaluation leaves it.
fn is_left_over(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let no_figures = || fs::read_dir(entry.path()).is_ok_and(|mut figures| figures.next().is_none());
    let is_lock = name == lock::LOCK || name == lock::SHARED_LOCK;
    let text = name.to_string_lossy();
    text.starts_with(PROBE) || is_temporary(&text) || is_lock || name == FIGURES && no_figures()
}

/// Whether it is the name of a file of a run while it is being written.
fn is_temporary(name: &str) -> bool {
    let names = [CONFIG, METRICS, TIMINGS, CHECKPOINT, results::PLAN, "update-"];
    let of_a_run = names.iter().any(|known| name.starts_with(&format!(".{known}")));
    of_a_run && name.ends_with(".tmp")
}

/// Creates a directory for the results of several runs, and tries out that files in it can be written.
///
/// # Errors
/// [`RunDirectoryError`] if something else stands there, or the file system refuses.
pub fn create_results(root: &Path) -> Result<(), RunDirectoryError> {
    require(!root.exists() || root.is_dir(), root, "directory")?;
    fs::create_dir_all(root).map_err(io_error("create the directory", root))?;
    probe(root)
}

/// Writes a file and removes it again: better to fail now than after an hour of training.
fn probe(directory: &Path) -> Result<(), RunDirectoryError> {
    let path = directory.join(format!("{PROBE}{}", std::process::id()));
    let mut open = OpenOptions::new();
    // It may be there: processes of two machines can have the same number.
    let mut probe = open
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .map_err(io_error("create a file in", directory))?;
    // A block of bytes on the disk, since a full disk still takes an empty file.
    let written = probe.write_all(&[0; 4096]).and_then(|()| probe.sync_all());
    drop(probe);
    let removed = match fs::remove_file(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    };
    written.map_err(io_error("write a file in", directory))?;
    removed.map_err(io_error("remove a file in", directory))
}

/// An error unless what stands at `path` fits.
fn require(fits: bool, path: &Path, expected: &'static str) -> Result<(), RunDirectoryError> {
    let path = path.to_owned();
    fits.then_some(())
        .ok_or(RunDirectoryError::WrongKind { path, expected })
}

/// Adds operation and path to an error of the file system.
fn io_error(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RunDirectoryError {
    let path = path.to_owned();
    move |source| RunDirectoryError::Io {
        operation,
        path,
        source,
    }
}
