//! Checkpoints that cannot be used.

use std::fs;

use crate::support::{Workspace, tiny};

const CHECKPOINT: &str = "run/checkpoint.safetensors";
const EVAL: [&str; 2] = ["eval", "run"];

#[test]
fn a_checkpoint_cut_short_anywhere() {
    let workspace = Workspace::with_run(&[]);
    let whole = workspace.read(CHECKPOINT);
    for length in [0, 4, 8, 9, 100, whole.len() / 2, whole.len() - 1] {
        workspace.write(CHECKPOINT, &whole[..length]);
        let actual = format!("{length} bytes are there");
        workspace.refuses(
            &EVAL,
            1,
            &[CHECKPOINT, "cut short", &actual, "use an earlier file"],
        );
    }
    workspace.write(CHECKPOINT, [&whole[..], b"x"].concat());
    workspace.refuses(&EVAL, 1, &[CHECKPOINT, "bytes left over", "use an earlier file"]);
}

#[test]
fn something_else_in_place_of_a_checkpoint() {
    let workspace = Workspace::with_run(&[]);
    workspace.write(CHECKPOINT, "once upon a time there was a checkpoint");
    workspace.refuses(
        &EVAL,
        1,
        &[CHECKPOINT, "not a safetensors file", "check that the path"],
    );
    fs::remove_file(workspace.path(CHECKPOINT)).unwrap();
    workspace.refuses(&EVAL, 1, &[CHECKPOINT, "cannot read the file", "check the path"]);
    fs::create_dir(workspace.path(CHECKPOINT)).unwrap();
    workspace.refuses(&EVAL, 1, &[CHECKPOINT, "cannot read the file", "path of a file"]);
}

#[test]
fn the_checkpoint_of_another_run() {
    let workspace = Workspace::with_run(&[]);
    let other = |options: &[&str]| {
        let base = [
            "train", "--out", "other", "--force", "--epochs", "1", "--batch", "479",
        ];
        workspace.run(&[&base[..], options].concat()).succeeds();
        fs::copy(
            workspace.path("other/checkpoint.safetensors"),
            workspace.path(CHECKPOINT),
        )
        .unwrap();
    };
    other(&["--hidden-size", "6"]);
    workspace.refuses(
        &EVAL,
        1,
        &[
            CHECKPOINT,
            "model.hidden_size = 6",
            "this run has 19",
            "use the config.toml",
        ],
    );
    other(&["--hidden-size", "19", "--norm", "layer"]);
    workspace.refuses(
        &EVAL,
        1,
        &[CHECKPOINT, "model.normalization = \"h=layer(", "\"h=batch("],
    );
    other(&["--hidden-size", "19", "--permuted"]);
    workspace.refuses(&EVAL, 1, &[CHECKPOINT, "task.order", "permuted", "\"scan\""]);
}

/// A file whose state says this run, with tensors of other shapes.
#[test]
fn a_checkpoint_of_another_shape() {
    let workspace = Workspace::with_run(&["--norm", "none"]);
    let bytes = workspace.read(CHECKPOINT);
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&bytes[8..8 + length]).unwrap();
    // W_h [19, 76] has as many elements as [38, 38].
    let shape = "[19,76]";
    assert!(header.contains(shape), "{header}");
    let changed = header.replace(shape, "[38,38]");
    let padding = " ".repeat(header.len() - changed.len());
    let file = [
        &bytes[..8],
        changed.as_bytes(),
        padding.as_bytes(),
        &bytes[8 + length..],
    ]
    .concat();
    workspace.write(CHECKPOINT, file);
    let parts = [
        CHECKPOINT,
        "lstm/w_h",
        "[38, 38]",
        "expected [19, 76]",
        "use the configuration",
    ];
    workspace.refuses(&EVAL, 1, &parts);
}

#[test]
fn eval_changes_nothing() {
    let workspace = Workspace::new();
    workspace.run(&tiny("run", &[])).succeeds();
    let before = crate::support::files(&workspace.path("run"));
    workspace.run(&EVAL).succeeds();
    assert_eq!(before, crate::support::files(&workspace.path("run")));
    workspace.refuses(
        &["eval", "run", "--batch", "0"],
        1,
        &["training.batch = 0", "at least 1"],
    );
}
