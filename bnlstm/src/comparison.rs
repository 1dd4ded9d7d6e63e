//! Several normalizations, several seeds, one after another on every thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, PoisonError};

use nn::context::Statistics;
use serde::Serialize;

use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::normalization::Sites;
use crate::progress::Progress;
use crate::task::{Split, Task};
use crate::trainer::{Diverged, Score, Trainer};

/// What is to be compared.
pub struct Plan {
    /// The task of all runs.
    pub task: Box<dyn Task>,
    /// All runs; those of one normalization differ in their seeds only.
    pub runs: Vec<RunConfig>,
}

/// An epoch of one run, as `metrics.jsonl` has it.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// Short name of the normalization.
    pub label: String,
    /// Seed of the run.
    pub seed: u64,
    /// The epoch, from 1.
    pub epoch: usize,
    /// Mean training loss in nats.
    pub train_loss: f64,
    /// Mean norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Time of this epoch's updates.
    pub train_seconds: f64,
    /// Test score with population statistics.
    pub population: Score,
    /// Test score with the statistics of each test batch.
    pub batch: Score,
}

/// One finished run.
#[derive(Debug)]
pub struct RunResult {
    /// The normalization.
    pub sites: Sites,
    /// Seed of the run.
    pub seed: u64,
    /// Number of trainable parameters.
    pub parameters: usize,
    /// Number of statistics, which training moves without gradients.
    pub statistics: usize,
    /// Number of updates in an epoch.
    pub updates_per_epoch: usize,
    /// All its epochs.
    pub epochs: Vec<Record>,
    /// Why it ended early, if it did.
    pub diverged: Option<Diverged>,
}

impl RunResult {
    /// Mean time of an update in ms.
    pub fn step_ms(&self) -> f64 {
        let seconds: f64 = self.epochs.iter().map(|record| record.train_seconds).sum();
        1e3 * seconds / (self.epochs.len() * self.updates_per_epoch) as f64
    }

    /// The first epoch whose test accuracy under population statistics is at least `accuracy`.
    pub fn epochs_to(&self, accuracy: f64) -> Option<usize> {
        let mut epochs = self.epochs.iter();
        let first = epochs.find(|record| record.population.accuracy >= accuracy);
        first.map(|record| record.epoch)
    }
}

/// All finished runs, in the order of the plan.
#[derive(Debug)]
pub struct Comparison {
    /// The runs.
    pub results: Vec<RunResult>,
}

impl Comparison {
    /// The runs of each normalization, in the order of the plan.
    pub fn by_normalization(&self) -> Vec<(Sites, Vec<&RunResult>)> {
        let mut groups: Vec<(Sites, Vec<&RunResult>)> = Vec::new();
        for result in &self.results {
            match groups.iter_mut().find(|(sites, _)| *sites == result.sites) {
                Some((_, group)) => group.push(result),
                None => groups.push((result.sites, vec![result])),
            }
        }
        groups
    }
}

impl Plan {
    /// How many runs train side by side on a device.
    pub fn workers(&self, device: DeviceChoice) -> usize {
        device.threads.min(self.runs.len()).max(1)
    }

    /// Trains all runs, as many at a time as there are threads, and passes each epoch to `each` as
    /// it ends.
    ///
    /// # Errors
    /// The first error of `each`; no further epoch is begun then.
    pub fn carry_out<E>(
        &self,
        device: DeviceChoice,
        progress: &Progress,
        each: &mut dyn FnMut(&Record) -> Result<(), E>,
    ) -> Result<Comparison, E> {
        let workers = self.workers(device);
        // What the runs cannot use side by side, each of them uses.
        let share = DeviceChoice {
            threads: (device.threads / workers).max(1),
            ..device
        };
        let queue: Mutex<VecDeque<usize>> = Mutex::new((0..self.runs.len()).collect());
        let stop = AtomicBool::new(false);
        let (sender, receiver) = mpsc::channel::<Record>();
        let mut failed = None;
        let mut finished: Vec<(usize, RunResult)> = std::thread::scope(|scope| {
            let work = |sender: Sender<Record>| {
                let (queue, stop) = (&queue, &stop);
                move || {
                    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let mut results = Vec::new();
                    while let Some(index) = next() {
                        results.push((index, self.run(index, share, progress, &sender, stop)));
                    }
                    results
                }
            };
            let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work(sender.clone()))).collect();
            drop(sender);
            for record in receiver {
                if failed.is_none() {
                    failed = each(&record).err();
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
        Ok(Comparison {
            results: finished.into_iter().map(|(_, result)| result).collect(),
        })
    }

    fn run(
        &self,
        index: usize,
        device: DeviceChoice,
        progress: &Progress,
        records: &Sender<Record>,
        stop: &AtomicBool,
    ) -> RunResult {
        let config = &self.runs[index];
        let (sites, seed) = (config.model.normalization, config.training.seed);
        let label = sites.label();
        let mut trainer = Trainer::<f32>::new(config, self.task.as_ref(), &device.open());
        let (parameters, statistics) = trainer.counts();
        let updates = config.training.epochs.saturating_mul(trainer.updates_per_epoch());
        let mut bar = progress.task(format!("{label}, seed {seed}"), updates as u64);
        let mut result = RunResult {
            sites,
            seed,
            parameters,
            statistics,
            updates_per_epoch: trainer.updates_per_epoch(),
            epochs: Vec::new(),
            diverged: None,
        };
        for epoch in 1..=config.training.epochs {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let mut left = trainer.updates_per_epoch();
            let advance = || {
                left -= 1;
                // The last update is shown together with what the epoch has come to.
                bar.advance(u64::from(left > 0));
            };
            let report = match trainer.epoch(advance) {
                Ok(report) => report,
                Err(diverged) => {
                    result.diverged = Some(diverged);
                    break;
                }
            };
            trainer.estimate();
            let [population, batch] = trainer
                .evaluate(Split::Test, [Statistics::Population, Statistics::Batch])
                .expect("the population statistics were just estimated");
            let record = Record {
                label: label.clone(),
                seed,
                epoch,
                train_loss: report.loss,
                gradient_norm: report.gradient_norm,
                train_seconds: report.time.as_secs_f64(),
                population,
                batch,
            };
            bar.set_note(format!(
                "loss {:.3}, test {:.1} %",
                record.train_loss,
                100.0 * record.population.accuracy
            ));
            bar.advance(1);
            // Nobody listens any more once writing a record has failed; `stop` ends this run.
            let _ = records.send(record.clone());
            result.epochs.push(record);
        }
        result
    }
}
