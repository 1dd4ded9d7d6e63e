//! Each table and figure: the runs that it needs, and what it makes of them.

mod common;
mod fig2;
mod fig3a;
mod fig3b;
mod fig4;
mod fig6;
mod table1;
mod table2;
mod table3;
mod table4;

use super::{Planned, Report, ReproduceError, Results, Setting};
use crate::device::DeviceChoice;

/// A table or figure of the paper.
pub struct Target {
    /// Its name on the command line and of its files.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// The runs that it needs.
    pub runs: fn(&Setting) -> Result<Vec<Planned>, ReproduceError>,
    /// What it makes of them.
    pub report: fn(&Setting, &Results, DeviceChoice) -> Result<Report, ReproduceError>,
}

/// All of them, in the order of the paper.
pub static TARGETS: &[Target] = &[
    table1::TARGET,
    fig2::TARGET,
    table2::TARGET,
    fig3a::TARGET,
    fig3b::TARGET,
    table3::TARGET,
    table4::TARGET,
    fig4::TARGET,
    fig6::TARGET,
];

impl Target {
    /// The target of a name.
    pub fn find(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }
}
