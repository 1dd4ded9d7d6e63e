//! Threads that work on one sequence together, a barrier apart at each step.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

/// Turns of the waiting loop before a thread offers its processor to others. A turn takes some tens
/// of processor cycles, so all of them several times what members of a team usually differ by.
const SPINS: usize = 4000;

/// What the members of a team share: a barrier, and for each member two slabs of values, so that
/// one can be written while the others still read the last.
pub(super) struct Team<T> {
    members: usize,
    arrived: AtomicUsize,
    generation: AtomicUsize,
    /// A member has panicked; whoever waits for it must not wait forever.
    broken: AtomicBool,
    slabs: Vec<[RwLock<Vec<T>>; 2]>,
}

impl<T: Copy> Team<T> {
    pub fn new(members: usize) -> Self {
        let slab = || [RwLock::new(Vec::new()), RwLock::new(Vec::new())];
        Self {
            members,
            arrived: AtomicUsize::new(0),
            generation: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            slabs: (0..members).map(|_| slab()).collect(),
        }
    }

    /// Runs `f` as a member; if it panics, the others do too.
    pub fn member<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Guard<'a>(&'a AtomicBool);
        impl Drop for Guard<'_> {
            fn drop(&mut self) {
                if std::thread::panicking() {
                    self.0.store(true, Ordering::Release);
                }
            }
        }
        let _guard = Guard(&self.broken);
        f()
    }

    /// Waits until all members are here.
    fn wait(&self) {
        let generation = self.generation.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.members {
            self.arrived.store(0, Ordering::Relaxed);
            self.generation.fetch_add(1, Ordering::Release);
            return;
        }
        let mut turns = 0;
        while self.generation.load(Ordering::Acquire) == generation {
            assert!(
                !self.broken.load(Ordering::Acquire),
                "recurrence: another thread has panicked"
            );
            turns += 1;
            if turns < SPINS {
                spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

/// The side of one member.
pub(super) struct Link<'a, T> {
    team: &'a Team<T>,
    member: usize,
    /// Number of exchanges so far, the same for all members.
    turn: usize,
}

impl<'a, T: Copy> Link<'a, T> {
    pub fn new(team: &'a Team<T>, member: usize) -> Self {
        Self {
            team,
            member,
            turn: 0,
        }
    }

    /// Shows `values` to the others, and calls `collect` with the number and the values of each of
    /// them, once all have come this far.
    pub fn exchange(&mut self, values: &[T], mut collect: impl FnMut(usize, &[T])) {
        if self.team.members == 1 {
            return;
        }
        let side = self.turn % 2;
        self.turn += 1;
        let slabs = &self.team.slabs;
        {
            let own = &slabs[self.member][side];
            let mut own = own.write().unwrap_or_else(PoisonError::into_inner);
            own.clear();
            own.extend_from_slice(values);
        }
        self.team.wait();
        for other in (0..self.team.members).filter(|&other| other != self.member) {
            let slab = &slabs[other][side];
            collect(other, &slab.read().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_sees_the_slabs_of_every_turn() {
        let team = Team::<usize>::new(3);
        std::thread::scope(|scope| {
            for member in 0..3 {
                let team = &team;
                scope.spawn(move || {
                    let mut link = Link::new(team, member);
                    for turn in 0..1000 {
                        let mut seen = 0;
                        link.exchange(&[100 * turn + member], |other, slab| {
                            assert_eq!(slab, [100 * turn + other]);
                            seen += 1;
                        });
                        assert_eq!(seen, 2);
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_ends_the_whole_team() {
        let team = Team::<f32>::new(2);
        let ended = std::thread::scope(|scope| {
            let waits = scope.spawn(|| team.member(|| Link::new(&team, 0).exchange(&[], |_, _| {})));
            let panics = scope.spawn(|| team.member(|| panic!("on purpose")));
            [waits.join().is_err(), panics.join().is_err()]
        });
        assert_eq!(ended, [true, true]);
    }
}
