//! `compare`, small.

use crate::support::{Workspace, metrics};

const TWO: [&str; 9] = [
    "compare",
    "--norms",
    "none,batch",
    "--seeds",
    "2",
    "--epochs",
    "1",
    "--hidden-size",
    "4",
];

fn compare(workspace: &Workspace, out: &str, more: &[&str]) -> String {
    let options = ["--batch", "399", "--target", "50", "--out", out];
    let outcome = workspace.run(&[&TWO[..], &options, more].concat());
    outcome.succeeds().stdout.clone()
}

#[test]
fn table_curves_and_metrics() {
    let workspace = Workspace::new();
    let stdout = compare(&workspace, "both", &[]);
    for start in ["LSTM  ", "BN-LSTM γ=0.1  "] {
        let rows = stdout.lines().filter(|line| line.starts_with(start));
        let rows: Vec<_> = rows.collect();
        assert_eq!(rows.len(), 1, "{stdout}");
        // Test accuracy with either statistics, and seconds.
        assert_eq!(rows[0].matches(" ± ").count(), 3, "{stdout}");
        assert!(rows[0].contains(" never "), "{stdout}");
    }
    assert!(
        stdout.contains("over 2 seeds") && stdout.contains("epochs to 50 %"),
        "{stdout}"
    );

    let lines = metrics(&workspace.text("both/metrics.jsonl"));
    // Of each run its epoch and its end.
    assert_eq!(lines.len(), 8);
    let mut runs: Vec<_> = lines
        .iter()
        .map(|line| (line["label"].as_str().unwrap(), line["seed"].as_u64().unwrap()))
        .collect();
    runs.sort_unstable();
    let (bn, lstm) = ("BN-LSTM γ=0.1", "LSTM");
    runs.dedup();
    assert_eq!(runs, [(bn, 1), (bn, 2), (lstm, 1), (lstm, 2)]);

    assert!(
        workspace
            .read("both/figures/learning_curves.png")
            .starts_with(b"\x89PNG\r\n\x1a\n")
    );
    assert!(
        workspace
            .text("both/figures/learning_curves.svg")
            .contains("</svg>")
    );
    let csv = workspace.text("both/figures/learning_curves.csv");
    let rows: Vec<_> = csv.lines().collect();
    assert_eq!(rows.len(), 5, "{csv}");
    assert!(
        rows[1].starts_with("LSTM,1,1,") && rows[4].starts_with("BN-LSTM γ=0.1,2,1,"),
        "{csv}"
    );
    let config = workspace.text("both/config.toml");
    assert!(config.contains("seeds = [1, 2]"), "{config}");
}

#[test]
fn results_do_not_depend_on_how_many_runs_go_at_a_time() {
    let workspace = Workspace::new();
    let [one, three] = ["1", "3"].map(|threads| {
        compare(&workspace, threads, &["--threads", threads]);
        workspace.read(&format!("{threads}/figures/learning_curves.csv"))
    });
    assert_eq!(one, three);
}

#[test]
fn diverging_runs_are_reported() {
    let workspace = Workspace::new();
    let stdout = compare(&workspace, "all", &["--learning-rate", "1e38"]);
    for text in [
        "LSTM (2 of 2 diverged)",
        "BN-LSTM γ=0.1 (2 of 2 diverged)",
        "LSTM, seed 2: update 3: since the last evaluation the mean training loss is NaN",
        "lower the learning rate",
        "no learning curves",
    ] {
        assert!(stdout.contains(text), "no `{text}` in {stdout}");
    }
    // Steps so large that nothing is learned, but all numbers stay finite.
    let stdout = compare(&workspace, "large", &["--learning-rate", "1e6"]);
    assert!(!stdout.contains("diverged"), "{stdout}");
    assert_eq!(metrics(&workspace.text("large/metrics.jsonl")).len(), 8);
}
