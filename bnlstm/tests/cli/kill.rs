//! Runs that are killed, and go on to the same bytes.
#![cfg(unix)]

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{PROGRAM, Workspace, files, metrics};

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
fn on_digits() -> Vec<&'static str> {
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
fn assert_same(workspace: &Workspace, whole: &str, cut: &str) {
    for ((name, whole), (_, cut)) in lasting(workspace, whole).into_iter().zip(lasting(workspace, cut)) {
        assert!(whole == cut, "{name} differs");
    }
}

fn start(workspace: &Workspace, arguments: &[&str]) -> Child {
    let mut command = workspace.command(PROGRAM);
    let command = command.args(arguments);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills a run after some time; whether it was still under way.
fn kill_after(child: &mut Child, time: Duration) -> bool {
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

/// A workspace with a run to its end in `whole`, and the same one in `cut`, killed when it had some
/// checkpoints.
fn with_cut_run() -> Workspace {
    let workspace = Workspace::new();
    workspace
        .run(&[&on_digits()[..], &["--out", "whole"]].concat())
        .succeeds();
    let mut child = start(&workspace, &[&on_digits()[..], &["--out", "cut"]].concat());
    let patience = Instant::now() + Duration::from_secs(60);
    let enough = |workspace: &Workspace| {
        let found = std::fs::read_dir(workspace.path("cut/checkpoints"));
        found.is_ok_and(|found| found.count() >= 2) && workspace.read("cut/metrics.jsonl").len() > 2000
    };
    while !enough(&workspace) {
        assert!(Instant::now() < patience, "no checkpoints after a minute");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(kill_after(&mut child, Duration::ZERO), "training has ended");
    workspace
}

/// The run goes on, says each of `parts`, and comes to the same bytes.
fn goes_on(workspace: &Workspace, parts: &[&str]) {
    let outcome = workspace.run(&["train", "--resume", "cut"]);
    let stderr = &outcome.succeeds().stderr;
    for part in parts {
        assert!(stderr.contains(part), "no `{part}` in {stderr}");
    }
    assert_same(workspace, "whole", "cut");
}

const NEWEST: &str = "cut/checkpoint.safetensors";

#[test]
fn a_damaged_newest_checkpoint_gives_way_to_the_one_before() {
    let truncate = |bytes: &[u8], share: f64| bytes[..(share * bytes.len() as f64) as usize].to_vec();
    let flip = |bytes: &[u8], share: f64| {
        let mut bytes = bytes.to_vec();
        let at = (share * bytes.len() as f64) as usize;
        bytes[at] ^= 0x10;
        bytes
    };
    let workspace = with_cut_run();
    let cut = files(&workspace.path("cut"));
    // The length, the header, the tensors, and nothing at all.
    type Damage<'a> = &'a dyn Fn(&[u8], f64) -> Vec<u8>;
    let damages: [(Damage<'_>, f64); 6] = [
        (&truncate, 0.0),
        (&truncate, 0.5),
        (&flip, 0.0),
        (&flip, 0.005),
        (&flip, 0.5),
        (&flip, 0.999),
    ];
    for (damage, share) in damages {
        restore(&cut);
        let bytes = workspace.read(NEWEST);
        workspace.write(NEWEST, damage(&bytes, share));
        let parts = [NEWEST, "going on from cut/checkpoints/update-0000"];
        goes_on(&workspace, &parts);
        let aside = workspace.read("cut/checkpoint.damaged");
        assert!(aside == damage(&bytes, share), "it was not kept");
        std::fs::remove_file(workspace.path("cut/checkpoint.damaged")).unwrap();
    }
}

/// Writes files as they were.
fn restore(files: &std::collections::BTreeMap<std::path::PathBuf, Option<Vec<u8>>>) {
    for (path, content) in files {
        match content {
            Some(content) => std::fs::write(path, content).unwrap(),
            None => std::fs::create_dir_all(path).unwrap(),
        }
    }
}

#[test]
fn damaged_metrics_are_made_again() {
    let workspace = with_cut_run();
    let cut = files(&workspace.path("cut"));
    let metrics = "cut/metrics.jsonl";
    let bytes = workspace.read(metrics);
    let newest = std::fs::read(workspace.path(NEWEST)).unwrap();
    let mut lines: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i] == b'\n').collect();
    lines.pop();
    let last = lines.pop().unwrap() + 1;
    let cases: [Vec<u8>; 4] = [
        // Half a line more than the checkpoint knows of, which a run that was killed leaves.
        [&bytes[..], b"{\"update\":1"].concat(),
        // The last line cut, changed, gone.
        bytes[..bytes.len() - 5].to_vec(),
        {
            let mut bytes = bytes.clone();
            bytes[last + 12] ^= 1;
            bytes
        },
        bytes[..last].to_vec(),
    ];
    for damaged in cases {
        restore(&cut);
        workspace.write(metrics, damaged);
        goes_on(&workspace, &[]);
    }
    // Nothing of it is left: no checkpoint fits.
    restore(&cut);
    workspace.write(metrics, "");
    let parts = [
        "there is no checkpoint to go on from",
        "lines are missing or have changed",
        "put a whole copy of these files back",
    ];
    workspace.refuses(&["train", "--resume", "cut"], 1, &parts);
    assert!(newest == workspace.read(NEWEST));
}

#[test]
fn a_changed_configuration_is_refused() {
    let workspace = with_cut_run();
    let config = workspace.text("cut/config.toml");
    let resume = ["train", "--resume", "cut"];
    workspace.write("cut/config.toml", config.replace("clip = 1.0", "clip = 2.0"));
    let parts = [
        NEWEST,
        "training.clip = 1.0",
        "this run has 2.0",
        "use the config.toml",
    ];
    workspace.refuses(&resume, 1, &parts);
    workspace.write("cut/config.toml", &config[..config.len() / 2]);
    workspace.refuses(&resume, 1, &["configuration cut/config.toml"]);
    workspace.write("cut/config.toml", "");
    workspace.refuses(&resume, 1, &["configuration cut/config.toml", "missing field"]);
    std::fs::remove_file(workspace.path("cut/config.toml")).unwrap();
    workspace.refuses(&resume, 1, &["cut holds no run", "no config.toml"]);
    // How often checkpoints are written changes no result.
    workspace.write("cut/config.toml", config.replace("every = 6", "every = 60"));
    workspace.run(&resume).succeeds();
    workspace.write("cut/config.toml", &config);
    assert_eq!(
        workspace.read("whole/metrics.jsonl"),
        workspace.read("cut/metrics.jsonl")
    );
}

#[test]
fn without_any_sound_checkpoint_nothing_is_overwritten() {
    let workspace = with_cut_run();
    for (path, content) in files(&workspace.path("cut")) {
        let is_checkpoint = path
            .extension()
            .is_some_and(|extension| extension == "safetensors");
        if let (Some(content), true) = (content, is_checkpoint) {
            std::fs::write(path, &content[..content.len() - 1]).unwrap();
        }
    }
    let parts = [
        "there is no checkpoint to go on from",
        NEWEST,
        "cut/checkpoints/update-",
        "cut short",
    ];
    workspace.refuses(&["train", "--resume", "cut"], 1, &parts);
}

/// A run that was killed before its first checkpoint begins anew; one that is done stays as it is.
#[test]
fn a_run_without_a_checkpoint_and_one_that_is_done() {
    let workspace = Workspace::new();
    workspace
        .run(&[&on_digits()[..], &["--out", "whole"]].concat())
        .succeeds();
    std::fs::create_dir(workspace.path("cut")).unwrap();
    workspace.write("cut/config.toml", workspace.read("whole/config.toml"));
    workspace.write("cut/metrics.jsonl", &workspace.read("whole/metrics.jsonl")[..100]);
    goes_on(&workspace, &[]);
    let before = files(&workspace.path("whole"));
    let outcome = workspace.run(&["train", "--resume", "whole"]);
    assert!(outcome.succeeds().stdout.contains("results in whole"));
    let mut after = files(&workspace.path("whole"));
    // Drawn again: the same.
    after.retain(|path, _| before.contains_key(path));
    assert!(before == after);
}

#[test]
fn two_programs_cannot_write_the_same_run() {
    let workspace = Workspace::new();
    let long = [
        "train",
        "--out",
        "run",
        "--epochs",
        "1000000",
        "--hidden-size",
        "19",
    ];
    let mut child = start(&workspace, &long);
    let patience = Instant::now() + Duration::from_secs(60);
    while !workspace.path("run/config.toml").exists() {
        assert!(Instant::now() < patience, "no run after a minute");
        std::thread::sleep(Duration::from_millis(1));
    }
    let holder = format!("process {} is at work there", child.id());
    for arguments in [
        &["train", "--resume", "run"][..],
        &["train", "--out", "run", "--force", "--epochs", "1"],
    ] {
        workspace
            .run(arguments)
            .fails(1, &["cannot write to run", &holder]);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The lock is gone with the program.
    workspace
        .run(&["train", "--resume", "run", "--time-limit", "0.1s"])
        .fails(3, &["the time limit is over", "bnlstm train --resume run"]);
}
