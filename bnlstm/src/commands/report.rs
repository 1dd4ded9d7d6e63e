//! `bnlstm report`

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use nn::files;

use super::Failure;
use super::output::line;
use crate::report::{gather, page};

/// The name of the page where none is given.
const NAME: &str = "report.html";

/// Writes one page about runs: a table over seeds, learning curves, gradients, gates, statistics and time.
/// It needs no network, and opens in any browser.
#[derive(Args, Debug)]
pub struct Report {
    /// Run directories that `train` has written, or directories that hold some.
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// The page, in place of an earlier one [default: report.html in the directory, or here if there are
    /// several].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Leave out when the page was made: the same runs give the same bytes.
    #[arg(long)]
    no_date: bool,
}

impl Report {
    pub fn run(&self) -> Result<(), Failure> {
        let runs = gather(&self.directories)?;
        let text = page(&runs, if self.no_date { None } else { now() });
        let out = self.out();
        files::write_atomically(&out, text.as_bytes())?;
        let plural = if runs.len() == 1 { "" } else { "s" };
        line(format_args!("{} run{plural}: {}", runs.len(), out.display()))?;
        Ok(())
    }

    fn out(&self) -> PathBuf {
        match (&self.out, self.directories.as_slice()) {
            (Some(out), _) => out.clone(),
            (None, [directory]) => directory.join(NAME),
            _ => Path::new(NAME).to_owned(),
        }
    }
}

/// Seconds since 1970, where the clock is right.
fn now() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.ok().map(|time| time.as_secs())
}
