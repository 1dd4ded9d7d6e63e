//! A run that is under way.

use std::time::{Duration, Instant};

use kernels::Real;
use nn::checkpoint::Checkpoint;

use super::log::Log;
use super::selection::Selection;
use super::take_up::{Beside, device, take_up};
use super::{End, Ended, Job, Length, RunError, View, Why, epochs};
use crate::diagnostics::ParamUpdate;
use crate::metrics::{Diagnosed, Line, Measured, Record, Timing};
use crate::progress;
use crate::scores::Scores;
use crate::task::Split;
use crate::trainer::Trainer;

/// A run that is under way.
pub(super) struct Session<'a, T: Real> {
    pub(super) job: &'a Job<'a>,
    pub(super) view: &'a View<'a>,
    pub(super) trainer: Trainer<'a, T>,
    pub(super) log: Log,
    pub(super) disk: Disk,
    length: Length,
    selection: Selection<T>,
    /// What the last update has changed, if that is to be told.
    changes: Vec<ParamUpdate>,
    /// What has passed since the last line of timings.
    timing: Timing,
    /// The validation score of the last evaluation, as a line of progress has it.
    valid: String,
    /// Seconds of updates since the last evaluation.
    seconds: f64,
    bar: progress::Task,
    /// Its end, if it was found in its directory.
    found: Option<End>,
}

/// The newest checkpoint in memory and on the disk.
pub(super) struct Disk {
    /// The run as it was at the last event.
    pub(super) kept: Checkpoint,
    /// Updates of the newest one on the disk.
    pub(super) written: Option<usize>,
    /// When that was written, or the run begun.
    at: Instant,
}

impl<'a, T: Real> Session<'a, T> {
    /// Takes up what the directory has, or begins.
    pub(super) fn begin(job: &'a Job<'a>, view: &'a View<'a>) -> Result<Self, RunError> {
        let mut trainer = Trainer::new(job.config, job.task, &job.device.open());
        let length = Length::of(job.config, trainer.updates_per_epoch());
        let mut found = take_up(job, &mut trainer)?;
        for remark in &found.remarks {
            view.progress.message(&format!("{}: {remark}", job.name));
        }
        let measured = found.log.measured().map(End::Measured);
        let diverged = found.diverged.map(End::Diverged);
        let written = found.checkpoint.is_some().then(|| trainer.updates());
        let kept = match found.checkpoint {
            Some(checkpoint) => checkpoint,
            None => Checkpoint::of_bytes(&job.directory.checkpoint(), Vec::new()),
        };
        // A run that has begun with event files goes on with them.
        if view.tensorboard || job.directory.events().exists() {
            found.log.with_events(job)?;
        }
        let mut selection = Selection::new(job.config.evaluation, job.task.metric());
        selection.best = found.best;
        selection.model = found.model;
        let mut bar = view.progress.task(job.name, length.updates as u64);
        bar.begin_at(trainer.updates() as u64);
        Ok(Self {
            job,
            view,
            log: found.log,
            disk: Disk {
                kept,
                written,
                at: Instant::now(),
            },
            length,
            selection,
            changes: Vec::new(),
            timing: Timing::default(),
            valid: String::new(),
            seconds: 0.0,
            bar,
            found: diverged.or(measured),
            trainer,
        })
    }

    /// Goes on to the end.
    pub(super) fn carry_out(mut self) -> Result<Ended, RunError> {
        let end = match self.found.take() {
            Some(end) => {
                if self.view.evaluations {
                    let text = format!("{}: has come to its end before", self.job.name);
                    self.view.progress.message(&text);
                }
                if let End::Measured(_) = end {
                    self.job.directory.drop_replaced()?;
                }
                end
            }
            None => self.go_on()?,
        };
        Ok(Ended {
            counts: self.trainer.counts(),
            records: self.log.records(),
            times: self.log.times,
            end,
        })
    }

    fn go_on(&mut self) -> Result<End, RunError> {
        match self.trainer.updates() {
            0 => {
                // A run that was stopped here has looked already.
                if self.log.lines.is_empty() {
                    self.look_inside(0)?;
                }
                self.keep()?;
            }
            update if self.view.evaluations => {
                let text = format!("{}: goes on after update {update}", self.job.name);
                self.view.progress.message(&text);
            }
            _ => {}
        }
        while self.trainer.updates() < self.length.updates && !self.selection.is_over() {
            let event = self.length.next_event(self.trainer.updates());
            let stopped = self.train_to(event);
            if let Some(trouble) = self.trouble() {
                return self.diverge(trouble);
            }
            if self.trainer.updates() == event {
                self.at_event(event)?;
            }
            if let Some(why) = stopped {
                return self.stop(why);
            }
        }
        self.finish()
    }

    /// Updates until the next event, unless there is a reason to stop.
    fn train_to(&mut self, event: usize) -> Option<Why> {
        if !self.length.diagnoses(event) {
            return self.advance_to(event);
        }
        // How much an update changes is seen of the last one.
        let why = self.advance_to(event - 1);
        if why.is_some() {
            return why;
        }
        let before = self.trainer.weights();
        let why = self.advance_to(event);
        self.changes = self.trainer.changes(&before);
        why
    }

    fn advance_to(&mut self, update: usize) -> Option<Why> {
        let updates = update - self.trainer.updates();
        let (bar, stop) = (&mut self.bar, self.view.stop);
        let mut why = None;
        self.trainer.advance(updates, &mut || {
            bar.advance(1);
            why = stop();
            why.is_none()
        });
        let phases = self.trainer.take_phases();
        self.timing.data += phases.data;
        self.timing.forward += phases.forward;
        self.timing.backward += phases.backward;
        self.timing.optimizer += phases.optimizer;
        self.seconds += phases.data + phases.forward + phases.backward + phases.optimizer;
        why
    }

    fn at_event(&mut self, update: usize) -> Result<(), RunError> {
        let loss = self.trainer.report().loss;
        if self.length.evaluates(update) {
            self.evaluate()?;
        }
        self.bar.set_note(format!("loss {loss:.3}{}", self.valid));
        self.look_inside(update)?;
        self.keep()?;
        let minutes = Duration::try_from_secs_f64(60.0 * self.job.config.checkpoints.minutes);
        let minutes = minutes.unwrap_or(Duration::MAX);
        if self.length.writes(update) || self.disk.at.elapsed() >= minutes {
            self.write()?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<(), RunError> {
        let start = Instant::now();
        self.trainer.estimate();
        let valid = Scores::measure(&mut self.trainer, Split::Valid);
        let valid = valid.expect("the population statistics were just estimated");
        let (update, report) = (self.trainer.updates(), self.trainer.report());
        self.trainer.begin_report();
        let record = Record {
            update,
            epoch: self.trainer.epochs(),
            learning_rate: self.trainer.learning_rate(update),
            train_loss: report.loss,
            gradient_norm: report.gradient_norm,
            valid,
        };
        let trainer = &self.trainer;
        self.selection.consider(update, &valid, || trainer.snapshot());
        self.valid = valid_note(trainer, &valid);
        if self.view.evaluations {
            let (epochs, loss) = (epochs(record.epoch), record.train_loss);
            let text = format!(
                "epoch {epochs}, update {update}: loss {loss:.3}{}, {:.2} s",
                self.valid, self.seconds
            );
            self.view.progress.message(&text);
        }
        self.seconds = 0.0;
        self.log.put(Line::Evaluated(record))?;
        self.timing.evaluation += start.elapsed().as_secs_f64();
        self.put_timing()
    }

    /// Gradients, gates, variances, statistics and changes, where it is time for them.
    fn look_inside(&mut self, update: usize) -> Result<(), RunError> {
        if !self.length.diagnoses(update) {
            return Ok(());
        }
        let start = Instant::now();
        let mut diagnostics = self.trainer.diagnose();
        diagnostics.updates = std::mem::take(&mut self.changes);
        self.log.put(Line::Diagnosed(Diagnosed { update, diagnostics }))?;
        self.timing.diagnostics += start.elapsed().as_secs_f64();
        Ok(())
    }

    fn put_timing(&mut self) -> Result<(), RunError> {
        if self.timing == Timing::default() {
            return Ok(());
        }
        self.timing.update = self.trainer.updates();
        Ok(self.log.put_timing(std::mem::take(&mut self.timing))?)
    }

    /// Keeps the run as it is now.
    pub(super) fn keep(&mut self) -> Result<(), RunError> {
        let path = self.job.directory.checkpoint();
        let beside = Beside {
            best: self.selection.best,
            metrics: self.log.mark(),
            device: device(self.job),
        };
        let bytes = self
            .trainer
            .to_bytes(&path, self.selection.model.as_ref(), &beside)?;
        self.disk.kept = Checkpoint::of_bytes(&path, bytes);
        Ok(())
    }

    /// Writes what is kept to the disk; lines come first, as they are part of it.
    pub(super) fn write(&mut self) -> Result<(), RunError> {
        self.put_timing()?;
        self.log.sync()?;
        let update = self.trainer.updates();
        let before = self.disk.written.filter(|&written| written != update);
        let keep = self.job.config.checkpoints.keep;
        let directory = self.job.directory;
        directory.write_checkpoint(self.disk.kept.bytes(), before, keep)?;
        self.disk.written = Some(update);
        self.disk.at = Instant::now();
        Ok(())
    }

    fn stop(&mut self, why: Why) -> Result<End, RunError> {
        self.keep()?;
        self.write()?;
        let update = self.trainer.updates();
        Ok(End::Stopped { update, why })
    }

    /// Measures the best model on the test examples.
    fn finish(&mut self) -> Result<End, RunError> {
        // The measurement may take long, and be interrupted.
        if self.disk.written != Some(self.trainer.updates()) {
            self.keep()?;
            self.write()?;
        }
        let start = Instant::now();
        let last = self.trainer.snapshot();
        if let Some(best) = &self.selection.model {
            self.trainer.put_back(best);
        }
        let test = Scores::measure(&mut self.trainer, Split::Test);
        self.trainer.put_back(&last);
        let update = self.trainer.updates();
        let measured = Measured {
            update,
            selected: self.selection.update().unwrap_or(update),
            test: test.expect("the population statistics were estimated"),
        };
        self.timing.evaluation += start.elapsed().as_secs_f64();
        self.log.put(Line::Measured(measured))?;
        self.keep()?;
        self.write()?;
        // Until now there was nothing better than what this replaces.
        self.job.directory.drop_replaced()?;
        Ok(End::Measured(measured))
    }
}

/// A validation score, for a line of progress.
fn valid_note<T: Real>(trainer: &Trainer<'_, T>, valid: &Scores) -> String {
    let metric = trainer.task().metric();
    format!(
        ", valid {:.*}{}",
        metric.decimals(),
        metric.of(&valid.population),
        metric.unit()
    )
}
