//! `bnlstm data`

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::output::line;
use crate::data::directory::DataDirectory;
use crate::data::listing::Listing;

/// Says which data come with the program, which of the others are there, what their files are called,
/// and where they come from.
#[derive(Args, Debug)]
pub struct Data {
    /// The directory that is looked through.
    #[arg(long, value_name = "DIR", env = "BNLSTM_DATA")]
    data: Option<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Data {
    pub fn run(&self) -> Result<(), Failure> {
        let directory = self.data.as_ref().map(DataDirectory::open).transpose()?;
        let listing = Listing::of(directory.as_ref())?;
        if self.json {
            line(format_args!("{}", serde_json::to_string_pretty(&listing)?))?;
        } else {
            line(format_args!("{}", listing.to_string().trim_end()))?;
        }
        Ok(())
    }
}
