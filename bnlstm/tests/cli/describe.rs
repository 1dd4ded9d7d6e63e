//! `describe`

use crate::support::{Workspace, tiny};

const SMALL: [&str; 8] = [
    "--hidden-size",
    "19",
    "--steps",
    "5",
    "--batch",
    "3",
    "--input-size",
    "2",
];

#[test]
fn text_and_json_say_the_same() {
    let workspace = Workspace::new();
    let arguments = [&["describe", "h=batch,out=dyt", "--cell", "gru"], &SMALL[..]].concat();
    let outcome = workspace.run(&arguments);
    let text = &outcome.succeeds().stdout;
    assert!(text.starts_with("bnlstm "), "{text}");
    let outcome = workspace.run(&[&arguments[..], &["--json", "--measure"]].concat());
    let json: serde_json::Value = serde_json::from_str(&outcome.succeeds().stdout).unwrap();
    for equation in json["equations"].as_array().unwrap() {
        let line = format!("\n  {}\n", equation.as_str().unwrap());
        assert!(text.contains(&line), "no `{line}` in {text}");
    }
    for definition in json["definitions"].as_array().unwrap() {
        let line = format!("\n\n  {}\n", definition["formula"].as_str().unwrap());
        assert!(text.contains(&line), "no `{line}` in {text}");
    }
    assert_eq!(json["definitions"][0]["sites"], serde_json::json!(["h"]));
    assert_eq!((&json["steps"], &json["hidden_size"]), (&5.into(), &19.into()));
    assert_eq!(json["cost"]["fused"], false);
    assert!(json["measured"]["ratio"].as_f64().unwrap() > 0.0, "{json}");
    let total = format!("{}", json["parameters"]["total"]);
    assert!(text.contains(&total), "no {total} in {text}");
    assert!(!text.contains(" ms, "), "{text}");
}

/// `train` counts the head too: 19 weights and a bias for each of 10 digits.
#[test]
fn counts_are_those_of_train() {
    let workspace = Workspace::new();
    let trained = workspace.run(&tiny("run", &[]));
    let described = workspace.run(&["describe", "batch", "--hidden-size", "19", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&described.succeeds().stdout).unwrap();
    let total = |kind: &str| json[kind]["total"].as_u64().unwrap();
    let (parameters, statistics) = (total("parameters") + 20 * 10, total("statistics"));
    let normalization = json["normalization"].as_str().unwrap();
    let line = format!("{normalization} ({parameters} parameters, {statistics} statistics)\n");
    let stdout = &trained.succeeds().stdout;
    assert!(stdout.contains(&line), "no `{line}` in {stdout}");
}

#[test]
fn what_makes_no_sense() {
    let workspace = Workspace::new();
    let cases: [(&[&str], &[&str]); 11] = [
        (
            &["bacth"],
            &[
                "TEXT: unknown normalization `bacth` (did you mean `batch`?)",
                "(at byte 0)",
            ],
        ),
        (
            &["c=layer", "--cell", "gru"],
            &["TEXT: gru has no cell state; its sites are h, x, out"],
        ),
        (
            &["none", "--regularization", "zonout"],
            &["--regularization: unknown regularizer `zonout`"],
        ),
        (
            &["none", "--cell", "rnn", "--regularization", "recurrent-dropout"],
            &["model.regularization = recurrent-dropout", "no candidate"],
        ),
        (
            &["none", "--hidden-size", "0"],
            &["model.hidden_size = 0", "at least 1"],
        ),
        (&["none", "--layers", "65"], &["model.layers = 65", "at most 64"]),
        (&["none", "--steps", "0"], &["--steps = 0", "at least 1"]),
        (
            &["none", "--input-size", "9999999"],
            &["--input-size = 9999999", "at most 65536"],
        ),
        (
            &["none", "--steps", "65536", "--batch", "65536"],
            &["--batch = 65536", "4294967296 values", "at most 268435456"],
        ),
        (
            &["batch", "--batch", "1"],
            &["--batch = 1", "batch of one", "at least 2"],
        ),
        (
            &["none", "--steps", "1", "--regularization", "norm-stabilizer"],
            &["--steps = 1", "norm stabilizer", "at least 2"],
        ),
    ];
    for (arguments, parts) in cases {
        workspace.refuses(&[&["describe"], arguments].concat(), 1, parts);
    }
    workspace.refuses(&["describe"], 2, &["<TEXT>"]);
    workspace.refuses(&["describe", "none", "--epochs", "3"], 2, &["--epochs"]);
}
