//! Ctrl-C while a model is trained.
#![cfg(unix)]

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::support::{PROGRAM, Workspace, files, metrics};

const SIGINT: i32 = 2;

#[test]
fn an_interrupted_run_leaves_whole_files() {
    let workspace = Workspace::new();
    let options = ["--hidden-size", "19", "--batch", "399", "--epochs", "1000000"];
    let mut command = workspace.command(PROGRAM);
    command.args(["train", "--out", "run"]).args(options);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let patience = Instant::now() + Duration::from_secs(60);
    while !workspace.path("run/checkpoint.safetensors").exists() {
        assert!(Instant::now() < patience, "no checkpoint after a minute");
        assert!(child.try_wait().unwrap().is_none(), "training has ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupt = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    // A shell shows this as exit code 130.
    assert_eq!(end(&mut child).signal(), Some(SIGINT));

    let epochs = metrics(&workspace.text("run/metrics.jsonl")).len();
    assert!(epochs >= 1);
    let outcome = workspace.run(&["eval", "run"]);
    let saved = |epochs: usize| format!("after {} updates\n", 3 * epochs);
    // Metrics come first, so they may be one epoch ahead.
    let stdout = &outcome.succeeds().stdout;
    assert!(
        stdout.contains(&saved(epochs)) || stdout.contains(&saved(epochs - 1)),
        "{epochs} lines of metrics, but {stdout}"
    );
    // A file that was just being written may be left, hidden, beside its earlier version.
    for path in files(&workspace.path("run")).keys() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let known = [
            "checkpoint.safetensors",
            "config.toml",
            "figures",
            "metrics.jsonl",
        ];
        let partial = name.starts_with('.') && name.ends_with(".tmp");
        assert!(known.contains(&name) || partial, "{name}");
    }
}

/// How the child ends; it is ended by force if it does not end by itself.
fn end(child: &mut Child) -> ExitStatus {
    let patience = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > patience {
            child.kill().unwrap();
            panic!(
                "SIGINT had no effect; a shell without job control ignores it in what runs in its background"
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
