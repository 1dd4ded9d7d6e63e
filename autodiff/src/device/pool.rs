//! Buffers that wait for reuse.

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
}

/// Recycled buffers by their number of elements.
pub(super) struct Pool<T> {
    state: Mutex<State<T>>,
}

struct State<T> {
    idle: HashMap<usize, Vec<Buffer<T>>>,
    statistics: PoolStatistics,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                idle: HashMap::new(),
                statistics: PoolStatistics::default(),
            }),
        }
    }
}

impl<T> Pool<T> {
    /// A buffer of `len` elements with any contents.
    pub(super) fn take(&self, len: usize, allocate: impl FnOnce() -> Buffer<T>) -> Buffer<T> {
        let mut state = self.lock();
        if let Some(buffer) = state.idle.get_mut(&len).and_then(Vec::pop) {
            state.statistics.idle_elements -= len;
            return buffer;
        }
        state.statistics.allocations += 1;
        drop(state);
        allocate()
    }

    pub(super) fn put(&self, buffer: Buffer<T>) {
        let mut state = self.lock();
        state.statistics.idle_elements += buffer.len();
        state.idle.entry(buffer.len()).or_default().push(buffer);
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
