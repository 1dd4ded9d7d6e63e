//! Options that make no sense: exit code 1 for values, 2 for usage, and nothing is written.

use crate::support::{Workspace, files, metrics, tiny};

#[test]
fn values_that_make_no_sense() {
    let workspace = Workspace::new();
    let cases: [(&[&str], &[&str]); 23] = [
        (&["--epochs", "0"], &["training.epochs = 0", "at least 1"]),
        (&["--batch", "0"], &["training.batch = 0", "at least 1"]),
        (&["--hidden-size", "0"], &["model.hidden_size = 0", "at least 1"]),
        (
            &["--hidden-size", "99999999999"],
            &["model.hidden_size = 99999999999", "at most 16384"],
        ),
        (
            &["--learning-rate", "nan"],
            &["optimizer.learning_rate = NaN", "finite"],
        ),
        (
            &["--learning-rate", "inf"],
            &["optimizer.learning_rate = inf", "finite"],
        ),
        (
            &["--learning-rate", "-0.1"],
            &["optimizer.learning_rate = -0.1", "above 0"],
        ),
        (
            &["--learning-rate", "0"],
            &["optimizer.learning_rate = 0", "above 0"],
        ),
        (&["--clip", "0"], &["training.clip = 0", "above 0"]),
        (&["--clip", "-1"], &["training.clip = -1", "above 0"]),
        (
            &["--initial-noise", "-1"],
            &["model.initial_noise = -1", "not negative"],
        ),
        (
            &["--initial-noise", "inf"],
            &["model.initial_noise = inf", "finite"],
        ),
        (&["--forget-bias", "nan"], &["model.forget_bias = NaN", "finite"]),
        (
            &["--cell", "gru", "--forget-bias", "2"],
            &["model.forget_bias = 2", "only an LSTM has a forget gate"],
        ),
        (
            &["--norm", "batch", "--batch", "1"],
            &["training.batch = 1", "batches of one", "try 3"],
        ),
        (
            &["--norm", "c=batch", "--batch", "299"],
            &["training.batch = 299", "1197", "last batch of one", "try 300"],
        ),
        (
            &["--norm", "h=bacth(gamma=1)"],
            &[
                "--norm: unknown normalization `bacth` (did you mean `batch`?)",
                "known normalizations: none, batch, batch-renorm, layer, ",
                "(at byte 2)",
                "\n  h=bacth(gamma=1)\n    ^",
            ],
        ),
        (
            &["--norm", "batch(gamma=one)"],
            &["option `gamma` must be a number up to 3e38 in size, found `one` (at byte 12)"],
        ),
        (
            &["--norm", "c=layer", "--cell", "gru"],
            &["--norm: gru has no cell state; its sites are h, x, out (at byte 0)"],
        ),
        (
            &["--norm", "sum=weight"],
            &[
                "--norm: `weight` is not defined at `sum`",
                "products: h, x (at byte 4)",
            ],
        ),
        (
            &["--norm", "c=group(groups=5)"],
            &[
                "model.normalization = c=group",
                "at `c`: 5 groups do not divide 64 values",
            ],
        ),
        (
            &["--regularization", "zonout"],
            &["--regularization: unknown regularizer `zonout` (did you mean `zoneout`?)"],
        ),
        (
            &["--norm", "none", "--cell", "gru", "--regularization", "zoneout"],
            &["model.regularization = zoneout", "write zoneout(h=0.05,c=0)"],
        ),
    ];
    for (options, parts) in cases {
        let arguments = [&["train", "--out", "run"], options].concat();
        workspace.refuses(&arguments, 1, parts);
    }
}

#[test]
fn a_batch_of_one_is_fine_without_batch_statistics() {
    let workspace = Workspace::new();
    let options = [
        "--hidden-size",
        "2",
        "--epochs",
        "1",
        "--batch",
        "299",
        "--norm",
        "layer",
    ];
    workspace
        .run(&[&["train", "--out", "run"], &options[..]].concat())
        .succeeds();
}

#[test]
fn comparisons_that_make_no_sense() {
    let workspace = Workspace::new();
    let cases: [(&[&str], &[&str]); 6] = [
        (
            &["--norms", "none,bacth"],
            &[
                "--norms: unknown normalization `bacth`",
                "none, batch, batch-renorm, layer, ",
                "(at byte 5)",
                "\n       ^",
            ],
        ),
        (
            &["--norms", "batch,batch(gamma=0.1)"],
            &["given twice", "(at byte 6)"],
        ),
        (&["--norms", ""], &["expected a normalization", "(at byte 0)"]),
        (&["--target", "nan"], &["--target = NaN", "finite"]),
        (
            &["--first-seed", "18446744073709551615"],
            &[
                "--first-seed = 18446744073709551615",
                "at most 18446744073709551612",
            ],
        ),
        (
            &["--norms", "none,batch", "--batch", "299"],
            &["training.batch = 299"],
        ),
    ];
    for (options, parts) in cases {
        let arguments = [&["compare", "--out", "run"], options].concat();
        workspace.refuses(&arguments, 1, parts);
    }
}

#[test]
fn usage_errors() {
    let workspace = Workspace::new();
    let cases: [(&[&str], &[&str]); 12] = [
        (
            &["--threads", "0"],
            &["'0' for '--threads <THREADS>'", "from 1 to 1024"],
        ),
        (&["--threads", "1000000"], &["from 1 to 1024"]),
        (&["train", "--threads", "two"], &["from 1 to 1024"]),
        (&["--device", "gpu"], &["'gpu'", "cpu, reference"]),
        (&["train", "--permutation-seed", "3"], &["--permuted"]),
        (&["train", "--force"], &["--out <DIR>"]),
        (&["train", "--batch", "many"], &["'many' for '--batch <BATCH>'"]),
        (&["train", "--seed", "-1"], &["'-1'"]),
        (
            &["train", "--optimizer", "adm"],
            &["'adm'", "rmsprop-authors", "adam"],
        ),
        (&["compare", "--seeds", "0"], &["--seeds", "1..=1000"]),
        (&["eval"], &["<RUN>"]),
        (&["tain"], &["'tain'", "'train'"]),
    ];
    for (arguments, parts) in cases {
        workspace.refuses(arguments, 2, parts);
    }
}

#[test]
fn a_run_that_diverges_ends_with_an_error() {
    let workspace = Workspace::new();
    let options = ["--norm", "none", "--learning-rate", "1e38"];
    let parts = [
        "error: run: update 2: ",
        "the recurrent term h_{t-1} W_h of lstm at time step 0",
        "lower the learning rate",
    ];
    workspace.run(&tiny("run", &options)).fails(1, &parts);
    // There is a checkpoint from before, and the run has come to its end.
    let before = files(&workspace.path("run"));
    assert!(workspace.path("run/checkpoint.safetensors").exists());
    let lines = metrics(&workspace.text("run/metrics.jsonl"));
    assert_eq!(lines.last().unwrap()["update"], 2);
    workspace.run(&["train", "--resume", "run"]).fails(1, &parts);
    assert!(before == files(&workspace.path("run")));
}

/// Clipped steps of this size never overflow: it is the loss that tells.
#[test]
fn a_loss_that_grows_without_overflow_ends_a_run() {
    for (optimizer, norm) in [("adam", "none"), ("rmsprop", "batch"), ("sgd", "layer")] {
        let workspace = Workspace::new();
        let options = ["--learning-rate", "1e6", "--optimizer", optimizer, "--norm", norm];
        let arguments = tiny("run", &options);
        let parts = ["the loss is ", "at the start", "learning rate, which is 1000000"];
        workspace.run(&arguments).fails(1, &parts);
    }
}

/// The first pixels of digits are the same for all images.
#[test]
fn constant_inputs_without_an_eps_end_a_run() {
    let workspace = Workspace::new();
    let parts = ["error: run: update 1: ", "lstm/norm_x", "eps 0", "larger eps"];
    workspace
        .run(&tiny("run", &["--norm", "h=none,x=batch(eps=0)"]))
        .fails(1, &parts);
}

/// What was there before is lost only when something has come in its place.
#[test]
fn a_run_that_diverges_leaves_the_earlier_one_whole() {
    let workspace = Workspace::with_run(&[]);
    let more = ["--force", "--norm", "none", "--learning-rate", "1e38"];
    workspace.refuses(&tiny("run", &more), 1, &["diverged"]);
    workspace.run(&["eval", "run"]).succeeds();
}
