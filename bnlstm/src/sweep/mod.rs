//! Sweeps: a file that says which runs there are, every combination of some settings with every seed.
//!
//! ```toml
//! preset = "digits-quick"      # or task = "…", or config = "path/of/config.toml"
//! seeds = [1, 2, 3]            # or seeds = 3 for 1 to 3; without it, that of the configuration
//!
//! [set]                        # fields of all runs
//! training.epochs = 5
//!
//! [grid]                       # every combination of these; the last varies fastest
//! model.normalization = ["none", "batch(gamma=0.1)"]
//! optimizer.learning_rate = [1e-3, 1e-2]
//!
//! [[list]]                     # instead of the grid, or crossed with it: one setting of fields each
//! model.cell = "gru"
//! model.hidden_size = 64
//! ```
//!
//! A field is named by its path, as in `--set`, in quotes or not; `[grid.model]` is a way to write the
//! same. A table in braces, `optimizer = { name = "sgd", learning_rate = 0.1, momentum = 0 }`, is a value
//! and takes the place of the whole field. An entry of the list changes what `[set]` has, and
//! `training.epochs` takes the place of `training.steps`, and the other way round. Paths are relative to
//! the file.
//!
//! Runs are in the order of the list's entries, the combinations of the grid for each, and the seeds for
//! each of these.

mod field;
mod file;
mod gather;
mod label;
mod plan;
mod results;
mod shard;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::config::ConfigError;

pub use file::SweepFile;
pub use gather::{FoundRun, GatherError, State, gather};
pub use plan::{Combination, MOST_RUNS, Plan};
pub use results::results;
pub use shard::Shard;

/// A file is not a sweep that can be carried out.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The file, or the configuration that it names, cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It is not TOML.
    #[error("{}: {}; mend it", path.display(), source.to_string().trim_end())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
    /// Something in it makes no sense.
    #[error("{}, line {line}: {field} = {value}: {remedy}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What it is about.
        field: String,
        /// What is written there.
        value: String,
        /// What would fit.
        remedy: String,
    },
    /// It does not say what its runs start from.
    #[error(
        "{}: it does not say what its runs start from; give preset = \"NAME\" (`bnlstm presets` lists them), \
         task = \"NAME\" or config = \"FILE\"",
        path.display()
    )]
    NoBase {
        /// The file.
        path: PathBuf,
    },
    /// There are too many runs.
    #[error(
        "{}: it has {runs} runs, and at most {MOST_RUNS} can be meant; give fewer values or seeds, or several \
         files",
        path.display()
    )]
    TooMany {
        /// The file.
        path: PathBuf,
        /// Their number.
        runs: usize,
    },
    /// A combination is not a configuration that makes sense.
    #[error("{}, combination {number} ({settings}): {problem}", path.display())]
    Combination {
        /// The file.
        path: PathBuf,
        /// The number of the combination, from 1.
        number: usize,
        /// What it sets.
        settings: String,
        /// What is wrong, and what would fit.
        problem: String,
    },
}
