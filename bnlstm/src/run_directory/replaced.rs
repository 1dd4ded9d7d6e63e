//! A run that gives way to another one in its directory.

use std::fs;
use std::path::Path;

use super::checkpoints::EARLIER;
use super::{
    CHECKPOINT, CONFIG, EVENTS, FIGURES, METRICS, RunDirectory, RunDirectoryError, TIMINGS, io_error,
};

/// The folder in which its files wait until the new run has come to its end.
const REPLACED: &str = "replaced";
/// The same while not all of them are in it.
const PARTLY: &str = ".replaced";
/// The same when they are not needed any more.
const DROPPED: &str = ".dropped";

/// All that a run writes, the configuration last: what makes a directory that of a run.
const OF_A_RUN: [&str; 7] = [METRICS, TIMINGS, CHECKPOINT, EARLIER, FIGURES, EVENTS, CONFIG];

impl RunDirectory {
    /// Puts the files of an earlier run aside. If there is one aside already, whatever has replaced it
    /// never came to a checkpoint, and is dropped.
    pub(super) fn put_aside(&self) -> Result<(), RunDirectoryError> {
        let [aside, partly] = [REPLACED, PARTLY].map(|name| self.root.join(name));
        if aside.exists() {
            return OF_A_RUN.iter().try_for_each(|name| remove(&self.root.join(name)));
        }
        if !OF_A_RUN.iter().any(|name| holds(&self.root.join(name))) {
            return Ok(());
        }
        fs::create_dir_all(&partly).map_err(io_error("create the directory", &partly))?;
        move_all(&self.root, &partly)?;
        fs::rename(&partly, &aside).map_err(io_error("move", &partly))
    }

    /// Puts them back in place of what a run that failed has left; whether there were any.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn put_back(&self) -> Result<bool, RunDirectoryError> {
        let [aside, partly] = [REPLACED, PARTLY].map(|name| self.root.join(name));
        if !aside.exists() {
            return Ok(false);
        }
        OF_A_RUN
            .iter()
            .try_for_each(|name| remove(&self.root.join(name)))?;
        // From here on they are what a program has left that was killed while it put them aside.
        fs::rename(&aside, &partly).map_err(io_error("move", &aside))?;
        self.recover()?;
        Ok(true)
    }

    /// Moves back what a program was putting aside when it was killed, and a whole run that was put aside
    /// for one that has not even begun.
    pub(super) fn recover(&self) -> Result<(), RunDirectoryError> {
        let [aside, partly] = [REPLACED, PARTLY].map(|name| self.root.join(name));
        if partly.exists() {
            move_all(&partly, &self.root)?;
            remove(&partly)?;
        }
        match !self.config().exists() && aside.join(CONFIG).exists() {
            true => self.put_back().map(drop),
            false => Ok(()),
        }
    }

    /// Drops them: the new run has come to its end. What cannot be removed now, such as a file that another
    /// program has open on a network, does no harm.
    ///
    /// # Errors
    /// If the file system refuses to rename them.
    pub fn drop_replaced(&self) -> Result<(), RunDirectoryError> {
        let [aside, dropped] = [REPLACED, DROPPED].map(|name| self.root.join(name));
        if aside.exists() {
            let _ = remove(&dropped);
            fs::rename(&aside, &dropped).map_err(io_error("move", &aside))?;
        }
        let _ = remove(&dropped);
        Ok(())
    }
}

fn move_all(from: &Path, to: &Path) -> Result<(), RunDirectoryError> {
    for name in OF_A_RUN {
        let path = from.join(name);
        if path.exists() {
            fs::rename(&path, to.join(name)).map_err(io_error("move", &path))?;
        }
    }
    Ok(())
}

/// Whether there is a file, or a folder with something in it.
fn holds(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => path.exists(),
    }
}

fn remove(path: &Path) -> Result<(), RunDirectoryError> {
    let removed = match path {
        path if path.is_dir() => fs::remove_dir_all(path),
        path if path.exists() => fs::remove_file(path),
        _ => return Ok(()),
    };
    removed.map_err(io_error("remove", path))
}
