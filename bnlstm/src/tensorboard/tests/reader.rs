//! Reading event files back.

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;

use crate::metrics::Line;
use crate::task::Metric;
use crate::tensorboard::event::{Content, Event, Histogram, SessionStatus, Value, What};
use crate::tensorboard::{EventWriter, now, record};

/// The configuration of all files.
pub const CONFIG: &str = "[task]\nname = \"copy\"\n\nlength = 20";

/// This program's files in a directory, in the order of their names.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "bnlstm"))
        .collect();
    files.sort();
    files
}

/// The one event file of this program in a directory.
pub fn event_file(directory: &Path) -> PathBuf {
    let mut files = files(directory);
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

/// All events of a file, whose lengths and checksums have to be right to its last byte.
pub fn events(path: &Path) -> Vec<Event> {
    let bytes = fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (length, after) = rest.split_at(8);
        let data = checked(length, after);
        let size = u64::from_le_bytes(length.try_into().unwrap()) as usize;
        let (event, after) = data.split_at(size);
        rest = checked(event, after);
        events.push(Event::decode(event).unwrap());
    }
    events
}

/// What comes after the checksum of `data`.
#[track_caller]
fn checked<'a>(data: &[u8], rest: &'a [u8]) -> &'a [u8] {
    let (sum, rest) = rest.split_at(4);
    assert_eq!(
        u32::from_le_bytes(sum.try_into().unwrap()),
        record::checksum(data)
    );
    rest
}

/// The values of the lines: step by step, without those that each file begins with.
pub fn points(path: &Path) -> Vec<(i64, Vec<Value>)> {
    let mut events = events(path).into_iter();
    let mut before = 0.0;
    let mut next = || {
        let event = events.next()?;
        assert!(before <= event.wall_time && event.wall_time <= now());
        before = event.wall_time;
        Some((event.step, event.what.unwrap()))
    };
    assert_eq!(next(), Some((0, What::FileVersion("brain.Event:2".to_owned()))));
    match next() {
        Some((0, What::Session(log))) => assert_eq!(log.status(), SessionStatus::Start),
        other => panic!("{other:?}"),
    }
    let mut summaries = std::iter::from_fn(next).map(|(step, what)| match what {
        What::Summary(summary) => (step, summary.values),
        other => panic!("{other:?}"),
    });
    let (step, config) = summaries.next().unwrap();
    assert_eq!(step, 0);
    assert_eq!(
        texts(&config),
        [(
            "config",
            "    [task]\n    name = \"copy\"\n    \n    length = 20\n".to_owned()
        )]
    );
    summaries.collect()
}

pub fn texts(values: &[Value]) -> Vec<(&str, String)> {
    let text = |value: &Value| match value.content.as_ref()? {
        Content::Tensor(tensor) => Some(String::from_utf8(tensor.strings[0].clone()).unwrap()),
        _ => None,
    };
    values
        .iter()
        .filter_map(|value| Some((value.tag.as_str(), text(value)?)))
        .collect()
}

pub fn scalars(values: &[Value]) -> Vec<(&str, f32)> {
    let scalar = |value: &Value| match value.content {
        Some(Content::Scalar(scalar)) => Some(scalar),
        _ => None,
    };
    values
        .iter()
        .filter_map(|value| Some((value.tag.as_str(), scalar(value)?)))
        .collect()
}

pub fn histograms(values: &[Value]) -> Vec<(&str, &Histogram)> {
    let mut histograms = Vec::new();
    for value in values {
        if let Some(Content::Histogram(histogram)) = &value.content {
            histograms.push((value.tag.as_str(), histogram));
        }
    }
    histograms
}

/// The values of a file with these lines.
pub fn written(lines: &[Line], metric: Metric) -> Vec<(i64, Vec<Value>)> {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = EventWriter::create(folder.path(), CONFIG).unwrap();
    let path = event_file(folder.path());
    for (index, line) in lines.iter().enumerate() {
        writer.add(line, metric).unwrap();
        // Whoever looks on sees each line at once.
        assert_eq!(events(&path).len(), 3 + index + 1);
    }
    points(&path)
}
