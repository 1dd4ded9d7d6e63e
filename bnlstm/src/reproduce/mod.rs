//! The tables and figures of *Recurrent Batch Normalization* (Cooijmans et al. 2016), measured again.
//!
//! Each is a [`Target`]: it names the runs that it needs, and says what they have come to. Runs that
//! several targets need are trained once, and those of an earlier call in the same directory are taken
//! as they are.

mod claim;
mod experiments;
mod machine;
mod runs;
mod setting;
mod targets;
#[cfg(test)]
mod tests;

use std::path::Path;

use crate::figure::{Figure, FigureError, Sheet};
use crate::run_directory::create_results;
use crate::runs::Place;
use crate::table::Table;

pub use crate::runs::Planned;
pub use claim::Claim;
pub use machine::machine;
pub use runs::{GoodRun, ReproduceError, Results};
pub use setting::{Scale, Setting, Settled};
pub use targets::{TARGETS, Target};

/// What a target has come to.
#[derive(Default)]
pub struct Report {
    /// Its table, if it is one.
    pub table: Option<Table>,
    /// Its pictures, with the names of their files.
    pub pictures: Vec<(String, Picture)>,
    /// What the paper says, and whether it was seen.
    pub claims: Vec<Claim>,
    /// What is to be known of the numbers.
    pub notes: Vec<String>,
}

/// One pair of axes or several.
pub enum Picture {
    /// One.
    Figure(Figure),
    /// Several.
    Sheet(Sheet),
}

impl Picture {
    /// Writes the picture, or its numbers as `.csv`, by the name of the file.
    ///
    /// # Errors
    /// If there is nothing to draw, or the file system refuses.
    pub fn save(&self, path: &Path) -> Result<(), FigureError> {
        match self {
            Picture::Figure(figure) => figure.save(path),
            Picture::Sheet(sheet) => sheet.save(path),
        }
    }
}

/// A target with what it has come to.
pub struct Reproduced {
    /// The target.
    pub target: &'static Target,
    /// What it has come to.
    pub report: Report,
}

/// Trains what each target needs at `place`, measures, and passes what it has come to to `each`.
///
/// # Errors
/// If data are missing, a run in the directory is another one, or files cannot be written; what was
/// trained until then is kept. And the first error of `each`.
pub fn reproduce<E: From<ReproduceError>>(
    targets: &[&'static Target],
    setting: &Setting,
    place: &Place<'_>,
    each: &mut dyn FnMut(Reproduced) -> Result<(), E>,
) -> Result<(), E> {
    create_results(place.root).map_err(ReproduceError::from)?;
    for &target in targets {
        let planned = (target.runs)(setting)?;
        let results = runs::carry_out(&planned, place)?;
        let report = (target.report)(setting, &results, place.device)?;
        each(Reproduced { target, report })?;
    }
    Ok(())
}
