//! What commands that carry out several runs have in common: the runs, a table, learning curves, files.

mod draw;
pub mod table;

use std::collections::HashMap;
use std::time::Instant;

use nn::files;

use super::output::line;
use super::{Failure, Stopped};
use crate::comparison::{Comparison, RunResult};
use crate::device::DeviceChoice;
use crate::progress::Progress;
use crate::run::{End, Stop};
use crate::run_directory::ResultsDirectory;
use crate::runs::{self, FinishedRun, Place, Planned, RunsError, Tasks};
use crate::sweep::{FoundRun, Plan, State, gather, results};
use crate::table::Table;
use crate::task::Metric;
use crate::trainer::Trainer;

/// Runs that are to be carried out, and shown with all of their plan.
pub struct Several<'a> {
    /// All runs.
    pub plan: &'a Plan,
    /// Those of them that are to be carried out.
    pub runs: &'a [Planned],
    /// What they learn.
    pub tasks: Tasks,
    /// Where.
    pub directory: &'a ResultsDirectory,
    /// Where progress is shown.
    pub progress: &'a Progress,
    /// Whether runs that are there are replaced.
    pub force: bool,
    /// The validation score whose first epoch is reported.
    pub target: Option<f64>,
    /// What computes.
    pub device: DeviceChoice,
    /// What ends them early.
    pub stop: &'a Stop,
    /// When the command began.
    pub start: Instant,
}

/// The runs that are measured alike and have come to their end.
pub struct Measured {
    /// How.
    pub metric: Metric,
    /// The runs.
    pub comparison: Comparison,
}

impl Several<'_> {
    /// Trains, prints and writes what all runs of the plan have come to.
    ///
    /// # Errors
    /// If runs cannot be carried out, were stopped, or have all diverged.
    pub fn carry_out(mut self) -> Result<Vec<Measured>, Failure> {
        let mut tasks = std::mem::take(&mut self.tasks);
        let progress = self.progress;
        let place = Place {
            root: self.directory.root(),
            force: self.force,
            device: self.device,
            progress,
            stop: &|| self.stop.why(),
        };
        let (finished, why) = match runs::carry_out_with(&mut tasks, self.runs, &place) {
            Ok(finished) => (finished, None),
            // What has come to its end until now is shown all the same.
            Err(RunsError::Stopped(why)) => (Vec::new(), Some(why)),
            Err(error) => return Err(error.into()),
        };
        // Whoever comes last sees what all others have come to.
        let _alone = self.directory.alone()?;
        let found = gather(self.plan.runs(), self.directory.root(), self.force)?;
        let metrics = found.iter().map(|run| {
            let task = tasks.get(&run.planned.config.task, progress)?;
            Ok(task.metric())
        });
        let metrics = metrics.collect::<Result<Vec<Metric>, Failure>>()?;
        let counts = self.counts(&finished, &found, &mut tasks)?;
        let measured = self.measured(&found, &metrics, &counts);
        self.show(&measured)?;
        self.write(&measured, &found, &metrics)?;
        draw::draw(self.plan, &measured, self.directory)?;
        self.tell_rest(&found)?;
        let root = self.directory.root().display();
        let seconds = self.start.elapsed().as_secs_f64();
        line(format_args!("results in {root}, {seconds:.1} s"))?;
        if let Some(why) = why {
            return Err(Stopped::resumable(why, self.directory.root()).into());
        }
        match found.iter().all(is_diverged) {
            true => Err(
                "every run has diverged; lower the learning rate, or training.clip, the largest norm of the \
                 gradients"
                    .into(),
            ),
            false => Ok(measured),
        }
    }

    /// Numbers of parameters and statistics of each combination that has a run to be shown.
    fn counts(
        &self,
        finished: &[FinishedRun],
        found: &[FoundRun],
        tasks: &mut Tasks,
    ) -> Result<Vec<(usize, usize)>, Failure> {
        let known = finished.iter().map(|run| (run.name.as_str(), run.ended.counts));
        let known: HashMap<&str, (usize, usize)> = known.collect();
        let mut counts = Vec::new();
        for runs in found.chunks(self.plan.seeds.len()) {
            let mut ended = runs.iter().filter(|run| matches!(run.state, State::Ended(_)));
            let here = runs.iter().find_map(|run| known.get(run.planned.name.as_str()));
            counts.push(match (here, ended.next()) {
                (Some(&counts), _) => counts,
                (None, None) => (0, 0),
                // All of them were trained by other programs.
                (None, Some(run)) => {
                    let config = &run.planned.config;
                    let task = tasks.get(&config.task, self.progress)?;
                    Trainer::<f32>::new(config, task.as_ref(), &self.device.open()).counts()
                }
            });
        }
        Ok(counts)
    }

    /// The runs that have come to their end, by how they are measured.
    fn measured(&self, found: &[FoundRun], metrics: &[Metric], counts: &[(usize, usize)]) -> Vec<Measured> {
        let mut measured: Vec<Measured> = Vec::new();
        for (index, (run, &metric)) in found.iter().zip(metrics).enumerate() {
            let Some(ended) = run.ended(counts[index / self.plan.seeds.len()]) else {
                continue;
            };
            let result = RunResult {
                label: self.plan.combination_of(index).label.clone(),
                config: run.planned.config.clone(),
                ended,
            };
            match measured.iter_mut().find(|alike| alike.metric == metric) {
                Some(alike) => alike.comparison.results.push(result),
                None => measured.push(Measured {
                    metric,
                    comparison: Comparison {
                        results: vec![result],
                    },
                }),
            }
        }
        measured
    }

    fn table(&self, measured: &Measured) -> (String, Table) {
        let workers = self.device.threads.min(self.runs.len()).max(1);
        let caption = table::caption(&measured.comparison, self.plan.seeds.len(), workers);
        let columns = table::Columns {
            metric: measured.metric,
            target: self.target,
            // Other fields change the time of a step too.
            of_none: self.plan.fields == ["model.normalization"],
            seeds: self.plan.seeds.len(),
        };
        (caption, table::table(&measured.comparison, columns))
    }

    fn show(&self, measured: &[Measured]) -> Result<(), Failure> {
        for alike in measured {
            let (caption, table) = self.table(alike);
            line(format_args!("\n{caption}"))?;
            line(format_args!("{table}"))?;
        }
        for text in measured
            .iter()
            .flat_map(|alike| table::diverged(&alike.comparison))
        {
            line(format_args!("{text}"))?;
        }
        Ok(())
    }

    /// The same as files, and a row for each run.
    fn write(&self, measured: &[Measured], found: &[FoundRun], metrics: &[Metric]) -> Result<(), Failure> {
        let mut page = String::new();
        for alike in measured {
            let (caption, table) = self.table(alike);
            page += &format!("{caption}\n{}\n", table.to_markdown());
        }
        for text in measured
            .iter()
            .flat_map(|alike| table::diverged(&alike.comparison))
        {
            page += &format!("* {text}\n");
        }
        files::write_atomically(self.directory.file("results.md"), page.as_bytes())?;
        let rows = results(self.plan, found, metrics).to_csv();
        files::write_atomically(self.directory.file("results.csv"), rows.as_bytes())?;
        Ok(())
    }

    /// Says what has not come to its end, and why that may be.
    fn tell_rest(&self, found: &[FoundRun]) -> Result<(), Failure> {
        let missing = found.iter().filter(|run| matches!(run.state, State::Missing));
        let under_way = found
            .iter()
            .filter(|run| matches!(run.state, State::UnderWay { .. }));
        let (missing, under_way) = (missing.count(), under_way.count());
        if missing + under_way > 0 {
            line(format_args!(
                "{} of {} runs have come to their end; {under_way} under way or stopped, {missing} not begun",
                found.len() - missing - under_way,
                found.len()
            ))?;
        }
        Ok(())
    }
}

fn is_diverged(run: &FoundRun) -> bool {
    matches!(run.state, State::Ended(End::Diverged(_)))
}
