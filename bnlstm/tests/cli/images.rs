//! MNIST in files that users have, in small.

use std::fs;

use nn::data::Idx;

use crate::support::Workspace;

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// `count` images of `side`×`side` pixels and their labels.
fn images(count: usize, side: usize) -> [Vec<u8>; 2] {
    let pixels = (0..count * side * side).map(|place| (place * 7 % 251) as u8);
    let images = Idx {
        dims: vec![count, side, side],
        data: pixels.collect(),
    };
    let labels = Idx {
        dims: vec![count],
        data: (0..count).map(|image| (image % 10) as u8).collect(),
    };
    [images.to_bytes(), labels.to_bytes()]
}

/// A workspace whose directory `data` has 12 images to learn from and to choose by, and 4 to test on.
fn workspace(folder: &str, side: usize) -> Workspace {
    let workspace = Workspace::new();
    let folder = format!("data/{folder}");
    fs::create_dir_all(workspace.path(&folder)).unwrap();
    let files = [images(12, side), images(4, side)].into_iter().flatten();
    for (name, bytes) in NAMES.into_iter().zip(files) {
        workspace.write(&format!("{folder}/{name}"), bytes);
    }
    workspace
}

/// One update on sequences of all pixels.
fn train<'a>(task: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let tiny = [
        "--hidden-size",
        "2",
        "--batch",
        "5",
        "--steps",
        "1",
        "--out",
        "run",
    ];
    [&["train", "--task", task], &tiny[..], more].concat()
}

#[test]
fn both_tasks_read_the_files_in_their_order() {
    let cases: [(&str, &[&str], &str); 4] = [
        ("smnist", &[], "784 steps of one pixel, scan order"),
        ("pmnist", &[], "permuted with seed 1 (order "),
        (
            "pmnist",
            &["--permuted", "--permutation-seed", "5"],
            "permuted with seed 5 (order ",
        ),
        (
            "pmnist",
            &["--set", "task.order=authors"],
            "in the order of the paper's code, with replacement",
        ),
    ];
    for (task, more, order) in cases {
        let workspace = workspace("mnist", 28);
        let more = [&["--data", "data"], more].concat();
        let outcome = workspace.run(&train(task, &more));
        let report = &outcome.succeeds().stdout;
        let sizes = format!("{task}: 10 images to train on, 2 to choose by, 4 to test on");
        for part in [sizes.as_str(), order, "train-images-idx3-ubyte"] {
            assert!(report.contains(part), "no `{part}` in {report}");
        }
        // The directory is kept, so that `eval` finds it from anywhere.
        workspace.run(&["eval", "run"]).succeeds();
    }
}

#[test]
fn the_directory_may_come_from_the_environment() {
    let workspace = workspace("", 28);
    let mut command = workspace.command(crate::support::PROGRAM);
    command.args(train("smnist", &[])).env("BNLSTM_DATA", "data");
    let outcome = crate::support::Outcome::new("train smnist".to_owned(), command.output().unwrap());
    outcome.succeeds();
    workspace.run(&["eval", "run"]).succeeds();
    // Tasks that read no files do not look at it.
    let mut command = workspace.command(crate::support::PROGRAM);
    let copy = [
        "train",
        "--task",
        "copy",
        "--steps",
        "1",
        "--hidden-size",
        "2",
        "--out",
        "copy",
    ];
    command
        .args(copy)
        .args(["--set", "task.examples=70"])
        .env("BNLSTM_DATA", "nowhere");
    crate::support::Outcome::new("train copy".to_owned(), command.output().unwrap()).succeeds();
}

#[test]
fn without_data_the_error_says_how_to_name_them() {
    let workspace = workspace("", 28);
    for task in ["smnist", "pmnist"] {
        workspace.refuses(
            &train(task, &[]),
            1,
            &[task, "--data", "BNLSTM_DATA", "`bnlstm data`"],
        );
    }
    for preset in ["ptb-quick", "text8-quick", "qa-paper"] {
        workspace.refuses(
            &["train", "--preset", preset, "--out", "run"],
            1,
            &["--data", "BNLSTM_DATA"],
        );
    }
    let elsewhere = train("smnist", &["--data", "nowhere"]);
    workspace.refuses(&elsewhere, 1, &["nowhere", "no directory of this name"]);
    fs::remove_file(workspace.path("data/t10k-labels-idx1-ubyte")).unwrap();
    let lacking = train("smnist", &["--data", "data"]);
    workspace.refuses(&lacking, 1, &["MNIST", "data lacks t10k-labels-idx1-ubyte"]);
}

#[test]
fn images_of_other_sizes() {
    // Any size is read pixel by pixel, but the order of the paper's code has 784 of them.
    let workspace = workspace("MNIST/raw", 5);
    let authors = train("pmnist", &["--data", "data", "--set", "task.order=authors"]);
    workspace.refuses(
        &authors,
        1,
        &[
            "task.order = authors goes through 784 pixels",
            "these images have 25",
            "`permuted`",
        ],
    );
    let permuted = workspace.run(&train("pmnist", &["--data", "data"]));
    assert!(permuted.succeeds().stdout.contains("25 steps of one pixel"));
    // Parts of two datasets.
    let [images, _] = images(4, 6);
    workspace.write("data/MNIST/raw/t10k-images-idx3-ubyte", images);
    let mixed = train("smnist", &["--data", "data", "--force"]);
    workspace.refuses(&mixed, 1, &["5×5", "6×6", "files of one dataset"]);
}
