//! `--help` everywhere.

use bnlstm::normalization::{Normalization, PRESETS, VARIANTS};

use crate::support::Workspace;

const EVERYWHERE: [&str; 3] = ["--device", "--threads", "--help"];
const MODEL: [&str; 6] = [
    "--cell",
    "--regularization",
    "--layers",
    "--bidirectional",
    "--hidden-size",
    "--recurrent-init",
];
const RUN: [&str; 26] = [
    "--cell",
    "--regularization",
    "--layers",
    "--bidirectional",
    "--preset",
    "--task",
    "--config",
    "--data",
    "--text",
    "--lenient",
    "--steps",
    "--evaluate-every",
    "--set",
    "--permuted",
    "--permutation-seed",
    "--hidden-size",
    "--recurrent-init",
    "--forget-bias",
    "--initial-noise",
    "--optimizer",
    "--learning-rate",
    "--epochs",
    "--batch",
    "--clip",
    "--out",
    "--force",
];

fn check(command: &[&str], options: &[&str]) {
    let workspace = Workspace::new();
    let outcome = workspace.run(&[command, &["--help"]].concat());
    let help = &outcome.succeeds().stdout;
    for option in options.iter().chain(&EVERYWHERE) {
        let line = help.lines().find(|line| {
            let mut words = line.split([' ', ',']);
            line.starts_with("  ") && words.any(|word| word == *option)
        });
        assert!(line.is_some(), "{command:?}: no `{option}` in {help}");
    }
}

#[test]
fn every_command_lists_its_options() {
    let commands = [
        "train",
        "eval",
        "reproduce",
        "sample",
        "compare",
        "sweep",
        "report",
        "describe",
        "data",
        "presets",
        "list",
    ];
    check(&[], &[&commands[..], &["--version"]].concat());
    check(&["list"], &["[SECTION]", "--json"]);
    check(&["train"], &[&RUN[..], &["--norm", "--seed"]].concat());
    let own = ["<TEXT>", "--input-size", "--steps", "--measure", "--json"];
    check(&["describe"], &[&MODEL[..], &own, &["--batch"]].concat());
    check(
        &["eval"],
        &["--batch", "--split", "--lengths", "--whole", "<RUN>"],
    );
    let own = ["--length", "--prompt", "--temperature", "--seed", "--statistics"];
    check(&["sample"], &[&own[..], &["<RUN>"]].concat());
    let own = ["--scale", "--settings", "--data", "--lenient", "--seeds", "--out"];
    check(&["reproduce"], &own);
    check(&["report"], &["--out", "--no-date", "<DIR>..."]);
    check(&["data"], &["--data", "--json"]);
    check(&["presets"], &["show", "diff"]);
    check(&["presets", "show"], &["<NAME>"]);
    check(&["presets", "diff"], &["<A>", "<B>"]);
    let own = ["--norms", "--seeds", "--first-seed", "--target"];
    check(&["compare"], &[&RUN[..], &own].concat());
    let own = [
        "--out",
        "--shard",
        "--force",
        "--target",
        "--dry-run",
        "--time-limit",
    ];
    check(
        &["sweep"],
        &[&own[..], &["<FILE>", "${SLURM_ARRAY_TASK_ID}/8", "[[list]]"]].concat(),
    );
}

#[test]
fn the_help_of_train_says_all_of_every_normalization() {
    let outcome = Workspace::new().run(&["train", "--help"]);
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let help = words(&outcome.succeeds().stdout);
    for variant in VARIANTS {
        let default: Normalization = variant.name.parse().unwrap();
        assert!(help.contains(&words(&default.to_string())), "{default}: {help}");
        for text in [variant.summary, variant.reference] {
            assert!(help.contains(text), "no `{text}` in {help}");
        }
        for option in variant.options {
            let text = format!("{}: {}", option.name, option.help);
            assert!(help.contains(&text), "no `{text}` in {help}");
        }
    }
    for preset in PRESETS {
        let text = format!("{} = {}", preset.name, preset.text);
        assert!(help.contains(&text), "no `{text}` in {help}");
    }
}

#[test]
fn the_help_of_the_program_says_what_runs_without_a_command() {
    let outcome = Workspace::new().run(&["--help"]);
    assert!(outcome.succeeds().stdout.contains("Without a command: "));
}
