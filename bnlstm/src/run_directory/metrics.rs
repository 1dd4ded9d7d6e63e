//! Metrics of a run as lines of JSON.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nn::files;
use serde::Serialize;

use super::{RunDirectoryError, io_error};

/// Appends records to `metrics.jsonl`: one JSON object on each line, complete after each call.
///
/// The file appears with the first record, and replaces that of an earlier run only then.
#[derive(Debug)]
pub struct MetricsWriter {
    path: PathBuf,
    output: Option<Output>,
}

impl MetricsWriter {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, output: None }
    }

    /// Appends one record. Numbers that are not finite become `null`, since JSON has none.
    ///
    /// # Errors
    /// [`RunDirectoryError`] if the record is not an object, or the file system refuses, as on a
    /// full disk; lines that were written before stay whole.
    pub fn write<R: Serialize>(&mut self, record: &R) -> Result<(), RunDirectoryError> {
        let mut line = serde_json::to_string(record).map_err(|e| self.not_an_object(e.to_string()))?;
        if !line.starts_with('{') {
            return Err(self.not_an_object(format!("it is written as `{line}`")));
        }
        line.push('\n');
        match &mut self.output {
            Some(output) => output
                .append(line.as_bytes())
                .map_err(io_error("append metrics to", &self.path)),
            None => {
                self.output = Some(Output::replace(&self.path, line.as_bytes())?);
                Ok(())
            }
        }
    }

    fn not_an_object(&self, cause: String) -> RunDirectoryError {
        RunDirectoryError::Record {
            path: self.path.clone(),
            cause,
        }
    }
}

/// An open file of whole lines.
#[derive(Debug)]
struct Output {
    file: File,
    /// Bytes of whole lines.
    length: u64,
}

impl Output {
    /// Starts a file with its first line, in place of an earlier one.
    fn replace(path: &Path, line: &[u8]) -> Result<Self, RunDirectoryError> {
        files::write_atomically(path, line)?;
        let file = File::options().append(true).open(path);
        Ok(Self {
            file: file.map_err(io_error("append metrics to", path))?,
            length: line.len() as u64,
        })
    }

    /// Appends one line, or nothing of it.
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(line) {
            // Part of the line may be in the file: cut it off, if the disk still allows that.
            let _ = self.file.set_len(self.length);
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }
}

#[cfg(test)]
impl MetricsWriter {
    /// A writer whose file is open already.
    pub(super) fn over(path: &Path, file: File) -> Self {
        let output = Some(Output { file, length: 0 });
        Self {
            path: path.to_owned(),
            output,
        }
    }
}
