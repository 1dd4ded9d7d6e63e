//! Where results go.

use std::fs;

use crate::support::{TINY, Workspace, metrics, tiny};

#[test]
fn a_run_directory_holds_all_of_a_run() {
    let workspace = Workspace::with_run(&["--permuted"]);
    let files = crate::support::files(&workspace.path("run"));
    let names: Vec<_> = files
        .keys()
        .map(|path| {
            path.strip_prefix(workspace.path("run"))
                .unwrap()
                .to_str()
                .unwrap()
        })
        .collect();
    assert_eq!(
        names,
        [
            "checkpoint.safetensors",
            "config.toml",
            "figures",
            "figures/learning_curve.csv",
            "figures/learning_curve.png",
            "figures/learning_curve.svg",
            "metrics.jsonl",
            "timings.jsonl",
        ]
    );
    let lines = metrics(&workspace.text("run/metrics.jsonl"));
    assert_eq!(lines.len(), 3);
    // A look inside before the first update, an evaluation, and the end.
    assert_eq!(lines[0]["update"], 0);
    let norms = lines[0]["diagnostics"]["gradient_norms"].as_array().unwrap();
    assert_eq!(norms.len(), 64);
    assert_eq!(lines[1]["epoch"], 1.0);
    assert_eq!(lines[2]["selected"], lines[1]["update"]);
    for kind in ["batch", "running", "population"] {
        assert!(lines[1]["valid"][kind]["loss"].as_f64().unwrap() > 0.0);
        assert!(lines[2]["test"][kind]["loss"].as_f64().unwrap() > 0.0);
    }
}

#[test]
fn a_directory_that_exists_needs_force() {
    let workspace = Workspace::with_run(&[]);
    let parts = ["cannot start a run in run", "not empty", "--force"];
    workspace.refuses(&tiny("run", &[]), 1, &parts);
    // Several runs have a directory of their own.
    for force in [&[][..], &["--force"]] {
        let compare = [&["compare", "--out", "run"], &TINY[..], force].concat();
        let parts = [
            "run/config.toml belongs to something else",
            "choose another directory",
        ];
        workspace.refuses(&compare, 1, &parts);
    }
    workspace.write("run/notes.txt", "mine");
    let before = workspace.read("run/checkpoint.safetensors");
    workspace
        .run(&tiny("run", &["--force", "--seed", "2"]))
        .succeeds();
    assert_eq!(workspace.text("run/notes.txt"), "mine");
    assert!(workspace.text("run/config.toml").contains("seed = 2"));
    assert!(before != workspace.read("run/checkpoint.safetensors"));
}

#[test]
fn without_a_directory_runs_are_numbered() {
    let workspace = Workspace::new();
    for number in 1..=2 {
        let outcome = workspace.run(&[&["train"], &TINY[..]].concat());
        let line = format!("results in runs/train-{number}\n");
        assert!(outcome.succeeds().stdout.ends_with(&line), "{}", outcome.stdout);
    }
    workspace.write("file", "kept");
    workspace.refuses(&tiny("file", &[]), 1, &["file is not a directory"]);
    workspace.refuses(&tiny("file/below", &[]), 1, &["file/below", "check the path"]);
    fs::remove_dir_all(workspace.path("runs")).unwrap();
    workspace.write("runs", "in the way");
    let arguments = [&["train"], &TINY[..]].concat();
    workspace.refuses(&arguments, 1, &["cannot create the directory runs"]);
}

#[test]
fn the_first_line_says_what_computes() {
    let workspace = Workspace::new();
    let outcome = workspace.run(&tiny("run", &["--threads", "3"]));
    let first = outcome.succeeds().stdout.lines().next().unwrap();
    assert!(first.contains("device cpu, 3 threads, SIMD "), "{first}");
    let outcome = workspace.run(&tiny("slow", &["--device", "reference", "--threads", "1"]));
    let first = outcome.succeeds().stdout.lines().next().unwrap();
    assert!(
        first.contains("device reference") && first.contains("1 thread,"),
        "{first}"
    );
}
