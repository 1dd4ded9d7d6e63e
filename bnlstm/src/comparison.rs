//! Several normalizations, several seeds, as many at a time as there are threads.

use serde::Serialize;

use crate::config::RunConfig;
use crate::device::DeviceChoice;
use crate::normalization::Sites;
use crate::parallel::{Line, side_by_side};
use crate::progress::Progress;
use crate::run::{self, Length, Measured, Record, RunError};
use crate::task::{Metric, Task};
use crate::trainer::{Diverged, Trainer};

/// What is to be compared.
pub struct Plan {
    /// The task of all runs.
    pub task: Box<dyn Task>,
    /// All runs; those of one normalization differ in their seeds only.
    pub runs: Vec<RunConfig>,
}

/// Something that was seen of one run, as `metrics.jsonl` has it.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// Short name of the normalization.
    pub label: String,
    /// Seed of the run.
    pub seed: u64,
    /// What was seen.
    #[serde(flatten)]
    pub what: What,
}

/// An evaluation, or the end of a run.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum What {
    /// At an evaluation.
    Evaluated(Record),
    /// In the end, on the test examples.
    Measured(Measured),
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
    /// All its evaluations.
    pub records: Vec<Record>,
    /// Its end, or why it ended early.
    pub end: Result<Measured, Diverged>,
}

impl RunResult {
    /// Mean time of an update in ms.
    pub fn step_ms(&self) -> f64 {
        let seconds: f64 = self.records.iter().map(|record| record.train_seconds).sum();
        1e3 * seconds / self.records.last().map_or(0, |record| record.update) as f64
    }

    /// The number of epochs to the first evaluation at which the validation score under population
    /// statistics is at least as good as `target`.
    pub fn epochs_to(&self, metric: Metric, target: f64) -> Option<f64> {
        let mut records = self.records.iter();
        let first = records.find(|record| metric.reaches(metric.of(&record.valid.population), target));
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

    /// Trains all runs, as many at a time as there are threads, and passes to `each` what is seen of
    /// them.
    ///
    /// # Errors
    /// The first error of `each`; no run goes on beyond its next evaluation then.
    pub fn carry_out<E>(
        &self,
        device: DeviceChoice,
        progress: &Progress,
        each: &mut dyn FnMut(Seen) -> Result<(), E>,
    ) -> Result<Comparison, E> {
        let workers = self.workers(device);
        let work = |config: &RunConfig, line: &Line<'_, Seen>| {
            self.run(config, device.share(workers), progress, line)
        };
        let results = side_by_side(&self.runs, workers, work, each)?;
        Ok(Comparison {
            results: results.into_iter().flatten().collect(),
        })
    }

    /// One run; nothing if it was stopped.
    fn run(
        &self,
        config: &RunConfig,
        device: DeviceChoice,
        progress: &Progress,
        line: &Line<'_, Seen>,
    ) -> Option<RunResult> {
        let (sites, seed) = (config.model.normalization, config.training.seed);
        let label = sites.label();
        let mut trainer = Trainer::<f32>::new(config, self.task.as_ref(), &device.open());
        let (parameters, statistics) = trainer.counts();
        let length = Length::of(config, trainer.updates_per_epoch());
        let mut bar = progress.task(format!("{label}, seed {seed}"), length.updates as u64);
        let mut records = Vec::new();
        let tell = |what| {
            line.tell(Seen {
                label: label.clone(),
                seed,
                what,
            });
        };
        let end = run::carry_out(&mut trainer, length, &mut bar, |_, record| {
            tell(What::Evaluated(record.clone()));
            records.push(record.clone());
            if line.stopped() { Err(Stopped) } else { Ok(()) }
        });
        let end = match end {
            Err(RunError::Told(Stopped)) => return None,
            Err(RunError::Diverged(diverged)) => Err(diverged),
            Ok(measured) => {
                tell(What::Measured(measured));
                Ok(measured)
            }
        };
        Some(RunResult {
            sites,
            seed,
            parameters,
            statistics,
            records,
            end,
        })
    }
}

/// Nobody needs the run any more.
struct Stopped;
