//! The messages of an event file: those parts of TensorFlow's `event.proto`, `summary.proto`,
//! `histogram.proto` and `tensor.proto` that are written, with the numbers of their fields.

use prost::{Enumeration, Message, Oneof};

/// What happened at a time.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    #[prost(int64, tag = "2")]
    pub step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    pub what: Option<What>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    #[prost(message, tag = "7")]
    Session(SessionLog),
}

impl What {
    /// What an event file has to begin with.
    pub(super) fn version() -> Self {
        Self::FileVersion("brain.Event:2".to_owned())
    }

    /// From here on the run is told anew: a TensorBoard that looks on forgets the points that it has
    /// from this step on, which is how none of them are doubled.
    pub(super) fn start() -> Self {
        Self::Session(SessionLog {
            status: SessionStatus::Start.into(),
        })
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionLog {
    #[prost(enumeration = "SessionStatus", tag = "1")]
    pub status: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum SessionStatus {
    Unspecified = 0,
    Start = 1,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub values: Vec<Value>,
}

/// A point.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Value {
    #[prost(string, tag = "1")]
    pub tag: String,
    #[prost(message, optional, tag = "9")]
    pub metadata: Option<Metadata>,
    #[prost(oneof = "Content", tags = "2, 5, 8")]
    pub content: Option<Content>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Content {
    #[prost(float, tag = "2")]
    Scalar(f32),
    #[prost(message, tag = "5")]
    Histogram(Histogram),
    #[prost(message, tag = "8")]
    Tensor(Tensor),
}

impl Value {
    pub(super) fn scalar(tag: impl Into<String>, value: f64) -> Self {
        Self {
            tag: tag.into(),
            metadata: None,
            content: Some(Content::Scalar(value as f32)),
        }
    }

    pub(super) fn histogram(tag: &str, histogram: Histogram) -> Self {
        Self {
            tag: tag.to_owned(),
            metadata: None,
            content: Some(Content::Histogram(histogram)),
        }
    }

    /// Text as it stands. TensorBoard takes texts for Markdown, in which four spaces before each line
    /// say so.
    pub(super) fn code(tag: &str, text: &str) -> Self {
        let lines = text.lines().map(|line| format!("    {line}\n"));
        Self {
            tag: tag.to_owned(),
            metadata: Some(Metadata::text()),
            content: Some(Content::Tensor(Tensor::string(lines.collect()))),
        }
    }
}

/// Which part of TensorBoard shows a value.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Metadata {
    #[prost(message, optional, tag = "1")]
    pub plugin: Option<Plugin>,
    #[prost(enumeration = "DataClass", tag = "4")]
    pub class: i32,
}

impl Metadata {
    fn text() -> Self {
        Self {
            plugin: Some(Plugin {
                name: "text".to_owned(),
            }),
            class: DataClass::Tensor.into(),
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Plugin {
    #[prost(string, tag = "1")]
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum DataClass {
    Unknown = 0,
    Tensor = 2,
}

/// Counts between limits: `buckets[i]` values are at least `limits[i − 1]` and below `limits[i]`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Histogram {
    #[prost(double, tag = "1")]
    pub min: f64,
    #[prost(double, tag = "2")]
    pub max: f64,
    /// How many values there are.
    #[prost(double, tag = "3")]
    pub count: f64,
    #[prost(double, tag = "4")]
    pub sum: f64,
    #[prost(double, tag = "5")]
    pub sum_of_squares: f64,
    #[prost(double, repeated, tag = "6")]
    pub limits: Vec<f64>,
    #[prost(double, repeated, tag = "7")]
    pub buckets: Vec<f64>,
}

/// A tensor of strings.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Tensor {
    #[prost(enumeration = "DataType", tag = "1")]
    pub data_type: i32,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<TensorShape>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub strings: Vec<Vec<u8>>,
}

impl Tensor {
    fn string(text: String) -> Self {
        Self {
            data_type: DataType::String.into(),
            shape: Some(TensorShape {}),
            strings: vec![text.into_bytes()],
        }
    }
}

/// That of a single element, which has no axes.
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct TensorShape {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub(super) enum DataType {
    Invalid = 0,
    String = 7,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written down by hand: the number of a field and its wire type, then its length or value.
    #[test]
    fn a_scalar_has_these_bytes() {
        let event = Event {
            wall_time: 1.0,
            step: 300,
            what: Some(What::Summary(Summary {
                values: vec![Value::scalar("a/b", 0.5)],
            })),
        };
        let value = [0x0a, 3, b'a', b'/', b'b', 0x15, 0, 0, 0, 0x3f];
        let mut bytes = vec![0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f];
        bytes.extend([0x10, 0xac, 0x02]);
        bytes.extend([0x2a, 12, 0x0a, 10]);
        bytes.extend(value);
        assert_eq!(event.encode_to_vec(), bytes);
    }

    /// A scalar of 0 is a point, not a missing field.
    #[test]
    fn zero_is_written() {
        let bytes = Value::scalar("a", 0.0).encode_to_vec();
        assert_eq!(bytes, [0x0a, 1, b'a', 0x15, 0, 0, 0, 0]);
    }

    #[test]
    fn a_text_has_these_bytes() {
        let bytes = Value::code("t", "a\n\nb").encode_to_vec();
        let metadata = [0x4a, 10, 0x0a, 6, 0x0a, 4, b't', b'e', b'x', b't', 0x20, 2];
        assert!(bytes.windows(12).any(|part| part == metadata), "{bytes:x?}");
        let text = b"    a\n    \n    b\n";
        let size = text.len() as u8;
        let mut tensor = vec![0x42, size + 6, 0x08, 7, 0x12, 0, 0x42, size];
        tensor.extend(text);
        assert!(
            bytes.windows(tensor.len()).any(|part| part == tensor),
            "{bytes:x?}"
        );
        // Nothing else is there.
        assert_eq!(bytes.len(), 3 + metadata.len() + tensor.len());
    }
}
