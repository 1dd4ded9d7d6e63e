//! Runs that nobody has trained.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::RunConfig;
use crate::diagnostics::{Diagnostics, Gate, ParamUpdate, SiteMoments};
use crate::metrics::{Diagnosed, DivergedAt, Line, Measured, Record, Timing};
use crate::normalization::Sites;
use crate::presets::Preset;
use crate::report::{Run, State};
use crate::scores::Scores;
use crate::settings::Settings;
use crate::trainer::Score;

/// Two epochs of a small model on the digits.
pub fn config(normalization: &str, seed: u64) -> RunConfig {
    let preset = Preset::find("digits-quick").expect("it comes with the program");
    let mut config = Settings::of_preset(preset).config().expect("it is whole");
    let cell = config.model.normalization.cell();
    config.model.normalization = Sites::parse(cell, normalization).expect("a normalization");
    config.training.epochs = Some(2);
    config.training.seed = seed;
    config
}

/// A run of which ten updates are an epoch.
pub struct Made(Run);

/// The accuracy is one hundredth less with running, two with batch statistics.
fn scores(accuracy: f64) -> Scores {
    let score = |less: f64| Score {
        loss: 1.0 - accuracy,
        accuracy: accuracy - less,
    };
    Scores {
        batch: score(0.02),
        running: score(0.01),
        population: score(0.0),
    }
}

impl Made {
    /// A run that has just begun.
    pub fn new(config: RunConfig) -> Self {
        Self(Run {
            path: PathBuf::from("run"),
            config,
            records: Vec::new(),
            diagnosed: Vec::new(),
            state: State::Unfinished,
            timings: Vec::new(),
            statistics: Err("there is no checkpoint".to_owned()),
        })
    }

    /// In a directory.
    pub fn at(mut self, path: &str) -> Self {
        self.0.path = PathBuf::from(path);
        self
    }

    /// Evaluated after every epoch, with times of 10 ms for each update.
    pub fn scores(mut self, accuracies: &[f64]) -> Self {
        for (index, &accuracy) in accuracies.iter().enumerate() {
            let update = 10 * (index + 1);
            self.0.records.push(Record {
                update,
                epoch: (index + 1) as f64,
                learning_rate: 0.001,
                train_loss: 1.0,
                gradient_norm: 0.5,
                valid: scores(accuracy),
            });
            self.0.timings.push(Timing {
                update,
                data: 0.01,
                forward: 0.06,
                backward: 0.02,
                optimizer: 0.01,
                evaluation: 0.5,
                diagnostics: 0.25,
            });
        }
        self
    }

    /// With looks inside before the first update and after ten.
    pub fn looked_inside(mut self) -> Self {
        for update in [0, 10] {
            let distance = (update > 0).then_some(0.1);
            let gate = |gate: &str| Gate {
                cell: "lstm".to_owned(),
                gate: gate.to_owned(),
                low: 0.25,
                high: 0.5,
            };
            let weights = ParamUpdate {
                path: "lstm/w_h".to_owned(),
                weight: 8.0,
                change: 0.008,
            };
            let diagnostics = Diagnostics {
                gradient_norms: (0..12_u8).map(|t| f32::from(t) * 0.1).collect(),
                gates: ["i", "f", "o", "g"].map(gate).into(),
                sites: vec![SiteMoments {
                    path: "lstm/norm_h".to_owned(),
                    smallest_variance: vec![0.5; 12],
                    mean_distance: distance,
                    variance_distance: distance,
                }],
                updates: vec![weights],
            };
            self.0.diagnosed.push(Diagnosed { update, diagnostics });
        }
        self
    }

    /// At its end.
    pub fn finished(mut self, accuracy: f64) -> Self {
        let update = self.0.updates();
        self.0.state = State::Finished(Measured {
            update,
            selected: update,
            test: scores(accuracy),
        });
        self
    }

    /// Diverged at the next update.
    pub fn diverged(mut self, reason: &str) -> Self {
        self.0.state = State::Diverged(DivergedAt {
            update: self.0.updates() + 1,
            diverged: reason.to_owned(),
        });
        self
    }

    pub fn run(self) -> Run {
        self.0
    }

    /// Writes what a run writes but for its checkpoint.
    pub fn write(self, directory: &Path) {
        fs::create_dir_all(directory).unwrap();
        let run = self.0;
        fs::write(
            directory.join("config.toml"),
            toml::to_string(&run.config).unwrap(),
        )
        .unwrap();
        let records = run.records.into_iter().map(Line::Evaluated);
        let diagnosed = run.diagnosed.into_iter().map(Line::Diagnosed);
        let end = match run.state {
            State::Finished(measured) => Some(Line::Measured(measured)),
            State::Diverged(diverged) => Some(Line::Diverged(diverged)),
            State::Unfinished => None,
        };
        let lines: Vec<Line> = records.chain(diagnosed).chain(end).collect();
        fs::write(directory.join("metrics.jsonl"), text(&lines)).unwrap();
        if !run.timings.is_empty() {
            fs::write(directory.join("timings.jsonl"), text(&run.timings)).unwrap();
        }
    }
}

fn text<L: Serialize>(lines: &[L]) -> String {
    let lines = lines
        .iter()
        .map(|line| serde_json::to_string(line).unwrap() + "\n");
    lines.collect()
}
