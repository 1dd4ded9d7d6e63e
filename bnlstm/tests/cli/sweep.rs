//! `sweep`, small.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Outcome, PROGRAM, Workspace, files, tiny};

/// Runs of three updates.
const FILE: &str = r#"
preset = "digits-quick"
seeds = [1, 2]
[set]
model.hidden_size = 4
training.epochs = 1
training.batch = 399
[grid]
model.normalization = ["none", "batch"]
optimizer.learning_rate = [1e-3, 1e-2]
"#;

fn with_file(text: &str) -> Workspace {
    let workspace = Workspace::new();
    workspace.write("small.toml", text);
    workspace
}

/// Starts a sweep beside the test.
fn start(workspace: &Workspace, more: &[&str]) -> Child {
    let mut command = workspace.command(PROGRAM);
    command.args(["sweep", "small.toml"]).args(more);
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().unwrap()
}

/// The rows of `results.csv` without their last column, the seconds.
fn rows(workspace: &Workspace, out: &str) -> Vec<Vec<String>> {
    let text = workspace.text(&format!("{out}/results.csv"));
    let cells = |line: &str| -> Vec<String> {
        // No cell of these tests has a comma but labels, which are in quotes.
        let mut quoted = false;
        let cells = line.split(|c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        cells.map(|cell| cell.trim_matches('"').to_owned()).collect()
    };
    let mut rows: Vec<_> = text.lines().map(cells).collect();
    assert_eq!(rows[0].last().unwrap(), "train_seconds");
    for row in &mut rows {
        assert_eq!(row.len(), 17, "{text}");
        row.pop();
    }
    rows
}

fn states(rows: &[Vec<String>]) -> Vec<&str> {
    rows[1..].iter().map(|row| row[6].as_str()).collect()
}

#[test]
fn shards_at_the_same_time_come_to_what_one_comes_to() {
    let workspace = with_file(FILE);
    let shards = ["1/2", "2/2"].map(|shard| start(&workspace, &["--shard", shard, "--out", "both"]));
    let outputs = shards.map(|child| Outcome::new("sweep".to_owned(), child.wait_with_output().unwrap()));
    for outcome in &outputs {
        outcome.succeeds();
    }
    let outcome = workspace.run(&["sweep", "small.toml", "--out", "whole"]);
    let stdout = &outcome.succeeds().stdout;
    assert!(
        stdout.contains("8 runs: 4 combinations with 2 seeds\n"),
        "{stdout}"
    );
    let results = rows(&workspace, "both");
    assert_eq!(results, rows(&workspace, "whole"));
    assert_eq!(states(&results), ["measured"; 8]);
    assert_eq!(
        results[4][..6],
        [
            "4",
            "2-none_learning_rate=0.01-seed2",
            "LSTM, learning_rate=0.01",
            "none",
            "0.01",
            "2"
        ]
    );
    for name in ["plan.toml", "figures/learning_curves.csv"] {
        let [both, whole] = ["both", "whole"].map(|out| workspace.text(&format!("{out}/{name}")));
        assert_eq!(both, whole, "{name}");
    }
    // Whoever came last has seen all.
    let complete = |outcome: &&Outcome| !outcome.stdout.contains("have come to their end");
    let last = outputs.iter().find(complete).expect("a shard that came last");
    for label in [
        "LSTM, learning_rate=0.001  ",
        "BN-LSTM γ=0.1, learning_rate=0.01  ",
    ] {
        assert!(last.stdout.contains(label), "{}", last.stdout);
        assert!(stdout.contains(label), "{stdout}");
    }
    // The same command again trains nothing, and shows the same.
    let before = files(&workspace.path("both/runs"));
    workspace
        .run(&["sweep", "small.toml", "--shard", "1/2", "--out", "both"])
        .succeeds();
    assert_eq!(files(&workspace.path("both/runs")), before);
    assert_eq!(rows(&workspace, "both"), results);
}

#[test]
fn a_shard_says_what_the_others_have_not_done() {
    let workspace = with_file(FILE);
    let outcome = workspace.run(&["sweep", "small.toml", "--shard", "3/8"]);
    let stdout = &outcome.succeeds().stdout;
    for text in [
        "; shard 3/8 has 1 of them\n",
        "LSTM, learning_rate=0.01 (1 of 2 seeds so far)  ",
        "1 of 8 runs have come to their end; 0 under way or stopped, 7 not begun\n",
        "results in runs/sweep-small, ",
    ] {
        assert!(stdout.contains(text), "no `{text}` in {stdout}");
    }
    let states = rows(&workspace, "runs/sweep-small");
    assert_eq!(states[3][6], "measured");
    assert_eq!(states.iter().filter(|row| row[6] == "missing").count(), 7);
}

#[test]
fn a_killed_sweep_goes_on_to_the_same_results() {
    // Long enough to be killed amid its runs.
    let text = FILE
        .replace("epochs = 1", "epochs = 6")
        .replace("[grid]", "checkpoints.every = 3\n[grid]");
    let workspace = with_file(&text);
    let mut child = start(&workspace, &["--out", "killed", "--threads", "1"]);
    let patience = Instant::now() + Duration::from_secs(60);
    let second = workspace.path("killed/runs/1-none_learning_rate=0.001-seed2/checkpoint.safetensors");
    while !second.exists() {
        assert!(Instant::now() < patience, "no second run after a minute");
        assert!(child.try_wait().unwrap().is_none(), "the sweep has ended");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!workspace.path("killed/results.csv").exists());

    // A stop by the limit of time is no end either.
    let limited = ["sweep", "small.toml", "--out", "killed", "--time-limit", "0s"];
    let outcome = workspace.run(&limited);
    assert_eq!(outcome.code(), Some(3), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("the same command with --out killed"),
        "{}",
        outcome.stderr
    );
    for out in ["killed", "whole"] {
        workspace.run(&["sweep", "small.toml", "--out", out]).succeeds();
    }
    assert_eq!(rows(&workspace, "killed"), rows(&workspace, "whole"));
    for seed in 1..=2 {
        let name = format!("runs/3-batch_learning_rate=0.001-seed{seed}/metrics.jsonl");
        let [killed, whole] = ["killed", "whole"].map(|out| workspace.text(&format!("{out}/{name}")));
        assert_eq!(killed, whole);
    }
}

#[test]
fn another_plan_and_another_run_are_refused() {
    let workspace = with_file(FILE);
    let sweep = ["sweep", "small.toml", "--shard", "1/8"];
    workspace.run(&sweep).succeeds();
    workspace.write("small.toml", FILE.replace("399", "398"));
    let parts = ["plan.toml: it has `batch = 399`", "`batch = 398` now", "--force"];
    workspace.refuses(&sweep, 1, &parts);
    workspace.write("small.toml", FILE);
    let config = "runs/sweep-small/runs/1-none_learning_rate=0.001-seed1/config.toml";
    workspace.write(config, workspace.text(config).replace("clip = 1.0", "clip = 2.0"));
    let other = ["sweep", "small.toml", "--shard", "2/8"];
    workspace
        .run(&other)
        .fails(1, &["training.clip = 2.0", "the plan has 1.0"]);
    workspace.run(&tiny("run", &[])).succeeds();
    workspace.refuses(
        &["sweep", "small.toml", "--out", "run"],
        1,
        &[
            "run/config.toml belongs to something else",
            "choose another directory",
        ],
    );
}

#[test]
fn a_dry_run_lists_the_runs_and_changes_no_file() {
    let workspace = with_file(FILE);
    let before = files(&workspace.path("."));
    let list = |more: &[&str]| {
        let outcome = workspace.run(&[&["sweep", "small.toml", "--dry-run"], more].concat());
        let lines = outcome.succeeds().stdout.lines().skip(2);
        let lines = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        lines.collect::<Vec<_>>()
    };
    let all = list(&[]);
    assert_eq!(
        all[0],
        "run seed model.normalization optimizer.learning_rate name"
    );
    assert_eq!(all.len(), 10);
    assert_eq!(all[5], "4 2 none 0.01 2-none_learning_rate=0.01-seed2");
    assert_eq!(list(&["--shard", "4/4"])[2..], [all[5].clone(), all[9].clone()]);
    assert_eq!(files(&workspace.path(".")), before);

    workspace.write(
        "small.toml",
        FILE.replace("[grid]", "[grid]\nmodel.layers = [1, 0]"),
    );
    let parts = ["small.toml, combination 5 (model.layers = 0, ", "give at least 1"];
    workspace.refuses(&["sweep", "small.toml"], 1, &parts);
    workspace.refuses(&["sweep", "none.toml"], 1, &["none.toml: cannot read the file"]);
    workspace.refuses(&["sweep", "small.toml", "--shard", "3/2"], 2, &["from 1 to N"]);
}

#[test]
fn a_combination_that_diverges_is_told_of_and_is_no_failure_alone() {
    let two = FILE
        .replace("[1e-3, 1e-2]", "[1e-3, 1e38]")
        .replace(", \"batch\"", "");
    let workspace = with_file(&two);
    let outcome = workspace.run(&["sweep", "small.toml"]);
    let stdout = &outcome.succeeds().stdout;
    for text in [
        "LSTM, learning_rate=1e38 (2 of 2 diverged)  ",
        "LSTM, learning_rate=1e38, seed 2: ",
    ] {
        assert!(stdout.contains(text), "no `{text}` in {stdout}");
    }
    let results = rows(&workspace, "runs/sweep-small");
    assert_eq!(states(&results), ["measured", "measured", "diverged", "diverged"]);

    workspace.write("all.toml", two.replace("[1e-3, 1e38]", "[1e38]"));
    let parts = ["every run has diverged", "lower the learning rate"];
    workspace.run(&["sweep", "all.toml"]).fails(1, &parts);
    let results = rows(&workspace, "runs/sweep-all");
    assert_eq!(states(&results), ["diverged"; 2]);
}

/// Tasks that are measured in different ways have a table and a panel each.
#[test]
fn tasks_can_be_varied() {
    let workspace = with_file(
        r#"
        preset = "adding-quick"
        [set]
        model.hidden_size = 4
        training.steps = 2
        training.batch = 16
        evaluation.batches = 1
        evaluation.estimation_batches = 1
        [[list]]
        task.steps = 5
        [[list]]
        task = { name = "digits", order = "scan" }
        training.batch = 399
        "#,
    );
    let outcome = workspace.run(&["sweep", "small.toml"]);
    let stdout = &outcome.succeeds().stdout;
    for text in ["test squared error", "test accuracy %"] {
        assert!(stdout.contains(text), "no `{text}` in {stdout}");
    }
    let csv = workspace.text("runs/sweep-small/figures/learning_curves.csv");
    assert!(csv.starts_with("panel,"), "{csv}");
}
