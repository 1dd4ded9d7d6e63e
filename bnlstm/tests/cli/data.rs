//! Data from files instead of the embedded ones.

use std::fs;
use std::path::{Path, PathBuf};

use nn::data::{Idx, read_idx};

use crate::support::{Outcome, PROGRAM, Workspace, metrics, tiny};

const IMAGES: &str = "digits8x8-images-idx3-ubyte";
const LABELS: &str = "digits8x8-labels-idx1-ubyte";

/// The packed file that is embedded.
fn embedded(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/digits8x8");
    directory.join(format!("{name}.gz"))
}

/// A workspace whose directory `data` has a packed copy of the images and a raw one of the labels.
fn workspace() -> Workspace {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("data")).unwrap();
    let images = fs::read(embedded(IMAGES)).unwrap();
    workspace.write(&format!("data/{IMAGES}.gz"), images);
    workspace.write(&format!("data/{LABELS}"), content(LABELS).to_bytes());
    workspace
}

fn content(name: &str) -> Idx {
    read_idx(embedded(name)).unwrap()
}

/// Both commands that train refuse the data, and leave nothing behind.
#[track_caller]
fn refuses(workspace: &Workspace, parts: &[&str]) {
    for command in ["train", "compare"] {
        workspace.refuses(&[command, "--data", "data", "--out", "new"], 1, parts);
    }
}

#[test]
fn a_copy_of_the_embedded_files_gives_the_same_run() {
    let workspace = workspace();
    workspace.run(&tiny("embedded", &[])).succeeds();
    workspace.run(&tiny("copied", &["--data", "data"])).succeeds();
    let scores = |run: &str| {
        let records = metrics(&workspace.text(&format!("{run}/metrics.jsonl")));
        assert!(records.len() >= 2);
        records
    };
    assert_eq!(scores("embedded"), scores("copied"));
    // The configuration names the directory, so that `eval` finds it from anywhere.
    let eval = |run: &str| workspace.run(&["eval", run]).succeeds().stdout.clone();
    assert_eq!(eval("embedded"), eval("copied"));
    let config = workspace.text("copied/config.toml");
    let path = workspace.path("data");
    assert!(config.contains(path.to_str().unwrap()), "{config}");
    // The same tensors: only the name of the directory tells the checkpoints apart.
    let checkpoint = workspace.read("embedded/checkpoint.safetensors");
    workspace.write("copied/checkpoint.safetensors", checkpoint);
    assert_eq!(eval("embedded"), eval("copied"));
}

#[test]
fn data_that_are_gone_or_damaged_later() {
    let workspace = workspace();
    workspace.run(&tiny("run", &["--data", "data"])).succeeds();
    let labels = format!("data/{LABELS}");
    let whole = workspace.read(&labels);
    workspace.write(&labels, &whole[..100]);
    workspace.refuses(&["eval", "run"], 1, &[&labels, "cut short"]);
    let again = ["train", "--data", "data", "--out", "run", "--force"];
    workspace.refuses(&again, 1, &[&labels, "cut short"]);
    fs::remove_file(workspace.path(&labels)).unwrap();
    workspace.refuses(&["eval", "run"], 1, &["data: ", LABELS]);
}

#[test]
fn truncated_images() {
    let workspace = workspace();
    let packed = format!("data/{IMAGES}.gz");
    let bytes = workspace.read(&packed);
    workspace.write(&packed, &bytes[..bytes.len() / 2]);
    refuses(
        &workspace,
        &[&packed, "cut short", "copy or download the file again"],
    );
    // A raw file is preferred to a packed one.
    let raw = format!("data/{IMAGES}");
    let bytes = content(IMAGES).to_bytes();
    for length in [0, 3, 15, 16, bytes.len() - 1] {
        workspace.write(&raw, &bytes[..length]);
        let actual = format!("{length} bytes are there");
        refuses(&workspace, &[&format!("{raw}: "), "cut short", &actual]);
    }
}

#[test]
fn files_of_another_kind() {
    let workspace = workspace();
    let images = format!("data/{IMAGES}.gz");
    fs::copy(embedded(LABELS), workspace.path(&images)).unwrap();
    refuses(
        &workspace,
        &[&images, "labels given as images", "exchange the two"],
    );
    workspace.write(&images, "<!DOCTYPE html>");
    refuses(&workspace, &[&images, "magic number 3c 21 44 4f", "a web page"]);
}

#[test]
fn labels_that_do_not_belong_to_the_images() {
    let workspace = workspace();
    let path = format!("data/{LABELS}");
    let mut labels = content(LABELS);
    labels.data[5] = 10;
    workspace.write(&path, labels.to_bytes());
    refuses(&workspace, &[&path, "label 10 of example 5"]);
    labels.data.pop();
    labels.dims = vec![1796];
    workspace.write(&path, labels.to_bytes());
    refuses(&workspace, &[&path, "1796 labels", IMAGES, "1797 images"]);
}

#[test]
fn images_of_another_set() {
    let workspace = workspace();
    let path = format!("data/{IMAGES}");
    let mut images = content(IMAGES);
    images.data[2 * 64 + 7] = 17;
    workspace.write(&path, images.to_bytes());
    refuses(&workspace, &[&path, "image 2 is 17", "at most 16"]);
    images.dims = vec![1797, 4, 16];
    workspace.write(&path, images.to_bytes());
    let size = "1797 images of 4×16 pixels, expected 1797 of 8×8";
    refuses(&workspace, &[&path, size, "leave --data out"]);
}

#[test]
fn files_that_are_not_there() {
    let workspace = workspace();
    fs::remove_file(workspace.path(&format!("data/{IMAGES}.gz"))).unwrap();
    let names = format!("neither `{IMAGES}` nor `{IMAGES}.gz`");
    refuses(&workspace, &["data: ", &names, "leave --data out"]);
    fs::remove_dir_all(workspace.path("data")).unwrap();
    refuses(&workspace, &["data: ", &names]);
    workspace.write("data", "no directory");
    refuses(&workspace, &[IMAGES, "cannot read the file"]);
    workspace.refuses(&["train", "--data", "", "--out", "new"], 2, &["--data <DIR>"]);
}

/// A configuration could not name it.
#[cfg(unix)]
#[test]
fn a_directory_whose_name_is_no_text() {
    use std::os::unix::ffi::OsStrExt;

    let workspace = workspace();
    let name = std::ffi::OsStr::from_bytes(b"d\xff");
    let mut command = workspace.command(PROGRAM);
    command.args(["train", "--out", "new", "--data"]).arg(name);
    let outcome = Outcome::new("train --data".to_owned(), command.output().unwrap());
    outcome.fails(1, &["--data = d", "UTF-8"]);
    assert!(!workspace.path("new").exists());
}
