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

    for (number, label) in [(1, "-LSTM-"), (2, "-BN-LSTM_gamma=0.1-")] {
        for seed in 1..=2 {
            let runs = std::fs::read_dir(workspace.path("both/runs")).unwrap();
            let names = runs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let is_wanted = |name: &String| {
                name.starts_with(&format!("{number}-")) && name.ends_with(&format!("-seed{seed}"))
            };
            let name = names
                .into_iter()
                .find(is_wanted)
                .expect("a directory for each run");
            assert!(name.contains(label), "{name}");
            let lines = metrics(&workspace.text(&format!("both/runs/{name}/metrics.jsonl")));
            let epochs = lines.iter().filter(|line| line["valid"].is_object());
            assert_eq!(epochs.count(), 1);
            assert!(lines.last().unwrap()["test"].is_object());
        }
    }
    let results = workspace.text("both/results.csv");
    assert_eq!(results.matches(",measured,3,").count(), 4, "{results}");
    assert!(
        results
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("1,1-LSTM-seed1,LSTM,none,1,"),
        "{results}"
    );

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
    let plan = workspace.text("both/plan.toml");
    assert!(plan.contains("seeds = [1, 2]"), "{plan}");
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
    // Losses that are no numbers, and losses a thousand times the first one.
    for (out, rate) in [("all", "1e38"), ("large", "1e6")] {
        let options = ["--out", out, "--batch", "399", "--learning-rate", rate];
        let outcome = workspace.run(&[&TWO[..], &options].concat());
        outcome.fails(1, &["every run has diverged", "lower the learning rate"]);
        for text in [
            "LSTM (2 of 2 diverged)",
            "BN-LSTM γ=0.1 (2 of 2 diverged)",
            "\nLSTM, seed 2: ",
        ] {
            assert!(outcome.stdout.contains(text), "no `{text}` in {}", outcome.stdout);
        }
    }
}
