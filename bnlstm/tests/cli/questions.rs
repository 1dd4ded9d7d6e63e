//! Questions in files of the CNN corpus.

use std::fs;

use bnlstm::data::questions::{
    GeneratedConfig, GeneratedCorpus, Part, Question, QuestionSource, write_questions,
};

use crate::support::Workspace;

fn questions(part: Part) -> Vec<Question> {
    let config = GeneratedConfig {
        training: 12,
        validation: 5,
        test: 4,
        ..GeneratedConfig::default()
    };
    let mut questions = Vec::new();
    let corpus = GeneratedCorpus::new(config, 2);
    corpus
        .visit(part, &mut |question| questions.push(question))
        .unwrap();
    questions
}

/// A workspace with a small corpus in the place where that of CNN is unpacked.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    for part in Part::ALL {
        let folder = workspace.path("data/cnn/questions").join(part.folder());
        write_questions(folder, questions(part)).unwrap();
    }
    workspace
}

fn train<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let tiny = [
        "--hidden-size",
        "3",
        "--batch",
        "4",
        "--steps",
        "2",
        "--out",
        "run",
    ];
    let cnn = [
        "train",
        "--task",
        "qa",
        "--data",
        "data",
        "--set",
        "task.corpus=cnn",
    ];
    [&cnn, &tiny[..], &["--set", "model.reader.embedding_size=3"], more].concat()
}

#[test]
fn files_are_found_read_and_measured() {
    let workspace = workspace();
    let outcome = workspace.run(&train(&[]));
    let report = &outcome.succeeds().stdout;
    assert!(
        report.contains("12 questions to train on, 5 to choose by, 4 to test on"),
        "{report}"
    );
    workspace.run(&["eval", "run", "--split", "valid"]).succeeds();
    let limited = train(&["--force", "--set", "task.limit=4", "--set", "task.sentences=2"]);
    let outcome = workspace.run(&limited);
    let report = &outcome.succeeds().stdout;
    assert!(
        report.contains("4 questions to train on, 4 to choose by, 4 to test on"),
        "{report}"
    );
}

#[test]
fn malformed_files_are_an_error_or_left_out_and_counted() {
    let workspace = workspace();
    let bad = "data/cnn/questions/training/bad.question";
    workspace.write(bad, "http://a\n\n");
    let renamed = "data/cnn/questions/test/renamed.question";
    workspace.write(renamed, questions(Part::Validation)[0].to_bytes());
    workspace.refuses(&train(&[]), 1, &["bad.question: line 4", "is missing"]);
    let outcome = workspace.run(&train(&["--lenient"]));
    let report = &outcome.succeeds().stdout;
    for part in [
        "12 questions to train on, 5 to choose by, 5 to test on",
        "training: 1 malformed files left out: ",
        "bad.question: line 4",
        "test: 1 files whose names are not the SHA-1 of their content: ",
        "renamed.question",
    ] {
        assert!(report.contains(part), "no `{part}` in {report}");
    }
}

#[test]
fn folders_that_are_not_there() {
    let workspace = workspace();
    fs::remove_dir_all(workspace.path("data/cnn/questions/test")).unwrap();
    workspace.refuses(&train(&[]), 1, &["cannot list the folder", "questions/test"]);
    fs::remove_dir_all(workspace.path("data/cnn")).unwrap();
    workspace.refuses(&train(&[]), 1, &["data", "`questions/training`"]);
    fs::remove_dir_all(workspace.path("data")).unwrap();
    workspace.refuses(&train(&[]), 1, &["data"]);
}
