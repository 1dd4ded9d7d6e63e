//! What ends a run before its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

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
    /// By Ctrl-C or a request to end (SIGINT, SIGTERM, SIGHUP), after which a run is written to its
    /// directory; the second one ends the program at once. To be made once in a program.
    ///
    /// # Panics
    /// If it is made twice.
    #[track_caller]
    pub fn by_signals() -> Self {
        let stop = Self::default();
        let interrupted = Arc::clone(&stop.interrupted);
        let handle = move || {
            if interrupted.swap(true, Ordering::Relaxed) {
                std::process::exit(INTERRUPTED);
            }
        };
        ctrlc::set_handler(handle).expect("signals are handled once in a program");
        stop
    }

    /// The same with a limit of time, from now on.
    #[must_use]
    pub fn with_limit(self, limit: Option<Duration>) -> Self {
        Self {
            deadline: limit.map(|limit| Instant::now() + limit),
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

/// The exit code of a program that was interrupted, as shells have it.
pub const INTERRUPTED: i32 = 130;
