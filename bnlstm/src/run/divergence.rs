//! Runs that cannot go on.

use kernels::Real;

use super::session::Session;
use super::{End, RunError};
use crate::metrics::{DivergedAt, Line};
use crate::trainer::{Cause, Trainer};

/// A loss so many times that of the first batch does not come back.
const TOO_LARGE: f64 = 1000.0;

/// What is wrong with the updates since the last report, if anything.
fn trouble<T: Real>(trainer: &Trainer<'_, T>) -> Option<Cause> {
    let report = trainer.report();
    let first = trainer.first_loss()?;
    match report.is_finite() {
        false => Some(Cause::NotFinite),
        true if report.loss > TOO_LARGE * first => Some(Cause::Grown(first)),
        true => None,
    }
}

impl<T: Real> Session<'_, T> {
    /// Whether the updates since the last report have gone wrong.
    pub(super) fn has_diverged(&self) -> bool {
        trouble(&self.trainer).is_some()
    }

    /// Ends the run with a checkpoint from before the first bad update, and says what was wrong with it.
    pub(super) fn diverge(&mut self) -> Result<End, RunError> {
        let seen = self.trainer.updates();
        let text = format!(
            "{}: diverged before update {seen}; looking for the cause",
            self.job.name
        );
        self.view.progress.message(&text);
        self.trainer.restore_from(&self.disk.kept)?;
        let kept = self.trainer.updates();
        let (update, cause) = self.first_bad(seen);
        self.trainer.restore_from(&self.disk.kept)?;
        self.trainer.advance(update - 1 - kept, &mut || true);
        self.trainer.take_phases();
        self.keep()?;
        self.write()?;
        let diverged = DivergedAt {
            update,
            diverged: self.trainer.diagnose_next(cause).to_string(),
        };
        self.log.put(Line::Diverged(diverged.clone()))?;
        self.log.sync()?;
        Ok(End::Diverged(diverged))
    }

    /// The first update that goes wrong, of those up to `last`, and how.
    fn first_bad(&mut self, last: usize) -> (usize, Cause) {
        let mut seen = None;
        while seen.is_none() && self.trainer.updates() < last {
            self.trainer.begin_report();
            self.trainer.advance(1, &mut || true);
            seen = trouble(&self.trainer);
        }
        // What no update shows alone is in their sum.
        (self.trainer.updates(), seen.unwrap_or(Cause::NotFinite))
    }
}
