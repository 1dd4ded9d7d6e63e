//! Scores with each kind of statistics.

use nn::context::Statistics;
use serde::Serialize;

use crate::table::{Column, Table};
use crate::task::Split;
use crate::trainer::{NotEstimated, Score, Trainer};

/// Scores on the test examples with each kind of statistics.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Scores {
    /// With those of each test batch.
    pub batch: Score,
    /// With the running averages from training.
    pub running: Score,
    /// With the population estimates.
    pub population: Score,
}

impl Scores {
    /// Measures a model.
    ///
    /// # Errors
    /// If its population statistics were never estimated.
    pub fn measure(trainer: &mut Trainer<'_, f32>) -> Result<Self, NotEstimated> {
        let kinds = [Statistics::Batch, Statistics::Running, Statistics::Population];
        let [batch, running, population] = trainer.evaluate(Split::Test, kinds)?;
        Ok(Self {
            batch,
            running,
            population,
        })
    }

    /// The scores side by side.
    pub fn table(&self) -> Table {
        let mut table = Table::new([
            Column::words("statistics"),
            Column::numbers("test loss"),
            Column::numbers("test accuracy %"),
        ]);
        for (name, score) in [
            ("batch", self.batch),
            ("running", self.running),
            ("population", self.population),
        ] {
            table.row([
                name.to_owned(),
                format!("{:.4}", score.loss),
                format!("{:.2}", 100.0 * score.accuracy),
            ]);
        }
        table
    }
}
