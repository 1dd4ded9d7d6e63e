//! Runs that nobody has trained.

use std::path::PathBuf;

use bnlstm::config::RunConfig;
use bnlstm::diagnostics::{Diagnostics, Gate, ParamUpdate, SiteMoments};
use bnlstm::metrics::{Diagnosed, DivergedAt, Measured, Record, Timing};
use bnlstm::population::Courses;
use bnlstm::presets::Preset;
use bnlstm::report::{Run, SiteCourses, State};
use bnlstm::scores::Scores;
use bnlstm::settings::Settings;
use bnlstm::trainer::Score;

const STEPS: u16 = 64;
const SITES: [&str; 2] = ["lstm/norm_c", "lstm/norm_h"];

fn config(preset: &str, normalization: &str, seed: u64) -> RunConfig {
    let mut settings = Settings::of_preset(Preset::find(preset).expect("it comes with the program"));
    settings.set("model.normalization", normalization);
    settings.set("training.seed", seed);
    settings.config().expect("it is whole")
}

fn scores(update: usize, final_accuracy: f64) -> Scores {
    let accuracy = final_accuracy * (1.0 - (-(update as f64) / 300.0).exp());
    let score = |less: f64| Score {
        loss: 2.3 * (1.0 - accuracy),
        accuracy: accuracy - less,
    };
    Scores {
        batch: score(0.02),
        running: score(0.01),
        population: score(0.0),
    }
}

fn record(update: usize, accuracy: f64) -> Record {
    Record {
        update,
        epoch: update as f64 / 100.0,
        learning_rate: 1e-3,
        train_loss: 2.0 - accuracy,
        gradient_norm: 1.5,
        valid: scores(update, accuracy),
    }
}

fn diagnosed(update: usize, shrinking: f32) -> Diagnosed {
    let steps = || (0..STEPS).map(f32::from);
    let gate = |(gate, low): (&str, f32)| Gate {
        cell: "lstm".to_owned(),
        gate: gate.to_owned(),
        low,
        high: 0.3,
    };
    let distance = (update > 0).then_some(0.1);
    let site = |path: &str| SiteMoments {
        path: path.to_owned(),
        smallest_variance: steps().map(|t| 1e-4 * (t + 1.0)).collect(),
        mean_distance: distance,
        variance_distance: distance,
    };
    let change = |path: &str| ParamUpdate {
        path: path.to_owned(),
        weight: 10.0,
        change: 0.01,
    };
    let diagnostics = Diagnostics {
        gradient_norms: steps().map(|t| shrinking.powf(f32::from(STEPS) - t)).collect(),
        gates: [("i", 0.1), ("f", 0.01), ("o", 0.2), ("g", 0.0)].map(gate).into(),
        sites: SITES.map(site).into(),
        updates: ["lstm/w_h", "lstm/w_x"].map(change).into(),
    };
    Diagnosed { update, diagnostics }
}

fn courses(path: &str) -> SiteCourses {
    let steps = || (0..STEPS).map(f64::from);
    let course = |unit: usize| steps().map(|t| unit as f64 - (-t / 10.0).exp()).collect();
    SiteCourses {
        path: path.to_owned(),
        courses: Courses {
            units: (0..10).collect(),
            mean: (0..10).map(course).collect(),
            variance: (1..11).map(course).collect(),
        },
    }
}

fn run(preset: &str, normalization: &str, seed: u64, accuracy: f64) -> Run {
    let updates = [250, 500, 750, 1000];
    let timing = |update| Timing {
        update,
        data: 0.1,
        forward: 2.0,
        backward: 4.0,
        optimizer: 0.2,
        evaluation: 1.0,
        diagnostics: 0.1,
    };
    Run {
        path: PathBuf::from(format!("runs/{normalization}-{seed}")),
        config: config(preset, normalization, seed),
        records: updates.map(|update| record(update, accuracy)).into(),
        diagnosed: [0, 500, 1000]
            .map(|update| diagnosed(update, accuracy as f32))
            .into(),
        state: State::Finished(Measured {
            update: 1000,
            selected: 750,
            test: scores(1000, accuracy),
        }),
        timings: updates.map(timing).into(),
        statistics: Ok(SITES.map(courses).into()),
    }
}

/// Groups of several seeds and of one, with two measures, all ends, and more groups than colours.
pub fn runs() -> Vec<Run> {
    let mut diverged = run("digits-quick", "batch(gamma=1)", 2, 0.7);
    diverged.state = State::Diverged(DivergedAt {
        update: 1003,
        diverged: "the cell state of step 12 is infinite; its inputs are from -3.1e38 to 2.8e38".to_owned(),
    });
    let mut unfinished = run("digits-quick", "layer", 1, 0.8);
    unfinished.state = State::Unfinished;
    unfinished.statistics = Err("there is no checkpoint".to_owned());
    let mut runs = vec![diverged, unfinished];
    for (normalization, accuracy) in [("none", 0.5), ("batch", 0.9), ("batch(gamma=1)", 0.7)] {
        runs.extend((3..6).map(|seed| {
            run(
                "digits-quick",
                normalization,
                seed,
                accuracy - seed as f64 / 100.0,
            )
        }));
    }
    for normalization in [
        "rms",
        "weight",
        "cosine",
        "batch(stats=shared)",
        "batch(gamma=0.5)",
        "group",
    ] {
        runs.push(run("digits-quick", normalization, 1, 0.6));
    }
    runs.push(run("charlm-quick", "batch", 1, 0.5));
    runs
}

/// A run that has written its configuration and nothing else.
pub fn begun() -> Run {
    Run {
        records: Vec::new(),
        diagnosed: Vec::new(),
        state: State::Unfinished,
        timings: Vec::new(),
        statistics: Err("there is no checkpoint".to_owned()),
        ..run("digits-quick", "none", 1, 0.5)
    }
}

/// A run whose texts would end the script, were they not written by their numbers; without spaces to
/// break its lines at.
pub fn nasty() -> Run {
    let text = format!("</script><script>missing()</script><!--{}", "x".repeat(300));
    let diverged = State::Diverged(DivergedAt {
        update: 1,
        diverged: text.clone(),
    });
    Run {
        path: PathBuf::from(text),
        state: diverged,
        ..run("digits-quick", "batch", 1, 0.5)
    }
}
