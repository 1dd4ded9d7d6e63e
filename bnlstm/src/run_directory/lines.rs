//! A file of lines that is appended to, and taken up again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;
use nn::files;
use serde::{Deserialize, Serialize};

use super::{RunDirectoryError, io_error};

/// How far a file of lines went at some time, and what was in it: its length and its CRC-32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    bytes: u64,
    checksum: u32,
}

impl Mark {
    /// Of a file of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.len() as u64,
            checksum: crc32fast::hash(bytes),
        }
    }

    /// The part of a file up to the mark, and what follows it; none if the file is shorter or has other
    /// bytes there.
    pub fn split(self, content: &[u8]) -> Option<(&[u8], &[u8])> {
        let (before, after) = content.split_at_checked(usize::try_from(self.bytes).ok()?)?;
        (Self::of(before) == self).then_some((before, after))
    }
}

/// Appends records to a file: one JSON object on each line, complete after each call.
#[derive(Debug)]
pub struct Lines {
    path: PathBuf,
    file: File,
    bytes: u64,
    checksum: Hasher,
}

impl Lines {
    /// Goes on after `kept`, which the file shall begin with; whatever else it has is dropped.
    ///
    /// # Errors
    /// If the file system refuses; the file is then as it was, or has `kept`.
    pub fn after(path: &Path, kept: &[u8]) -> Result<Self, RunDirectoryError> {
        let found = files::read(path).ok();
        if found.is_none_or(|found| found != kept) {
            files::write_atomically(path, kept)?;
        }
        let file = OpenOptions::new().append(true).open(path);
        let mut checksum = Hasher::new();
        checksum.update(kept);
        Ok(Self {
            path: path.to_owned(),
            file: file.map_err(io_error("append to", path))?,
            bytes: kept.len() as u64,
            checksum,
        })
    }

    /// Appends one record. Numbers that are not finite become `null`, since JSON has none.
    ///
    /// # Errors
    /// [`RunDirectoryError`] if the record is not an object, or the file system refuses, as on a
    /// full disk; lines that were written before stay whole.
    pub fn append(&mut self, record: &impl Serialize) -> Result<(), RunDirectoryError> {
        let mut line = serde_json::to_string(record).map_err(|error| self.no_object(error.to_string()))?;
        if !line.starts_with('{') {
            return Err(self.no_object(format!("it is written as `{line}`")));
        }
        line.push('\n');
        self.put(line.as_bytes())
            .map_err(io_error("append to", &self.path))
    }

    /// Appends bytes, or nothing of them.
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // Part of them may be in the file: cut it off, if the disk still allows that.
            let _ = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes += bytes.len() as u64;
        self.checksum.update(bytes);
        Ok(())
    }

    /// Brings what was appended down to the disk.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn sync(&self) -> Result<(), RunDirectoryError> {
        let synced = self.file.sync_data();
        synced.map_err(io_error("bring to the disk", &self.path))
    }

    /// Where the file ends now.
    pub fn mark(&self) -> Mark {
        Mark {
            bytes: self.bytes,
            checksum: self.checksum.clone().finalize(),
        }
    }

    fn no_object(&self, cause: String) -> RunDirectoryError {
        RunDirectoryError::Record {
            path: self.path.clone(),
            cause,
        }
    }
}

#[cfg(test)]
impl Lines {
    /// Over a file that is open already.
    pub(super) fn over(path: &Path, file: File) -> Self {
        Self {
            path: path.to_owned(),
            file,
            bytes: 0,
            checksum: Hasher::new(),
        }
    }
}
