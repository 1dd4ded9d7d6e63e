//! Readers that leave early, as `head` does.

use std::process::Stdio;

use crate::support::{Outcome, PROGRAM, Workspace, tiny};

/// Runs the program with a stdout that nobody reads.
fn unread(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    let mut command = workspace.command(PROGRAM);
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    Outcome::new(arguments.join(" "), child.wait_with_output().unwrap())
}

#[test]
fn nobody_complains() {
    let workspace = Workspace::with_run(&[]);
    let train = tiny("new", &[]);
    let all: [&[&str]; 4] = [
        &["--help"],
        &["compare", "--out", "both"],
        &train,
        &["eval", "run"],
    ];
    for arguments in all {
        let outcome = unread(&workspace, arguments);
        assert_eq!(outcome.succeeds().stderr, "", "{arguments:?}");
    }
}

#[test]
fn a_closed_stderr_does_not_end_a_run() {
    let workspace = Workspace::new();
    let mut command = workspace.command(PROGRAM);
    command
        .args(tiny("run", &[]))
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stderr.take());
    assert!(child.wait().unwrap().success());
    assert!(workspace.path("run/checkpoint.safetensors").exists());
    // Nor does an error that cannot be shown become a panic, whose code would be 101.
    let mut command = workspace.command(PROGRAM);
    command
        .args(["eval", "nowhere"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
