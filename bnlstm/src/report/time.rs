//! What the time of runs went into.

use serde::Serialize;

use super::gather::Run;
use super::series::rounded;
use crate::metrics::Timing;

/// The phases, as a page names them.
pub const PHASES: [&str; 6] = [
    "data",
    "forward",
    "backward",
    "optimizer",
    "evaluation",
    "diagnostics",
];

/// The seconds of all lines that tell of how many updates, and these.
///
/// After a run was taken up again from an earlier checkpoint, a line begins at an update that is not
/// written anywhere; such lines do not count.
pub fn over_updates(timings: &[Timing]) -> (Timing, usize) {
    let mut sum = Timing::default();
    let mut updates = 0;
    let mut before = 0;
    for timing in timings {
        if timing.update > before {
            updates += timing.update - before;
            sum = added(sum, *timing);
        }
        before = timing.update;
    }
    (sum, updates)
}

/// The phases of two lines together.
fn added(a: Timing, b: Timing) -> Timing {
    Timing {
        update: b.update,
        data: a.data + b.data,
        forward: a.forward + b.forward,
        backward: a.backward + b.backward,
        optimizer: a.optimizer + b.optimizer,
        evaluation: a.evaluation + b.evaluation,
        diagnostics: a.diagnostics + b.diagnostics,
    }
}

fn phases(timing: Timing) -> [f64; 6] {
    [
        timing.data,
        timing.forward,
        timing.backward,
        timing.optimizer,
        timing.evaluation,
        timing.diagnostics,
    ]
}

/// The time of a group: means over its runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Time {
    /// Milliseconds of each phase for each update.
    pub per_update: Vec<Option<f64>>,
    /// Seconds of each phase in all.
    pub whole: Vec<Option<f64>>,
}

impl Time {
    /// Over the runs that have written their time; nothing if none has.
    pub fn of(runs: &[&Run]) -> Option<Self> {
        let timed = runs.iter().map(|run| over_updates(&run.timings));
        let timed: Vec<_> = timed.filter(|(_, updates)| *updates > 0).collect();
        let count = timed.len() as f64;
        let mean = |value: &dyn Fn(&(Timing, usize), usize) -> f64| {
            let phase = |phase| rounded(timed.iter().map(|run| value(run, phase)).sum::<f64>() / count);
            (0..PHASES.len()).map(phase).collect()
        };
        (!timed.is_empty()).then(|| Self {
            per_update: mean(&|(sum, updates), phase| 1e3 * phases(*sum)[phase] / *updates as f64),
            whole: mean(&|(sum, _), phase| phases(*sum)[phase]),
        })
    }
}
