//! Why there is no report.

use std::io;
use std::path::PathBuf;

use nn::files;

use crate::config::ConfigError;
use crate::metrics::MetricsError;

/// There can be no report of what was given.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A directory cannot be looked into.
    #[error("cannot read the directory {}: {source}; {}", path.display(), files::remedy(source.kind()))]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A directory holds no run.
    #[error(
        "no run in {}: neither in it nor up to {depth} levels below is there a directory with config.toml \
         and metrics.jsonl; give a directory that `train` has written, or one that holds such",
        path.display()
    )]
    NoRun {
        /// The directory.
        path: PathBuf,
        /// How many levels below it were looked at.
        depth: usize,
    },
    /// The configuration of a run cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The metrics of a run cannot be used.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
}
