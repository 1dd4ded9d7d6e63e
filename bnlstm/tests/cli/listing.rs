//! `bnlstm data`

use std::fs;

use serde_json::Value;

use crate::support::{Outcome, PROGRAM, Workspace};

const BUILT_IN: [&str; 3] = ["8×8 digits", "King James text", "generated questions"];
const OTHERS: [&str; 5] = [
    "MNIST",
    "Fashion-MNIST",
    "Penn Treebank",
    "text8",
    "CNN questions",
];

/// Names and states of the datasets.
fn states(outcome: &Outcome) -> Vec<(String, String)> {
    let listing: Value = serde_json::from_str(&outcome.succeeds().stdout).unwrap();
    let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
    let entries = listing["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| (text(entry, "name"), text(entry, "state")))
        .collect()
}

fn expected(found: &[&str]) -> Vec<(String, String)> {
    let built_in = BUILT_IN.map(|name| (name, "built-in")).into_iter();
    let others = OTHERS.map(|name| (name, if found.contains(&name) { "found" } else { "missing" }));
    let all = built_in.chain(others);
    all.map(|(name, state)| (name.to_owned(), state.to_owned()))
        .collect()
}

#[test]
fn without_a_directory_and_with_an_empty_one() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("data")).unwrap();
    for more in [&[][..], &["--data", "data"]] {
        let json = workspace.run(&[&["data", "--json"], more].concat());
        assert_eq!(states(&json), expected(&[]));
        let text = workspace.run(&[&["data"], more].concat());
        let text = &text.succeeds().stdout;
        for name in BUILT_IN.iter().chain(&OTHERS) {
            assert!(text.lines().any(|line| line.starts_with(name)), "{name}: {text}");
        }
        for part in [
            "train-images-idx3-ubyte",
            "ptb.train.txt",
            "http://mattmahoney.net",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let directory = if more.is_empty() {
            "BNLSTM_DATA"
        } else {
            "Looked for in data"
        };
        assert!(text.contains(directory), "{text}");
    }
}

#[test]
fn what_is_there_is_found_by_option_and_by_environment() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("data")).unwrap();
    workspace.write("data/text8", "a text of letters and spaces");
    let option = workspace.run(&["data", "--json", "--data", "data"]);
    assert_eq!(states(&option), expected(&["text8"]));
    let mut command = workspace.command(PROGRAM);
    command.args(["data", "--json"]).env("BNLSTM_DATA", "data");
    let environment = Outcome::new("data with BNLSTM_DATA".to_owned(), command.output().unwrap());
    assert_eq!(environment.stdout, option.stdout);
    let text = workspace.run(&["data", "--data", "data"]);
    assert!(text.succeeds().stdout.contains("yes, but not the original"));
}

#[test]
fn a_directory_that_is_none() {
    let workspace = Workspace::new();
    workspace.write("file", "");
    for name in ["nowhere", "file"] {
        workspace.refuses(&["data", "--data", name], 1, &[name, "no directory of this name"]);
    }
    workspace.refuses(&["data", "--data", ""], 2, &["--data <DIR>"]);
}
