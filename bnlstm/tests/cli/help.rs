//! `--help` everywhere.

use crate::support::Workspace;

const EVERYWHERE: [&str; 3] = ["--device", "--threads", "--help"];
const RUN: [&str; 14] = [
    "--task",
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
    check(&[], &["train", "eval", "compare", "--version"]);
    check(
        &["train"],
        &[&RUN[..], &["--norm", "--seed", "--config"]].concat(),
    );
    check(&["eval"], &["--batch", "<RUN>"]);
    let own = ["--norms", "--seeds", "--first-seed", "--target"];
    check(&["compare"], &[&RUN[..], &own].concat());
}

#[test]
fn the_help_of_the_program_says_what_runs_without_a_command() {
    let outcome = Workspace::new().run(&["--help"]);
    assert!(outcome.succeeds().stdout.contains("Without a command: "));
}
