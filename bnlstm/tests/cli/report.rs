//! `report`: where the page goes, and what is refused.

use std::fs;

use bnlstm::metrics::{Line, Measured, Record};
use bnlstm::scores::Scores;
use bnlstm::trainer::Score;

use crate::support::{Workspace, config};

/// A finished run of one evaluation.
fn write_run(workspace: &Workspace, directory: &str, normalization: &str) {
    let score = Score {
        loss: 0.5,
        accuracy: 0.75,
    };
    let scores = Scores {
        batch: score,
        running: score,
        population: score,
    };
    let record = Line::Evaluated(Record {
        update: 18,
        epoch: 1.0,
        learning_rate: 1e-2,
        train_loss: 1.5,
        gradient_norm: 0.25,
        valid: scores,
    });
    let end = Line::Measured(Measured {
        update: 18,
        selected: 18,
        test: scores,
    });
    let lines = [record, end].map(|line| serde_json::to_string(&line).unwrap() + "\n");
    fs::create_dir_all(workspace.path(directory)).unwrap();
    let toml = toml::to_string(&config(normalization)).unwrap();
    workspace.write(&format!("{directory}/config.toml"), toml);
    workspace.write(&format!("{directory}/metrics.jsonl"), lines.concat());
}

#[test]
fn the_page_is_in_the_directory_or_here_or_where_it_is_asked_for() {
    let workspace = Workspace::new();
    write_run(&workspace, "runs/a", "none");
    write_run(&workspace, "runs/b", "batch");
    let one = workspace.run(&["report", "runs", "--no-date"]);
    assert_eq!(one.succeeds().stdout, "2 runs: runs/report.html\n");
    let several = workspace.run(&["report", "runs/a", "runs/b", "--no-date"]);
    assert_eq!(several.succeeds().stdout, "2 runs: report.html\n");
    let asked = workspace.run(&["report", "runs/a", "--out", "a.html"]);
    assert_eq!(asked.succeeds().stdout, "1 run: a.html\n");
    // The same runs, found in two ways; and in place of an earlier page.
    assert_eq!(workspace.read("runs/report.html"), workspace.read("report.html"));
    workspace
        .run(&["report", "runs/a", "--out", "report.html", "--no-date"])
        .succeeds();
    assert_ne!(workspace.read("runs/report.html"), workspace.read("report.html"));
    assert!(workspace.text("report.html").starts_with("<!DOCTYPE html>"));
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_is_written() {
    let workspace = Workspace::new();
    write_run(&workspace, "run", "none");
    fs::create_dir(workspace.path("empty")).unwrap();
    workspace.refuses(
        &["report", "empty"],
        1,
        &["no run in empty", "`train` has written"],
    );
    workspace.refuses(&["report", "run", "nowhere"], 1, &["nowhere", "check the path"]);
    workspace.refuses(
        &["report", "run", "--out", "no/where.html"],
        1,
        &["no/where.html", "directory"],
    );
    workspace.refuses(&["report"], 2, &["<DIR>"]);
    workspace.write("run/metrics.jsonl", "{\"update\": 1}\n");
    workspace.refuses(
        &["report", "run"],
        1,
        &["run/metrics.jsonl: line 1 ", "give a run directory"],
    );
    // A line that is still being written is none yet.
    workspace.write("run/metrics.jsonl", "{\"update\": 1");
    workspace.run(&["report", "run"]).succeeds();
}
