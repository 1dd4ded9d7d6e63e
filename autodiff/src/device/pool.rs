//! Buffers that wait for reuse.
//!
//! What waits is never more than twice what was in use at once, enough for training and evaluation
//! in turns. Where shapes differ from step to step, as with sequences of many lengths, buffers of sizes
//! that have not been asked for in the longest time are given back.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kernels::Buffer;

/// What a device's pool has done and holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatistics {
    /// Buffers that were asked of the backend since the device was made.
    pub allocations: usize,
    /// Elements of the buffers that wait for reuse.
    pub idle_elements: usize,
    /// Elements of the buffers that are in use.
    pub live_elements: usize,
    /// The most elements that were in use at once.
    pub most_live_elements: usize,
}

/// Recycled buffers by their number of elements.
pub(super) struct Pool<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    idle: HashMap<usize, Class<T>>,
    statistics: PoolStatistics,
    /// Number of buffers that were taken.
    clock: u64,
}

/// Buffers of one size.
struct Class<T> {
    buffers: Vec<Buffer<T>>,
    /// When one of them was last asked for.
    asked: u64,
}

impl<T> State<T> {
    /// Gives back buffers of the sizes that have not been asked for in the longest time, until no more
    /// wait than may.
    fn shrink(&mut self) -> Vec<Buffer<T>> {
        let mut returned = Vec::new();
        while self.statistics.idle_elements > 2 * self.statistics.most_live_elements {
            let waiting = self.idle.iter().filter(|(_, class)| !class.buffers.is_empty());
            let Some((&len, _)) = waiting.min_by_key(|(_, class)| class.asked) else {
                break;
            };
            let class = self.idle.get_mut(&len).expect("it was just seen");
            self.statistics.idle_elements -= len;
            returned.extend(class.buffers.pop());
            if class.buffers.is_empty() {
                self.idle.remove(&len);
            }
        }
        returned
    }
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                idle: HashMap::new(),
                statistics: PoolStatistics::default(),
                clock: 0,
            }),
        }
    }
}

impl<T> Pool<T> {
    /// A buffer of `len` elements with any contents.
    pub(super) fn take(&self, len: usize, allocate: impl FnOnce() -> Buffer<T>) -> Buffer<T> {
        let mut state = self.lock();
        state.clock += 1;
        let clock = state.clock;
        let statistics = &mut state.statistics;
        statistics.live_elements += len;
        statistics.most_live_elements = statistics.most_live_elements.max(statistics.live_elements);
        if let Some(class) = state.idle.get_mut(&len) {
            class.asked = clock;
            if let Some(buffer) = class.buffers.pop() {
                state.statistics.idle_elements -= len;
                return buffer;
            }
        }
        state.statistics.allocations += 1;
        drop(state);
        allocate()
    }

    pub(super) fn put(&self, buffer: Buffer<T>) {
        let len = buffer.len();
        let mut state = self.lock();
        let clock = state.clock;
        state.statistics.live_elements -= len;
        state.statistics.idle_elements += len;
        let class = state.idle.entry(len).or_insert(Class {
            buffers: Vec::new(),
            asked: clock,
        });
        class.buffers.push(buffer);
        let returned = state.shrink();
        // The memory is given back while nobody waits for the lock.
        drop(state);
        drop(returned);
    }

    pub(super) fn clear(&self) {
        let mut state = self.lock();
        state.statistics.idle_elements = 0;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        drop(idle);
    }

    pub(super) fn statistics(&self) -> PoolStatistics {
        self.lock().statistics
    }

    /// Nothing panics while the lock is held, and the state is valid after each statement: a
    /// poisoned lock can only come from an allocation failure and is no reason to panic again.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
