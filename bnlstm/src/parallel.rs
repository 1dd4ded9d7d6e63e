//! Jobs side by side on several threads.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};

/// What a job can tell and ask while it is done.
pub struct Line<'a, M> {
    messages: Sender<M>,
    stop: &'a AtomicBool,
}

impl<M> Line<'_, M> {
    /// Sends a message.
    pub fn tell(&self, message: M) {
        // Nobody listens any more only after a failure, of which `stopped` tells.
        let _ = self.messages.send(message);
    }

    /// Whether there is no use in going on.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Does all jobs, at most `workers` at a time and each on one thread, and passes what they tell to
/// `each` as it comes, on the calling thread. Results are in the order of the jobs.
///
/// # Errors
/// The first error of `each`; jobs are told to stop then, and no further one is begun.
pub fn side_by_side<J: Sync, M: Send, R: Send, E>(
    jobs: &[J],
    workers: usize,
    work: impl Fn(&J, &Line<'_, M>) -> R + Sync,
    each: &mut dyn FnMut(M) -> Result<(), E>,
) -> Result<Vec<R>, E> {
    let queue: Mutex<VecDeque<usize>> = Mutex::new((0..jobs.len()).collect());
    let stop = AtomicBool::new(false);
    let (sender, receiver) = mpsc::channel::<M>();
    let mut failed = None;
    let mut finished: Vec<(usize, R)> = std::thread::scope(|scope| {
        let (queue, stop, work) = (&queue, &stop, &work);
        let worker = |messages: Sender<M>| {
            move || {
                let line = Line { messages, stop };
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let mut results = Vec::new();
                while let (false, Some(index)) = (line.stopped(), next()) {
                    results.push((index, work(&jobs[index], &line)));
                }
                results
            }
        };
        let workers: Vec<_> = (0..workers)
            .map(|_| scope.spawn(worker(sender.clone())))
            .collect();
        drop(sender);
        for message in receiver {
            if failed.is_none() {
                failed = each(message).err();
                stop.store(failed.is_some(), Ordering::Relaxed);
            }
        }
        let results = workers.into_iter().map(|worker| match worker.join() {
            Ok(results) => results,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.flatten().collect()
    });
    if let Some(error) = failed {
        return Err(error);
    }
    finished.sort_by_key(|(index, _)| *index);
    Ok(finished.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_messages_arrive() {
        let jobs: Vec<u64> = (0..20).collect();
        let mut heard = Vec::new();
        let work = |&job: &u64, line: &Line<'_, u64>| {
            line.tell(job);
            job * job
        };
        let results = side_by_side(&jobs, 3, work, &mut |message| {
            heard.push(message);
            Ok::<(), ()>(())
        });
        assert_eq!(
            results.unwrap(),
            jobs.iter().map(|job| job * job).collect::<Vec<_>>()
        );
        heard.sort_unstable();
        assert_eq!(heard, jobs);
    }

    #[test]
    fn an_error_stops_the_jobs_that_are_left() {
        let begun = AtomicBool::new(false);
        let jobs = [0, 1, 2];
        let work = |&job: &usize, line: &Line<'_, usize>| {
            line.tell(job);
            // The first job waits until its message has failed, so that no other is begun.
            while job == 0 && !line.stopped() {
                std::thread::yield_now();
            }
            begun.fetch_or(job > 0, Ordering::Relaxed);
        };
        let error = side_by_side(&jobs, 1, work, &mut |message| Err::<(), usize>(message)).unwrap_err();
        assert_eq!(error, 0);
        assert!(!begun.load(Ordering::Relaxed));
    }
}
