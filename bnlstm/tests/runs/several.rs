//! Several runs in one directory: stopped, gone on with, found again.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use bnlstm::device::{DeviceChoice, DeviceKind};
use bnlstm::presets::Preset;
use bnlstm::progress::Progress;
use bnlstm::run::{End, Why};
use bnlstm::runs::{FinishedRun, Place, Planned, RunsError, carry_out};
use bnlstm::settings::Settings;

/// Three short runs, of two models.
fn planned() -> Vec<Planned> {
    let run = |norm: &str, seed: u64| {
        let mut settings = Settings::of_preset(Preset::find("adding-quick").unwrap());
        for (field, value) in [
            ("task.steps", 8),
            ("task.examples", 120),
            ("model.hidden_size", 5),
            ("training.batch", 20),
            ("training.steps", 30),
            ("evaluation.every", 7),
            ("checkpoints.every", 4),
        ] {
            settings.set(field, value);
        }
        settings.remove("training.epochs");
        settings.set("model.normalization", norm);
        settings.set("training.seed", seed);
        Planned {
            name: format!("{norm}-{seed}"),
            config: settings.config().unwrap_or_else(|error| panic!("{error}")),
        }
    };
    vec![run("none", 1), run("batch", 1), run("batch", 2)]
}

/// Carries them out; they are stopped after so many updates of all of them together.
fn carry_out_until(
    planned: &[Planned],
    root: &Path,
    threads: usize,
    updates: usize,
) -> Result<Vec<FinishedRun>, RunsError> {
    let seen = AtomicUsize::new(0);
    let stop = || (seen.fetch_add(1, Ordering::Relaxed) >= updates).then_some(Why::Interrupted);
    let place = Place {
        root,
        force: false,
        device: DeviceChoice {
            kind: DeviceKind::Cpu,
            threads,
        },
        progress: &Progress::stderr(),
        stop: &stop,
    };
    carry_out(planned, &place)
}

fn metrics(root: &Path, planned: &[Planned]) -> Vec<Vec<u8>> {
    let of = |run: &Planned| fs::read(root.join("runs").join(&run.name).join("metrics.jsonl")).unwrap();
    planned.iter().map(of).collect()
}

#[test]
fn stopped_runs_go_on_to_the_same_lines() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
    let planned = planned();
    let finished = carry_out_until(&planned, &whole, 2, usize::MAX).unwrap();
    assert_eq!(finished.len(), 3);
    assert!(
        finished
            .iter()
            .all(|run| matches!(run.ended.end, End::Measured(_)) && run.ended.records.len() == 5)
    );
    let mut calls = 1;
    while let Err(error) = carry_out_until(&planned, &parts, 1 + calls % 2, 13) {
        assert!(matches!(error, RunsError::Stopped(Why::Interrupted)), "{error}");
        calls += 1;
        assert!(calls < 30, "it does not go on");
    }
    assert!(calls > 3);
    assert!(metrics(&whole, &planned) == metrics(&parts, &planned));

    // What is done is only read.
    let again = carry_out_until(&planned, &whole, 1, 0).unwrap();
    for (again, first) in again.iter().zip(&finished) {
        assert_eq!(again.ended.records, first.ended.records);
        assert_eq!(again.ended.times, first.ended.times);
    }
}

#[test]
fn the_runs_of_something_else_are_refused_by_the_field_that_differs() {
    let folder = tempfile::tempdir().unwrap();
    let planned = planned();
    carry_out_until(&planned, folder.path(), 2, usize::MAX).unwrap();
    let before = metrics(folder.path(), &planned);
    let mut other = planned.clone();
    other[1].config.training.clip = 2.5;
    let error = carry_out_until(&other, folder.path(), 1, usize::MAX)
        .err()
        .unwrap();
    let text = error.to_string();
    for part in [
        "batch-1",
        "training.clip = 1",
        "but batch-1 has 2.5",
        "another --out",
    ] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    // Neither how often checkpoints are written nor the place of the data makes another run.
    let mut same = planned.clone();
    same[1].config.checkpoints.keep = 7;
    carry_out_until(&same, folder.path(), 1, 0).unwrap();
    assert!(before == metrics(folder.path(), &planned));
}
