//! `bnlstm list`

use clap::Args;

use super::Failure;
use super::output::line;
use crate::list::{Catalogue, Section};

/// Says what there is, each with one line and its reference.
#[derive(Args, Debug)]
pub struct List {
    /// What to list [default: all].
    #[arg(value_enum)]
    section: Option<Section>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl List {
    pub fn run(&self) -> Result<(), Failure> {
        let catalogue = Catalogue::of(self.section);
        if self.json {
            line(format_args!("{}", serde_json::to_string_pretty(&catalogue)?))?;
        } else {
            line(format_args!("{}", catalogue.to_string().trim_end()))?;
        }
        Ok(())
    }
}
