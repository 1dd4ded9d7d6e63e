//! When something happens in a run.

use crate::config::RunConfig;

/// Updates after which there is always an occasion to look whether a run still computes numbers, and to
/// write a checkpoint if it is time.
const LOOK: usize = 100;

/// How many updates a run has in all, and from one event to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// All updates.
    pub updates: usize,
    /// Those from one evaluation to the next.
    pub interval: usize,
    /// Those from one look inside to the next; 0 if there are none.
    pub diagnostics: usize,
    /// Those from one checkpoint to the next, if they count.
    pub checkpoints: Option<usize>,
}

impl Length {
    /// Of a run whose epochs have `per_epoch` updates.
    pub fn of(config: &RunConfig, per_epoch: usize) -> Self {
        Self {
            updates: config.training.updates(per_epoch),
            interval: config.evaluation.every.unwrap_or(per_epoch),
            diagnostics: config.diagnostics.every,
            checkpoints: config.checkpoints.every,
        }
    }

    /// The next update after `done` at which there is an event. They are the same ones in a run that was
    /// taken up again.
    pub fn next_event(&self, done: usize) -> usize {
        let intervals = [LOOK, self.interval, self.diagnostics]
            .into_iter()
            .chain(self.checkpoints);
        let next = intervals
            .filter(|&interval| interval > 0)
            .map(|interval| (done / interval + 1) * interval);
        next.min().map_or(self.updates, |next| next.min(self.updates))
    }

    /// Whether the model is evaluated after `update`.
    pub fn evaluates(&self, update: usize) -> bool {
        update.is_multiple_of(self.interval) || update == self.updates
    }

    /// Whether one looks inside after `update`.
    pub fn diagnoses(&self, update: usize) -> bool {
        self.diagnostics > 0 && update.is_multiple_of(self.diagnostics)
    }

    /// Whether a checkpoint is written after `update`, whatever the time is.
    pub fn writes(&self, update: usize) -> bool {
        let of_interval = self.checkpoints.is_some_and(|every| update.is_multiple_of(every));
        of_interval || update == self.updates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_order_and_the_end_is_the_last() {
        let length = Length {
            updates: 250,
            interval: 90,
            diagnostics: 70,
            checkpoints: Some(140),
        };
        let next = |done: &usize| (*done < 250).then(|| length.next_event(*done));
        let events: Vec<usize> = std::iter::successors(Some(0), next).collect();
        assert_eq!(events, [0, 70, 90, 100, 140, 180, 200, 210, 250]);
        let at = |is: &dyn Fn(usize) -> bool| -> Vec<usize> {
            events.iter().copied().filter(|&update| is(update)).collect()
        };
        assert_eq!(at(&|update| length.evaluates(update)), [0, 90, 180, 250]);
        assert_eq!(at(&|update| length.diagnoses(update)), [0, 70, 140, 210]);
        assert_eq!(at(&|update| length.writes(update)), [0, 140, 250]);
    }

    /// A run that was stopped between two events goes on to the same ones.
    #[test]
    fn events_do_not_depend_on_where_a_run_was_stopped() {
        let length = Length {
            updates: 1000,
            interval: 12,
            diagnostics: 0,
            checkpoints: None,
        };
        assert_eq!(length.next_event(13), 24);
        assert_eq!(length.next_event(97), 100);
        assert_eq!(length.next_event(996), 1000);
        assert!(!length.diagnoses(0) && !length.writes(996));
    }
}
