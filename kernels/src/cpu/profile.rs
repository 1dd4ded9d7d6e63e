//! Where the time of a device goes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Kinds of work whose time is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Matrix products, with the packing of their operands.
    Product,
    /// Moments, and gradients through them.
    Normalization,
    /// Gates and cells, and other elementwise operations.
    Gates,
    /// Optimizer updates.
    Optimizer,
    /// What the threads of a recurrence tell each other, with the waiting for it.
    Exchange,
}

impl Work {
    /// All kinds.
    pub const ALL: [Self; 5] = [
        Self::Product,
        Self::Normalization,
        Self::Gates,
        Self::Optimizer,
        Self::Exchange,
    ];

    /// Name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Normalization => "normalization",
            Self::Gates => "gates",
            Self::Optimizer => "optimizer",
            Self::Exchange => "exchange",
        }
    }
}

/// Times by kind of work, of one thread: the calling one, or the first of a recurrence's.
#[derive(Debug, Default)]
pub struct Profile {
    nanoseconds: [AtomicU64; Work::ALL.len()],
}

impl Profile {
    /// Time of a kind of work since the last [`reset`](Self::reset).
    pub fn time(&self, work: Work) -> Duration {
        Duration::from_nanos(self.nanoseconds[work as usize].load(Ordering::Relaxed))
    }

    /// Starts again at 0.
    pub fn reset(&self) {
        for nanoseconds in &self.nanoseconds {
            nanoseconds.store(0, Ordering::Relaxed);
        }
    }

    fn add(&self, work: Work, time: Duration) {
        self.nanoseconds[work as usize].fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }
}

/// Takes the times of one piece of work after another; does nothing without a profile.
pub(super) struct Watch<'a> {
    running: Option<(&'a Profile, Instant)>,
}

impl<'a> Watch<'a> {
    pub fn start(profile: Option<&'a Profile>) -> Self {
        Self {
            running: profile.map(|profile| (profile, Instant::now())),
        }
    }

    /// Counts the time since the last lap as time of `work`.
    pub fn lap(&mut self, work: Work) {
        if let Some((profile, last)) = &mut self.running {
            let now = Instant::now();
            profile.add(work, now - *last);
            *last = now;
        }
    }
}

/// Takes the time of one kind of work, from its start until it is dropped.
pub(super) struct Timed<'a> {
    watch: Watch<'a>,
    work: Work,
}

impl<'a> Timed<'a> {
    pub fn start(profile: Option<&'a Profile>, work: Work) -> Self {
        Self {
            watch: Watch::start(profile),
            work,
        }
    }
}

impl Drop for Timed<'_> {
    fn drop(&mut self) {
        self.watch.lap(self.work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lap_goes_to_its_kind_of_work() {
        let profile = Profile::default();
        let mut watch = Watch::start(Some(&profile));
        std::thread::sleep(Duration::from_millis(2));
        watch.lap(Work::Gates);
        watch.lap(Work::Product);
        assert!(profile.time(Work::Gates) >= Duration::from_millis(2));
        assert_eq!(profile.time(Work::Exchange), Duration::ZERO);
        profile.reset();
        assert_eq!(profile.time(Work::Gates), Duration::ZERO);
    }
}
