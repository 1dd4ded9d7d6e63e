//! Runs that cannot go on.

use kernels::Real;

use super::session::Session;
use super::{End, RunError};
use crate::metrics::{DivergedAt, Line};
use crate::trainer::{TrainReport, Trainer};

/// A loss so many times that of the first batch does not come back.
const TOO_LARGE: f64 = 1000.0;

/// What is wrong with some updates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Trouble(TrainReport);

fn is_trouble<T: Real>(trainer: &Trainer<'_, T>) -> Option<Trouble> {
    let report = trainer.report();
    let too_large = trainer
        .first_loss()
        .is_some_and(|first| report.loss > TOO_LARGE * first);
    (!report.is_finite() || too_large).then_some(Trouble(report))
}

impl<T: Real> Session<'_, T> {
    /// Whether the updates since the last report have gone wrong.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        is_trouble(&self.trainer)
    }

    /// Ends the run with a checkpoint from before the first bad update, and says what was wrong with it.
    pub(super) fn diverge(&mut self, trouble: Trouble) -> Result<End, RunError> {
        let seen = self.trainer.updates();
        let text = format!(
            "{}: diverged before update {seen}; looking for the cause",
            self.job.name
        );
        self.view.progress.message(&text);
        self.trainer.restore_from(&self.disk.kept)?;
        let kept = self.trainer.updates();
        let update = self.first_bad(seen);
        self.trainer.restore_from(&self.disk.kept)?;
        self.trainer.advance(update - 1 - kept, &mut || true);
        self.trainer.take_phases();
        self.keep()?;
        self.write()?;
        let diverged = DivergedAt {
            update,
            diverged: self.cause(update, trouble),
        };
        self.log.put(Line::Diverged(diverged.clone()))?;
        self.log.sync()?;
        Ok(End::Diverged(diverged))
    }

    /// What was wrong with it.
    fn cause(&mut self, update: usize, Trouble(report): Trouble) -> String {
        format!(
            "update {update}: loss {}, gradient norm {}",
            report.loss, report.gradient_norm
        )
    }

    /// The first update that goes wrong, of those up to `last`.
    fn first_bad(&mut self, last: usize) -> usize {
        while self.trainer.updates() < last {
            self.trainer.begin_report();
            self.trainer.advance(1, &mut || true);
            if is_trouble(&self.trainer).is_some() {
                break;
            }
        }
        self.trainer.updates()
    }
}
