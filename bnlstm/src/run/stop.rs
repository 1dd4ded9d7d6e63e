//! What ends a run before its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Why a run has stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody has interrupted the program, by Ctrl-C or a request to end.
    Interrupted,
    /// The time limit is over.
    TimeLimit,
    /// Another run of the same work has failed.
    Failed,
}

/// Tells runs when to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    interrupted: Arc<AtomicBool>,
    deadline: Option<Instant>,
}

impl Stop {
    /// By Ctrl-C or a request to end (SIGINT, SIGTERM, and SIGHUP where there is one), after which a run is
    /// written to its directory; the second one ends the program at once. A signal that whoever started
    /// the program lets it ignore, as `nohup` does, stays ignored.
    pub fn by_signals() -> Self {
        let stop = Self::default();
        for signal in SIGNALS.iter().copied().filter(|&signal| !is_ignored(signal)) {
            let again = Arc::clone(&stop.interrupted);
            let first = Arc::clone(&stop.interrupted);
            // In this order: the first signal finds the flag down, and only then is it raised.
            flag::register_conditional_shutdown(signal, INTERRUPTED, again)
                .and_then(|_| flag::register(signal, first))
                .expect("these signals can be handled");
        }
        stop
    }

    /// The same with a limit of time, from now on.
    #[must_use]
    pub fn with_limit(self, limit: Option<Duration>) -> Self {
        Self {
            // A limit that no clock reaches is none.
            deadline: limit.and_then(|limit| Instant::now().checked_add(limit)),
            ..self
        }
    }

    /// Why to stop, if there is a reason.
    pub fn why(&self) -> Option<Why> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Some(Why::Interrupted);
        }
        let over = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        over.then_some(Why::TimeLimit)
    }
}

#[cfg(unix)]
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Whether the program was started with a signal ignored, where the system tells.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// The exit code of a program that was interrupted, as shells have it.
pub const INTERRUPTED: i32 = 130;
