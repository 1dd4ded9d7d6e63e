//! `list`

use crate::support::Workspace;

#[test]
fn json_is_all_there_is_on_stdout() {
    let workspace = Workspace::new();
    let outcome = workspace.run(&["list", "--json"]);
    let all: serde_json::Value = serde_json::from_str(&outcome.succeeds().stdout).unwrap();
    let names = |section: &str| -> Vec<String> {
        let entries = all[section].as_array().unwrap().iter();
        entries
            .map(|entry| entry["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("cells"), ["rnn", "lstm", "gru"]);
    assert_eq!(names("sites"), ["h", "x", "sum", "c", "carry", "out"]);
    assert_eq!(
        names("tasks"),
        ["digits", "smnist", "pmnist", "charlm", "qa", "copy", "adding"]
    );
    assert!(names("optimizers").contains(&"rmsprop-authors".to_owned()));
    assert!(names("variants").contains(&"norm-propagation".to_owned()));
    assert!(names("presets").contains(&"layer-tensorflow".to_owned()));
    assert!(names("regularizers").contains(&"zoneout".to_owned()));
}

#[test]
fn a_section_is_listed_alone() {
    let workspace = Workspace::new();
    let outcome = workspace.run(&["list", "cells"]);
    let stdout = &outcome.succeeds().stdout;
    assert!(stdout.starts_with("cells\n  rnn\n"), "{stdout}");
    assert!(stdout.contains("      sites: h, x, out\n"), "{stdout}");
    assert!(!stdout.contains("optimizers"), "{stdout}");
    workspace.refuses(&["list", "cell"], 2, &["'cell'", "variants", "regularizers"]);
}
