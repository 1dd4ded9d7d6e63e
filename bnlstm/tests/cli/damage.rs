//! Runs whose files are damaged, missing, or in use.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::kill::{NEWEST, goes_on, kill_after, on_digits, start};
use crate::support::{Workspace, files};

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
fn restore(files: &BTreeMap<PathBuf, Option<Vec<u8>>>) {
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
