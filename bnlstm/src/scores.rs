//! Scores with each kind of statistics.

use kernels::Real;
use nn::context::Statistics;
use serde::{Deserialize, Serialize};

use crate::table::{Column, Table};
use crate::task::{Metric, Split, Task};
use crate::trainer::{NotEstimated, Score, Trainer};

/// Scores on a part of the data with each kind of statistics.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// With those of each batch that is measured.
    pub batch: Score,
    /// With the running averages from training.
    pub running: Score,
    /// With the population estimates.
    pub population: Score,
}

impl Scores {
    /// Measures a model on a part of the task that it is trained on.
    ///
    /// # Errors
    /// If its population statistics were never estimated.
    pub fn measure<T: Real>(trainer: &mut Trainer<'_, T>, split: Split) -> Result<Self, NotEstimated> {
        Self::measure_on(trainer, trainer.task(), split)
    }

    /// Measures a model on a part of another task.
    ///
    /// # Errors
    /// If its population statistics were never estimated.
    pub fn measure_on<T: Real>(
        trainer: &mut Trainer<'_, T>,
        task: &dyn Task,
        split: Split,
    ) -> Result<Self, NotEstimated> {
        let kinds = [Statistics::Batch, Statistics::Running, Statistics::Population];
        let [batch, running, population] = trainer.evaluate_on(task, split, kinds)?;
        Ok(Self {
            batch,
            running,
            population,
        })
    }

    /// The scores by their names.
    pub fn named(&self) -> [(&'static str, Score); 3] {
        [
            ("batch", self.batch),
            ("running", self.running),
            ("population", self.population),
        ]
    }

    /// The scores side by side; `part` says on what they were measured.
    pub fn table(&self, part: &str, metric: Metric) -> Table {
        let mut table = Table::new([
            Column::words("statistics"),
            Column::numbers(format!("{part} loss")),
            Column::numbers(format!("{part} {metric}")),
        ]);
        // One more than in a table of means.
        let decimals = metric.decimals() + 1;
        for (name, score) in self.named() {
            table.row([
                name.to_owned(),
                format!("{:.4}", score.loss),
                format!("{:.decimals$}", metric.of(&score)),
            ]);
        }
        table
    }
}
