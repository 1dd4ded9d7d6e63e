//! The newest checkpoint, and some that were written before it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use nn::files;

use super::{RunDirectory, RunDirectoryError, io_error};

/// The folder of the earlier ones.
pub(super) const EARLIER: &str = "checkpoints";
const PREFIX: &str = "update-";
const SUFFIX: &str = ".safetensors";

impl RunDirectory {
    /// All checkpoints that are there, the newest first.
    pub fn checkpoints(&self) -> Vec<PathBuf> {
        let newest = self.checkpoint();
        let earlier = self.earlier().into_iter().map(|(_, path)| path);
        newest
            .exists()
            .then_some(newest)
            .into_iter()
            .chain(earlier)
            .collect()
    }

    /// The earlier ones by their numbers of updates, the newest first.
    fn earlier(&self) -> Vec<(usize, PathBuf)> {
        let entries = fs::read_dir(self.root().join(EARLIER)).into_iter().flatten();
        let mut found: Vec<(usize, PathBuf)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let name = entry.file_name().into_string().ok()?;
                let number = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
                Some((number.parse().ok()?, entry.path()))
            })
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found
    }

    /// Writes a checkpoint as the newest one. The one before, of `before` updates, becomes an earlier
    /// one, and as many are kept as `keep` says, with the newest.
    ///
    /// # Errors
    /// If the file system refuses; the newest one is then as it was.
    pub fn write_checkpoint(
        &self,
        bytes: &[u8],
        before: Option<usize>,
        keep: usize,
    ) -> Result<(), RunDirectoryError> {
        if let (Some(update), true) = (before, keep > 1) {
            self.make_earlier(update)?;
        }
        files::write_atomically(self.checkpoint(), bytes)?;
        for (_, path) in self.earlier().into_iter().skip(keep - 1) {
            fs::remove_file(&path).map_err(io_error("remove", &path))?;
        }
        Ok(())
    }

    /// Gives a checkpoint that is damaged another name, so that it is neither taken for one nor counted.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn put_damaged_aside(&self, path: &Path) -> Result<(), RunDirectoryError> {
        fs::rename(path, path.with_extension("damaged")).map_err(io_error("move", path))
    }

    /// Gives the newest checkpoint a second name, so that there is one at every moment.
    fn make_earlier(&self, update: usize) -> Result<(), RunDirectoryError> {
        let folder = self.root().join(EARLIER);
        fs::create_dir_all(&folder).map_err(io_error("create the directory", &folder))?;
        let path = folder.join(format!("{PREFIX}{update:09}{SUFFIX}"));
        match fs::hard_link(self.checkpoint(), &path) {
            Ok(()) => files::sync_directory(&folder).map_err(io_error("bring to the disk", &folder)),
            Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => Ok(()),
            // A file system without second names.
            Err(_) => {
                let bytes = files::read(self.checkpoint())?;
                Ok(files::write_atomically(&path, &bytes)?)
            }
        }
    }
}
