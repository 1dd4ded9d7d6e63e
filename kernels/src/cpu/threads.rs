//! How work is shared among threads.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Elementwise work of one task at least: about ten microseconds, several times what it costs to
/// wake a thread.
pub(super) const ELEMENTS: usize = 1 << 15;
/// Multiply-adds of one task at least, for the same reason.
pub(super) const PRODUCTS: usize = 1 << 20;

/// Number of tasks for `work` units when a task should have at least `grain`.
///
/// Only how the work is cut depends on it, never a result.
pub(super) fn tasks(work: usize, grain: usize, threads: usize) -> usize {
    (work / grain).clamp(1, threads)
}

/// A fixed number of threads; none of its own for a single one.
#[derive(Clone, Debug)]
pub(super) struct Threads {
    pool: Option<Arc<ThreadPool>>,
    count: usize,
}

impl Threads {
    pub fn new(count: usize) -> Self {
        assert!(count > 0, "threads: 0; give at least 1");
        let pool = (count > 1).then(|| {
            let pool = ThreadPoolBuilder::new()
                .num_threads(count)
                .thread_name(|i| format!("kernels-{i}"))
                .build()
                .expect("threads: the system refuses to start them");
            Arc::new(pool)
        });
        Self { pool, count }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// Runs `f` where parallel operations start without waking anyone first.
    pub fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(f),
            None => f(),
        }
    }

    /// Calls `f` for every task, on several threads if there are several.
    pub fn run<I: Send>(&self, mut tasks: Vec<I>, f: impl Fn(I) + Send + Sync) {
        match &self.pool {
            Some(pool) if tasks.len() > 1 => pool.install(|| tasks.into_par_iter().for_each(f)),
            _ => tasks.drain(..).for_each(f),
        }
    }

    /// Runs every task on a thread of its own, all at the same time, so that they may wait for each
    /// other; `f` gets the number of its task.
    ///
    /// # Panics
    /// If there are more tasks than threads.
    pub fn team<I: Send, R: Send>(&self, tasks: Vec<I>, f: impl Fn(usize, I) -> R + Send + Sync) -> Vec<R> {
        assert!(
            tasks.len() <= self.count,
            "team: {} members on {} threads",
            tasks.len(),
            self.count
        );
        match &self.pool {
            Some(pool) if tasks.len() > 1 => {
                let tasks: Vec<_> = tasks.into_iter().map(|task| Mutex::new(Some(task))).collect();
                let results = pool.broadcast(|context| {
                    let index = context.index();
                    let task = tasks
                        .get(index)?
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .take();
                    task.map(|task| f(index, task))
                });
                results.into_iter().flatten().collect()
            }
            _ => tasks
                .into_iter()
                .enumerate()
                .map(|(index, task)| f(index, task))
                .collect(),
        }
    }

    /// Cuts `rows` rows of `to` into one part a task; `f` gets the first row of its part.
    pub fn rows<T: Send>(
        &self,
        work: usize,
        rows: usize,
        to: &mut [T],
        f: impl Fn(usize, &mut [T]) + Send + Sync,
    ) {
        let tasks = tasks(work, ELEMENTS, self.count).min(rows.max(1));
        if tasks == 1 {
            return f(0, to);
        }
        let part = rows.div_ceil(tasks);
        let width = to.len() / rows;
        let parts = to.chunks_mut(part * width).enumerate().collect();
        self.run(parts, |(i, to): (usize, &mut [T])| f(i * part, to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_work_stays_on_the_calling_thread() {
        assert_eq!(tasks(0, 100, 8), 1);
        assert_eq!(tasks(199, 100, 8), 1);
        assert_eq!(tasks(200, 100, 8), 2);
        assert_eq!(tasks(1_000_000, 100, 8), 8);
        assert_eq!(tasks(1_000_000, 100, 1), 1);
    }

    #[test]
    fn parts_cover_all_rows_once() {
        let threads = Threads::new(3);
        let mut to = vec![0u32; 7 * 5];
        threads.rows(usize::MAX, 7, &mut to, |first, part| {
            for (i, row) in part.chunks_mut(5).enumerate() {
                row.iter_mut().for_each(|x| *x += (first + i) as u32 + 1);
            }
        });
        let want: Vec<u32> = (1..=7).flat_map(|row| [row; 5]).collect();
        assert_eq!(to, want);
    }
}
