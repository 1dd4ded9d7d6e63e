//! Event files, which TensorBoard shows: drawn from the lines of `metrics.jsonl`, and nothing else.
//!
//! The tags, by line of `metrics.jsonl`; the step of a point is the number of updates so far:
//!
//! | line | tags |
//! | --- | --- |
//! | [`Record`](crate::metrics::Record) | `train/loss`, `train/gradient_norm`, `train/learning_rate`, `train/epoch`, `valid/loss/…`, `valid/METRIC/…` with `batch`, `running`, `population` |
//! | [`Measured`](crate::metrics::Measured) | `test/loss/…`, `test/METRIC/…` likewise, `test/selected_update` |
//! | [`Diagnosed`](crate::metrics::Diagnosed) | `gradient/first_step`, `gradient/last_step`, `gradient/smallest`, the histogram `gradient/log10_norms` of all steps, `gates/CELL/GATE/saturated_low` and `saturated_high`, `statistics/PATH/mean_distance`, `variance_distance` and `smallest_variance`, `updates/PATH` |
//! | [`DivergedAt`](crate::metrics::DivergedAt) | the text `diverged` |
//!
//! `METRIC` is `accuracy_percent`, `error_percent`, `bits_per_character` or `squared_error`;
//! `smallest_variance` is the smallest of all time steps; `updates/PATH` is the norm of the change divided
//! by that of the parameter, left out where the parameter is 0. The text `config` is the configuration.
//! TensorBoard keeps scalars as `f32`.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use nn::files;
use prost::Message;

use crate::metrics::Line;
use crate::task::Metric;

mod event;
mod histogram;
mod points;
mod record;
#[cfg(test)]
mod tests;

use event::{Event, Summary, Value, What};

/// What TensorBoard knows an event file by.
const PREFIX: &str = "events.out.tfevents.";
/// What this program knows its own by.
const SUFFIX: &str = ".bnlstm";

/// An event file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {}: {source}; {}", path.display(), files::remedy(source.kind()))]
pub struct TensorBoardError {
    /// What was to be done.
    pub operation: &'static str,
    /// With which file or directory.
    pub path: PathBuf,
    /// The cause.
    pub source: io::Error,
}

/// Writes what `metrics.jsonl` has to an event file of TensorBoard.
///
/// A TensorBoard that looks on sees each line once [`add`](Self::add) returns. The wall time of a point
/// is the time at which it is written, since the lines have none: when a run is taken up again, all of
/// its points so far get that time.
#[derive(Debug)]
pub struct EventWriter {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines.
    length: u64,
}

impl EventWriter {
    /// Starts an event file in `directory`, which is created if need be, with the configuration as text.
    ///
    /// Earlier event files that this program has written there are emptied or removed: pass all lines of
    /// the run to [`add`](Self::add), also those from before it was taken up again. Files of other programs
    /// stay.
    ///
    /// # Errors
    /// If the file system refuses.
    pub fn create(directory: &Path, config_text: &str) -> Result<Self, TensorBoardError> {
        fs::create_dir_all(directory).map_err(failed("create the directory", directory))?;
        let earlier = clear_earlier(directory)?;
        // A TensorBoard that looks on goes from a file to those whose names sort after it.
        let second = earlier
            .map_or(0, |second| second.saturating_add(1))
            .max(now() as u64);
        let path = directory.join(format!("{PREFIX}{second:010}{SUFFIX}"));
        let file = File::options().append(true).create_new(true).open(&path);
        let file = file.map_err(failed("create", &path))?;
        let mut writer = Self {
            path,
            file,
            length: 0,
        };
        let config = Value::code("config", config_text);
        writer.append(0, [What::version(), What::start(), summary(vec![config])])?;
        Ok(writer)
    }

    /// Adds a line; its scores are shown in `metric`.
    ///
    /// # Errors
    /// If the file system refuses, as on a full disk; lines that were added before stay whole.
    pub fn add(&mut self, line: &Line, metric: Metric) -> Result<(), TensorBoardError> {
        let (update, values) = points::of(line, metric);
        self.append(update, [summary(values)])
    }

    /// Appends events, or nothing of them.
    fn append(
        &mut self,
        step: usize,
        events: impl IntoIterator<Item = What>,
    ) -> Result<(), TensorBoardError> {
        let mut bytes = Vec::new();
        for what in events {
            let event = Event {
                wall_time: now(),
                step: step as i64,
                what: Some(what),
            };
            record::append(&mut bytes, &event.encode_to_vec());
        }
        if let Err(error) = self.file.write_all(&bytes) {
            // Part of the events may be in the file: cut it off, if the disk still allows that.
            let _ = self.file.set_len(self.length);
            return Err(failed("append events to", &self.path)(error));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}

fn summary(values: Vec<Value>) -> What {
    What::Summary(Summary { values })
}

/// Seconds since 1970; 0 on a clock that stands before.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// Clears this program's event files away, and gives the latest second in their names.
///
/// The last one is emptied and stays until the next time: the reader of TensorBoard that is written in
/// Python never gets past a file that it was looking at and that is gone.
fn clear_earlier(directory: &Path) -> Result<Option<u64>, TensorBoardError> {
    let mut earlier = earlier_files(directory)?;
    let Some((second, last)) = earlier.pop() else {
        return Ok(None);
    };
    for (_, path) in earlier {
        fs::remove_file(&path).map_err(failed("remove the earlier", &path))?;
    }
    File::create(&last).map_err(failed("empty the earlier", &last))?;
    Ok(Some(second))
}

/// This program's event files, with the seconds in their names, in that order.
fn earlier_files(directory: &Path) -> Result<Vec<(u64, PathBuf)>, TensorBoardError> {
    let read = || failed("read the directory", directory);
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(read())? {
        let entry = entry.map_err(read())?;
        if let Some(second) = second_of(&entry.file_name()) {
            files.push((second, entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

/// The second in the name of one of this program's event files.
fn second_of(name: &OsStr) -> Option<u64> {
    let second = name.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    second.parse().ok()
}

/// Adds operation and path to an error of the file system.
fn failed(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> TensorBoardError {
    let path = path.to_owned();
    move |source| TensorBoardError {
        operation,
        path,
        source,
    }
}
