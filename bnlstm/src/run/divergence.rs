//! Runs that cannot go on.

use kernels::Real;

use super::session::Session;
use super::{End, RunError};
use crate::metrics::{DivergedAt, Line};
use crate::trainer::Trouble;

/// A loss so many times that of the first batch does not come back.
const TOO_LARGE: f64 = 1000.0;

impl<T: Real> Session<'_, T> {
    /// The first update that has gone wrong, if one has. This is asked before anything is kept, so that
    /// what is kept is from before it.
    pub(super) fn trouble(&mut self) -> Option<Trouble> {
        self.trainer.trouble(TOO_LARGE)
    }

    /// Ends the run with a checkpoint from before a bad update, and says what was wrong with it.
    pub(super) fn diverge(&mut self, trouble: Trouble) -> Result<End, RunError> {
        let name = self.job.name;
        let text = format!(
            "{name}: diverged at update {}; looking for the cause",
            trouble.update
        );
        self.view.progress.message(&text);
        let update = self.go_back_before(trouble.update)?;
        self.keep()?;
        self.write()?;
        if trouble.update > update {
            // The update before the bad one has spoilt a parameter.
            self.trainer.advance(trouble.update - update, &mut || true);
        }
        let diverged = DivergedAt {
            update,
            diverged: self.trainer.diagnose_next(trouble.cause).to_string(),
        };
        self.log.put(Line::Diverged(diverged.clone()))?;
        self.log.sync()?;
        Ok(End::Diverged(diverged))
    }

    /// Puts the run where it was before the first update that leaves anything wrong, `last` at most, and
    /// returns its number.
    fn go_back_before(&mut self, last: usize) -> Result<usize, RunError> {
        self.trainer.restore_from(&self.disk.kept)?;
        let mut good = self.trainer.updates();
        // Of a parameter it is only known that it is bad after these updates.
        while good + 1 < last {
            self.trainer.advance(1, &mut || true);
            if self.trouble().is_some() {
                break;
            }
            good += 1;
        }
        self.trainer.restore_from(&self.disk.kept)?;
        self.trainer.advance(good - self.trainer.updates(), &mut || true);
        self.trainer.take_phases();
        Ok(good + 1)
    }
}
