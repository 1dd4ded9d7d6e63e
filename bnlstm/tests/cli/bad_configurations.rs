//! Configurations that cannot be used.

use crate::support::Workspace;

/// Replaces the first occurrence, which must be there.
fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no `{from}` in {text}");
    text.replacen(from, to, 1)
}

#[test]
fn a_bad_field_is_named_with_its_place() {
    let workspace = Workspace::with_run(&["--permuted"]);
    let good = workspace.text("run/config.toml");
    let checkpoint = "run/checkpoint.safetensors";
    let cases: [(&str, &str, &[&str]); 19] = [
        ("[task]", "[task", &["TOML parse error at line 1"]),
        ("[task]", "[task]\nsize = 3", &["unknown field `size`", "`order`"]),
        ("permutation_seed", "permutation_sed", &["`permutation_sed`"]),
        ("permutation_seed = 1", "", &["missing field `permutation_seed`"]),
        (
            "name = \"digits\"",
            "name = \"letters\"",
            &["`letters`", "`digits`"],
        ),
        (
            "[model]",
            "[model]\nsize = 3",
            &["line", "unknown field `size`", "`hidden_size`"],
        ),
        ("hidden_size = 19", "", &["missing field `hidden_size`"]),
        (
            "hidden_size = 19",
            "hidden_size = \"4\"",
            &["line", "invalid type", "\"4\""],
        ),
        ("hidden_size = 19", "hidden_size = -4", &["line", "-4"]),
        (
            "hidden_size = 19",
            "hidden_size = 0",
            &["model.hidden_size = 0", "at least 1"],
        ),
        ("clip = 1.0", "clip = nan", &["training.clip = NaN", "above 0"]),
        (
            "clip = 1.0",
            "clip = 1.0\nclp = 2",
            &["unknown field `clp`", "`clip`"],
        ),
        (
            "decay = 0.9",
            "decay = 1.5",
            &["optimizer.decay = 1.5", "below 1"],
        ),
        ("epsilon = ", "epsilon = -", &["optimizer.epsilon = -", "above 0"]),
        (
            "name = \"rmsprop\"",
            "name = \"rmsprob\"",
            &["`rmsprob`", "`rmsprop`"],
        ),
        ("momentum = 0.0", "momentun = 0.0", &["`momentun`", "`momentum`"]),
        (
            "\"h=batch(",
            "\"h=bacth(",
            &[
                "line",
                "unknown normalization `bacth`",
                "known normalizations: none, batch, batch-renorm, layer, ",
                "(at byte 2)",
            ],
        ),
        (
            "cell = \"lstm\"",
            "cell = \"gru\"",
            &["line", "gru has no cell state; its sites are h, x, out", "^"],
        ),
        ("cell = \"lstm\"", "cell = \"lstn\"", &["line", "`lstn`", "`gru`"]),
    ];
    for (from, to, parts) in cases {
        workspace.write("run/config.toml", replace(&good, from, to));
        workspace.refuses(
            &["eval", "run"],
            1,
            &[&["configuration run/config.toml: "], parts].concat(),
        );
        let train = ["train", "--config", "run/config.toml", "--out", "new"];
        workspace.refuses(&train, 1, &[&["configuration run/config.toml: "], parts].concat());
    }
    assert!(workspace.path(checkpoint).exists());
}

#[test]
fn files_that_are_no_configuration() {
    let workspace = Workspace::with_run(&[]);
    let train = ["train", "--config", "other.toml", "--out", "new"];
    workspace.refuses(&train, 1, &["other.toml: cannot read the file", "check the path"]);
    workspace.write("other.toml", [b'a', 0xff]);
    workspace.refuses(&train, 1, &["other.toml: byte 1 is not UTF-8", "plain text"]);
    workspace.write("other.toml", "");
    workspace.refuses(
        &train,
        1,
        &["other.toml: ", "missing field `task`", "config.toml that `train`"],
    );
    workspace.refuses(
        &["train", "--config", "run", "--out", "new"],
        1,
        &["run: cannot read the file", "path of a file"],
    );
    std::fs::remove_file(workspace.path("run/config.toml")).unwrap();
    workspace.refuses(
        &["eval", "run"],
        1,
        &["run/config.toml: cannot read the file", "check the path"],
    );
    workspace.refuses(
        &["eval", "nowhere"],
        1,
        &["nowhere/config.toml: cannot read the file"],
    );
}

#[test]
fn a_comparison_is_not_a_run() {
    let workspace = Workspace::new();
    let options = ["--hidden-size", "2", "--epochs", "1", "--batch", "479"];
    let compare = ["compare", "--out", "both", "--norms", "none", "--seeds", "1"];
    workspace.run(&[&compare[..], &options].concat()).succeeds();
    workspace.refuses(
        &["eval", "both"],
        1,
        &["both/config.toml: cannot read the file", "check the path"],
    );
}
