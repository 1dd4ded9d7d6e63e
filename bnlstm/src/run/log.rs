//! What a run writes down as it goes.

use std::path::Path;

use nn::files;

use super::{Job, RunError};
use crate::metrics::{Line, Measured, Record, Timing};
use crate::run_directory::{Lines, Mark, RunDirectory, RunDirectoryError};
use crate::task::Metric;
use crate::tensorboard::EventWriter;

/// The files of lines of a run.
pub(super) struct Log {
    metrics: Lines,
    timings: Lines,
    events: Option<(EventWriter, Metric)>,
    /// All that the metrics have.
    pub(super) lines: Vec<Line>,
    /// All that the timings have.
    pub(super) times: Vec<Timing>,
}

impl Log {
    /// Begins after what is `kept` of the metrics, with the timings up to that update.
    pub(super) fn after(directory: &RunDirectory, kept: &[u8], update: usize) -> Result<Self, RunError> {
        let lines = parse(&directory.metrics(), kept)?;
        // What cannot be read of the timings is lost; nothing depends on it.
        let found = files::read(directory.timings()).unwrap_or_default();
        let whole = found.split_inclusive(|&byte| byte == b'\n');
        let times = whole.map_while(|line| serde_json::from_slice::<Timing>(line).ok());
        let times: Vec<Timing> = times.take_while(|timing| timing.update <= update).collect();
        let mut text = Vec::new();
        for timing in &times {
            serde_json::to_writer(&mut text, timing).expect("seconds are numbers");
            text.push(b'\n');
        }
        Ok(Self {
            metrics: Lines::after(&directory.metrics(), kept)?,
            timings: Lines::after(&directory.timings(), &text)?,
            events: None,
            lines,
            times,
        })
    }

    /// Writes what the metrics have, and will have, to event files as well.
    pub(super) fn with_events(&mut self, job: &Job<'_>) -> Result<(), RunError> {
        let config = files::read(job.directory.config()).map_err(RunDirectoryError::from)?;
        let config = String::from_utf8_lossy(&config);
        let metric = job.task.metric();
        let mut events = EventWriter::create(&job.directory.events(), &config)?;
        self.lines.iter().try_for_each(|line| events.add(line, metric))?;
        self.events = Some((events, metric));
        Ok(())
    }

    /// Writes a line of metrics.
    pub(super) fn put(&mut self, line: Line) -> Result<(), RunError> {
        self.metrics.append(&line)?;
        if let Some((events, metric)) = &mut self.events {
            events.add(&line, *metric)?;
        }
        self.lines.push(line);
        Ok(())
    }

    /// Writes a line of timings.
    pub(super) fn put_timing(&mut self, timing: Timing) -> Result<(), RunDirectoryError> {
        self.timings.append(&timing)?;
        self.times.push(timing);
        Ok(())
    }

    /// Brings all of it down to the disk.
    pub(super) fn sync(&self) -> Result<(), RunDirectoryError> {
        self.metrics.sync()?;
        self.timings.sync()
    }

    /// Where the metrics end now.
    pub(super) fn mark(&self) -> Mark {
        self.metrics.mark()
    }

    /// The evaluations.
    pub(super) fn records(&self) -> Vec<Record> {
        let records = self.lines.iter().filter_map(|line| match line {
            Line::Evaluated(record) => Some(record.clone()),
            _ => None,
        });
        records.collect()
    }

    /// The end, if it is there.
    pub(super) fn measured(&self) -> Option<Measured> {
        match self.lines.last() {
            Some(Line::Measured(measured)) => Some(*measured),
            _ => None,
        }
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<Line>, RunError> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n');
    let parsed = lines.enumerate().map(|(index, line)| {
        serde_json::from_slice(line).map_err(|error| RunError::Metrics {
            path: path.to_owned(),
            line: index + 1,
            reason: error.to_string(),
        })
    });
    parsed.collect()
}
