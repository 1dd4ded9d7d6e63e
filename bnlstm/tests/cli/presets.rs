//! `bnlstm presets`

use bnlstm::config::RunConfig;
use bnlstm::presets::PRESETS;

use crate::support::Workspace;

#[test]
fn all_presets_are_listed_with_what_they_are() {
    let outcome = Workspace::new().run(&["presets"]);
    let lines: Vec<&str> = outcome.succeeds().stdout.lines().collect();
    // A header and a rule come first.
    assert_eq!(lines.len(), PRESETS.len() + 2);
    for (line, preset) in lines[2..].iter().zip(PRESETS) {
        assert!(line.starts_with(preset.name), "{line}");
        assert!(line.ends_with(preset.summary()), "{line}");
    }
}

#[test]
fn a_preset_that_is_shown_is_a_configuration() {
    let workspace = Workspace::new();
    for preset in PRESETS {
        let outcome = workspace.run(&["presets", "show", preset.name]);
        let text = &outcome.succeeds().stdout;
        assert_eq!(text.trim_end(), preset.text.trim_end());
        RunConfig::parse(text, preset.name).unwrap();
    }
    workspace.write(
        "shown.toml",
        workspace.run(&["presets", "show", "copy-quick"]).stdout,
    );
    let tiny = [
        "--hidden-size",
        "3",
        "--steps",
        "1",
        "--batch",
        "5",
        "--set",
        "task.examples=20",
    ];
    let base = ["train", "--config", "shown.toml", "--out", "run"];
    workspace.run(&[&base[..], &tiny].concat()).succeeds();
}

/// The rows of the table, below its header and rule.
fn differences(a: &str, b: &str) -> Vec<String> {
    let outcome = Workspace::new().run(&["presets", "diff", a, b]);
    let lines = outcome.succeeds().stdout.lines().skip(2);
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn two_presets_differ_in_values_with_their_sources() {
    let rows = differences("pmnist-paper", "pmnist-authors");
    let order = rows.iter().position(|row| row.starts_with("task.order "));
    let order = order.unwrap_or_else(|| panic!("no task.order in {rows:?}"));
    assert_eq!(
        rows[order],
        "task.order { permuted = { permutation_seed = 1 } } \"authors\""
    );
    // The line below has both sources.
    assert!(rows[order + 1].contains("authors' code"), "{}", rows[order + 1]);
    assert!(!rows.iter().any(|row| row.starts_with("task.name ")), "{rows:?}");
    // What only one of them has.
    let rows = differences("copy-quick", "adding-quick");
    assert!(rows.iter().any(|row| row == "task.delay 50 –"), "{rows:?}");
    assert!(rows.iter().any(|row| row == "task.steps – 100"), "{rows:?}");
    let outcome = Workspace::new().run(&["presets", "diff", "qa-paper", "qa-paper"]);
    assert_eq!(
        outcome.succeeds().stdout,
        "qa-paper and qa-paper have the same values\n"
    );
}

#[test]
fn presets_that_are_not_there() {
    let workspace = Workspace::new();
    let cases: [(&[&str], &[&str]); 4] = [
        (
            &["presets", "show", "digit-quick"],
            &[
                "presets show = digit-quick: did you mean `digits-quick`?",
                "`bnlstm presets`",
            ],
        ),
        (
            &["presets", "show", "nothing-like-it"],
            &["there is no such preset"],
        ),
        (
            &["presets", "diff", "qa-papr", "qa-paper"],
            &["presets diff = qa-papr", "`qa-paper`"],
        ),
        (
            &["presets", "diff", "qa-paper", "qa-papr"],
            &["presets diff = qa-papr", "`qa-paper`"],
        ),
    ];
    for (arguments, parts) in cases {
        workspace.refuses(arguments, 1, parts);
    }
    workspace.refuses(
        &["train", "--preset", "ptb-quik", "--out", "new"],
        1,
        &["--preset = ptb-quik: did you mean `ptb-quick`?"],
    );
    for arguments in [
        &["presets", "show"][..],
        &["presets", "diff", "qa-paper"],
        &["presets", "print"],
        &["train", "--preset", "qa-quick", "--task", "qa"],
        &["train", "--task", "letters"],
    ] {
        workspace.refuses(arguments, 2, &["--help"]);
    }
}
