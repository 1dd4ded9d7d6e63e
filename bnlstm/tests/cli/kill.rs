//! Runs that are killed, and go on to the same bytes.
#![cfg(unix)]

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{PROGRAM, Workspace, metrics};

/// The newest checkpoint of the run that is killed.
pub const NEWEST: &str = "cut/checkpoint.safetensors";

/// A run of many events and checkpoints.
const BASE: [&str; 16] = [
    "train",
    "--hidden-size",
    "19",
    "--batch",
    "100",
    "--steps",
    "160",
    "--evaluate-every",
    "17",
    "--threads",
    "1",
    "--set",
    "checkpoints.every=6",
    "--set",
    "diagnostics.every=40",
    "--set=evaluation.estimation_batches=2",
];

/// The same on permuted digits.
pub fn on_digits() -> Vec<&'static str> {
    [&BASE[..], &["--permuted"]].concat()
}

/// What a run that was stopped has in common with one that was not: all but the time that it took.
fn lasting(workspace: &Workspace, run: &str) -> Vec<(&'static str, Vec<u8>)> {
    let names = [
        "config.toml",
        "metrics.jsonl",
        "checkpoint.safetensors",
        "figures/learning_curve.csv",
    ];
    let read = |name: &'static str| (name, workspace.read(&format!("{run}/{name}")));
    names.map(read).into()
}

#[track_caller]
pub fn assert_same(workspace: &Workspace, whole: &str, cut: &str) {
    for ((name, whole), (_, cut)) in lasting(workspace, whole).into_iter().zip(lasting(workspace, cut)) {
        assert!(whole == cut, "{name} differs");
    }
}

/// Starts the program, silent.
pub fn start(workspace: &Workspace, arguments: &[&str]) -> Child {
    let mut command = workspace.command(PROGRAM);
    let command = command.args(arguments);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills a run after some time; whether it was still under way.
pub fn kill_after(child: &mut Child, time: Duration) -> bool {
    std::thread::sleep(time);
    let under_way = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    under_way
}

/// Kills a run at ten random moments, and lets it go on each time.
fn killed_ten_times(seed: u64, options: &[&str]) {
    let workspace = Workspace::new();
    kill_and_compare(&workspace, seed, &[&on_digits()[..], options].concat());
    let lines = metrics(&workspace.text("cut/metrics.jsonl"));
    let best = lines.last().unwrap()["selected"].as_u64().unwrap();
    assert!(best > 0 && best.is_multiple_of(17) || best == 160, "{best}");
}

fn kill_and_compare(workspace: &Workspace, seed: u64, arguments: &[&str]) {
    let began = Instant::now();
    workspace
        .run(&[arguments, &["--out", "whole"]].concat())
        .succeeds();
    // Parts of the whole, so that ten of them come before its end.
    let mut longest = began.elapsed().mul_f64(0.2);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    loop {
        match kill_ten_times(workspace, arguments, &mut rng, longest) {
            Kills::TooLate => longest = longest.mul_f64(0.6),
            Kills::TooEarly => longest = longest.mul_f64(1.5),
            Kills::Amid => break,
        }
        std::fs::remove_dir_all(workspace.path("cut")).unwrap();
    }
    workspace
        .run(&["train", "--resume", "cut", "--threads", "1"])
        .succeeds();
    assert_same(workspace, "whole", "cut");
}

/// When ten kills came.
enum Kills {
    /// One of them after the end.
    TooLate,
    /// Most of them before the first checkpoint.
    TooEarly,
    /// Most of them when there was something to go on from.
    Amid,
}

fn kill_ten_times(
    workspace: &Workspace,
    arguments: &[&str],
    rng: &mut ChaCha8Rng,
    longest: Duration,
) -> Kills {
    let mut with_checkpoint = 0;
    for _ in 0..10 {
        let mut child = match workspace.path("cut/config.toml").exists() {
            true => start(workspace, &["train", "--resume", "cut", "--threads", "2"]),
            // Killed before it was a run, it has left nothing to go on with.
            false => start(workspace, &[arguments, &["--out", "cut"]].concat()),
        };
        if !kill_after(&mut child, longest.mul_f64(rng.random_range(0.05..1.0))) {
            return Kills::TooLate;
        }
        with_checkpoint += usize::from(workspace.path(NEWEST).exists());
    }
    match with_checkpoint {
        0..6 => Kills::TooEarly,
        _ => Kills::Amid,
    }
}

#[test]
fn sgd_with_running_statistics() {
    let select = ["--set", "evaluation.select=running"];
    let rule = ["--optimizer", "sgd", "--learning-rate", "0.05"];
    killed_ten_times(1, &[&rule[..], &select, &["--norm", "batch"]].concat());
}

#[test]
fn rmsprop_of_the_authors_with_noise() {
    let options = ["--optimizer", "rmsprop-authors", "--initial-noise", "0.1"];
    killed_ten_times(2, &options);
}

#[test]
fn adam_with_a_schedule() {
    let options = [
        "--optimizer",
        "adam",
        "--set",
        "training.schedule={warmup=30,decay=\"cosine\",floor=0.1}",
        "--norm",
        "layer",
    ];
    killed_ten_times(3, &options);
}

#[test]
fn adamw_with_batch_renormalization() {
    killed_ten_times(4, &["--optimizer", "adamw", "--norm", "batch-renorm"]);
}

#[test]
fn rmsprop_with_zoneout() {
    let zoneout = ["--regularization", "zoneout(h=0.05,c=0.5)"];
    killed_ten_times(5, &[&["--optimizer", "rmsprop"], &zoneout[..]].concat());
}

/// States that are carried from batch to batch, in a run that ends before its last update.
#[test]
fn characters_with_carried_states_and_early_stopping() {
    let workspace = Workspace::new();
    let text: String = (0..40_000_u32)
        .map(|i| char::from(b'a' + (i * i / 7 % 11) as u8))
        .collect();
    workspace.write("text.txt", text);
    let own = [
        "--task",
        "charlm",
        "--text",
        "text.txt",
        "--batch",
        "10",
        "--set",
        "task.length=20",
        "--set",
        "task.carry_state=true",
        "--set",
        "evaluation.patience=3",
        "--optimizer",
        "sgd",
        "--learning-rate",
        "3",
        "--evaluate-every",
        "9",
        "--steps",
        "2000",
    ];
    let without = ["--batch", "100", "--steps", "160", "--evaluate-every", "17"];
    let base: Vec<&str> = BASE.into_iter().filter(|text| !without.contains(text)).collect();
    kill_and_compare(&workspace, 6, &[&base[..], &own].concat());
    let lines = metrics(&workspace.text("cut/metrics.jsonl"));
    let last = lines.last().unwrap();
    let [update, selected] = ["update", "selected"].map(|field| last[field].as_u64().unwrap());
    assert_eq!(
        update,
        selected + 3 * 9,
        "it ends after three evaluations in vain"
    );
    assert!(update < 2000);
}

/// A stop exactly at the last update.
#[test]
fn a_run_that_is_stopped_at_its_end_is_measured_later() {
    let workspace = Workspace::new();
    let one = [&on_digits()[..], &["--set", "training.steps=1", "--out"]].concat();
    workspace.run(&[&one[..], &["whole"]].concat()).succeeds();
    let stopped = [&one[..], &["cut", "--time-limit", "0s"]].concat();
    workspace
        .run(&stopped)
        .fails(3, &["the time limit is over after update 1"]);
    goes_on(&workspace, &["goes on after update 1"]);
}

/// The run goes on, says each of `parts`, and comes to the same bytes.
pub fn goes_on(workspace: &Workspace, parts: &[&str]) {
    let outcome = workspace.run(&["train", "--resume", "cut"]);
    let stderr = &outcome.succeeds().stderr;
    for part in parts {
        assert!(stderr.contains(part), "no `{part}` in {stderr}");
    }
    assert_same(workspace, "whole", "cut");
}
