//! Ctrl-C while a model is trained.
#![cfg(unix)]

use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::support::{PROGRAM, Workspace, files, metrics};

#[test]
fn an_interrupted_run_is_written_and_can_go_on() {
    for signal in ["INT", "TERM"] {
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
        let lines = || std::fs::read(workspace.path("run/metrics.jsonl")).unwrap_or_default();
        while lines().is_empty() {
            assert!(Instant::now() < patience, "no evaluation after a minute");
            assert!(child.try_wait().unwrap().is_none(), "training has ended");
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(200));
        let interrupt = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(interrupt.unwrap().success());
        assert_eq!(end(&mut child).code(), Some(130), "{signal}");
        check(&workspace);
    }
}

/// As `nohup` starts a program, so that it goes on when its terminal is closed.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let workspace = Workspace::new();
    let script = "trap '' HUP; exec \"$@\"";
    let mut command = workspace.command("sh");
    command.args(["-c", script, "sh", PROGRAM, "train", "--out", "run"]);
    command.args(["--hidden-size", "19", "--epochs", "1000000"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = || {
        std::fs::read(workspace.path("run/metrics.jsonl"))
            .unwrap_or_default()
            .len()
    };
    let grows = |from: usize| {
        let patience = Instant::now() + Duration::from_secs(60);
        while lines() <= from {
            assert!(Instant::now() < patience, "it does not go on");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    grows(0);
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "HUP", &id])
            .status()
            .unwrap()
            .success()
    );
    let seen = lines();
    grows(seen);
    let seen = lines();
    grows(seen);
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

fn check(workspace: &Workspace) {
    let before = metrics(&workspace.text("run/metrics.jsonl")).len();
    workspace.run(&["eval", "run"]).succeeds();
    for path in files(&workspace.path("run")).keys() {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(!name.ends_with(".tmp"), "{name}");
    }
    let resume = ["train", "--resume", "run", "--time-limit", "0.3s"];
    workspace.run(&resume).fails(3, &["goes on after update"]);
    assert!(metrics(&workspace.text("run/metrics.jsonl")).len() > before);
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
            panic!("the signal had no effect");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
