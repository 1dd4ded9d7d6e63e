//! Fields of the configuration on the command line.

use crate::support::{Workspace, metrics};

/// A run of a second.
const COPY: [&str; 12] = [
    "train",
    "--task",
    "copy",
    "--out",
    "run",
    "--hidden-size",
    "3",
    "--batch",
    "5",
    "--set",
    "task.delay=2",
    "--set=task.examples=20",
];

fn trained(more: &[&str]) -> Workspace {
    let workspace = Workspace::new();
    workspace.run(&[&COPY[..], more].concat()).succeeds();
    workspace
}

#[test]
fn any_field_can_be_set() {
    let more = [
        "--set",
        "optimizer.beta2=0.95",
        "--set",
        "model.normalization=h=layer,c=none",
        "--set",
        "training={steps=2, batch=4, clip=0.5, seed=18446744073709551615}",
    ];
    let config = trained(&more).text("run/config.toml");
    for line in [
        "delay = 2",
        "examples = 20",
        "beta2 = 0.95",
        "normalization = \"h=layer(gamma=1.0,eps=1e-5,groups=whole)\"",
        "steps = 2",
        "batch = 4",
        "clip = 0.5",
        "seed = 18446744073709551615",
    ] {
        let stripped = |line: &str| line.replace("1.0,", "1,");
        let found = config.lines().any(|found| stripped(found) == stripped(line));
        assert!(found, "no `{line}` in {config}");
    }
    assert!(!config.contains("epochs"), "{config}");
}

/// The last of several ways to say the same thing: single fields.
#[test]
fn single_fields_are_set_last() {
    let config =
        trained(&["--steps", "1", "--seed", "5", "--set", "training.seed=6"]).text("run/config.toml");
    assert!(config.contains("seed = 6"), "{config}");
}

#[test]
fn lengths_in_updates_and_in_passes() {
    // 4 batches of 5 in a pass.
    let updates = |more: &[&str]| {
        let records = metrics(&trained(more).text("run/metrics.jsonl"));
        // The first line is a look inside, before any update.
        let updates = records.iter().map(|record| record["update"].as_u64().unwrap());
        updates.skip(1).collect::<Vec<_>>()
    };
    assert_eq!(updates(&["--steps", "5", "--evaluate-every", "2"]), [2, 4, 5, 5]);
    assert_eq!(updates(&["--epochs", "1", "--evaluate-every", "3"]), [3, 4, 4]);
}

#[test]
fn fields_that_make_no_sense() {
    let workspace = Workspace::new();
    let cases: [(&[&str], &[&str]); 15] = [
        (
            &["--set", "training.batch"],
            &["--set = training.batch", "training.batch=32"],
        ),
        (&["--set", "=3"], &["--set = =3", "training.batch=32"]),
        (
            &["--set", "training.bach=3"],
            &["unknown field `bach`", "`batch`"],
        ),
        (
            &["--set", "trainig.batch=3"],
            &["unknown field `trainig`", "`training`"],
        ),
        (&["--set", "training.batch=many"], &["invalid type", "\"many\""]),
        (
            &["--set", "training.clip=nan"],
            &["--set = training.clip=nan", "finite"],
        ),
        (
            &["--set", "optimizer={name=\"sgd\",learning_rate=nan}"],
            &["--set = optimizer", "finite"],
        ),
        (
            &["--set", "model.normalization=bacth"],
            &["unknown normalization `bacth`"],
        ),
        (
            &["--set", "model.reader.embedding_size=3"],
            &["model.reader", "only the task qa"],
        ),
        (
            &["--task", "copy", "--permuted"],
            &["unknown field `order`", "`delay`"],
        ),
        (
            &["--task", "copy", "--data", "."],
            &["unknown field `data`", "`delay`"],
        ),
        (
            &["--task", "qa", "--data", "."],
            &["task.data = ", "reads no files"],
        ),
        (
            &["--task", "charlm", "--data", "."],
            &["task.data = ", "king-james has no use for it"],
        ),
        (
            &["--task", "pmnist", "--set", "task.order=scan"],
            &["task.order = scan", "smnist"],
        ),
        (
            &["--evaluate-every", "0"],
            &["evaluation.every = 0", "at least 1"],
        ),
    ];
    for (options, parts) in cases {
        workspace.refuses(&[&["train", "--out", "run"], options].concat(), 1, parts);
    }
    let cases: [(&[&str], &[&str]); 3] = [
        (&["--steps", "3", "--epochs", "3"], &["cannot be used with"]),
        (&["--text", "a", "--data", "b"], &["cannot be used with"]),
        (&["--steps", "-1"], &["'-1'"]),
    ];
    for (options, parts) in cases {
        workspace.refuses(&[&["train", "--out", "run"], options].concat(), 2, parts);
    }
}
