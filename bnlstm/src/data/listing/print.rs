//! The list of datasets as text.

use std::fmt;

use super::{Entry, Listing, State};
use crate::table::{Column, Table};

impl Listing {
    /// A line for each dataset: who uses it, and what is there.
    pub fn table(&self) -> Table {
        let columns = ["dataset", "used by", "there"].map(Column::words);
        let mut table = Table::new(columns);
        for entry in &self.entries {
            table.row([entry.name, entry.used_by, entry.state.summary()]);
        }
        table
    }
}

impl State {
    /// In a few words.
    fn summary(&self) -> &'static str {
        match self {
            Self::BuiltIn { .. } => "built in",
            Self::Missing { .. } => "missing",
            Self::Unusable { .. } => "unusable",
            Self::Found { files, .. } => {
                let original = files.iter().map(|file| file.original);
                if original.clone().all(|original| original == Some(true)) {
                    "yes, the original"
                } else if original.clone().any(|original| original == Some(false)) {
                    "yes, but not the original"
                } else {
                    "yes"
                }
            }
        }
    }
}

/// The table, then what is to be said of each dataset.
impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.table())?;
        for entry in &self.entries {
            write!(f, "\n{entry}")?;
        }
        match &self.directory {
            Some(directory) => writeln!(f, "\nLooked for in {}", directory.display()),
            None => writeln!(
                f,
                "\nNo data directory: give one with --data DIR or the environment variable BNLSTM_DATA"
            ),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::BuiltIn { content } => writeln!(f, "{}: {content}", self.name)?,
            State::Found { content, files } => {
                match content.as_str() {
                    content if content == self.name => writeln!(f, "{content}")?,
                    content => writeln!(f, "{}: {content}", self.name)?,
                }
                for file in files {
                    writeln!(f, "  {}: {}", file.path.display(), file.status)?;
                }
            }
            State::Unusable { reason } => writeln!(f, "{}: {reason}", self.name)?,
            State::Missing { notes } => {
                writeln!(f, "{}: missing", self.name)?;
                for note in notes {
                    writeln!(f, "  {note}")?;
                }
                for (index, names) in self.forms.iter().enumerate() {
                    let introduction = if index == 0 { "named" } else { "or named" };
                    writeln!(f, "  {introduction} {}", names.join(", "))?;
                }
            }
        }
        writeln!(f, "  from {}", self.url)
    }
}
