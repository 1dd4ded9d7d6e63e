//! Character models: texts of one's own, longer sequences, writing.

use bnlstm::config::RunConfig;
use bnlstm::device::{DeviceChoice, DeviceKind};
use bnlstm::scores::Scores;
use bnlstm::task::Split;
use bnlstm::trainer::Trainer;

use crate::support::Workspace;

/// 3000 characters, one verse a line.
fn words() -> String {
    let mut text = String::new();
    let mut state = 1_u32;
    while text.len() < 3000 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let word = ["in the ", "beginning ", "was a ", "word, ", "and then\n"][state as usize >> 29 & 3];
        text.push_str(if state >> 28 == 0 { "and then\n" } else { word });
    }
    text.truncate(3000);
    text
}

/// Half of the text to learn from, 900 characters to test on.
const TRAIN: [&str; 18] = [
    "train",
    "--task",
    "charlm",
    "--text",
    "words.txt",
    "--out",
    "run",
    "--hidden-size",
    "6",
    "--batch",
    "8",
    "--steps",
    "12",
    "--set",
    "task.length=11",
    "--set",
    "task.fractions=[0.5, 0.2, 0.3]",
    "--set=evaluation.batches=1",
];

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    workspace.write("words.txt", words());
    workspace
}

/// With a trained model in the directory `run`.
fn trained(more: &[&str]) -> Workspace {
    let workspace = workspace();
    workspace.run(&[&TRAIN[..], more].concat()).succeeds();
    workspace
}

/// The number of characters and the scores of each row of a table.
fn rows(report: &str) -> Vec<Vec<f64>> {
    let table = report.lines().skip_while(|line| !line.starts_with("---")).skip(1);
    let numbers = |line: &str| {
        line.split_whitespace()
            .map(|word| word.parse().unwrap())
            .collect()
    };
    table.filter(|line| !line.is_empty()).map(numbers).collect()
}

#[test]
fn a_text_of_ones_own_is_kept_with_the_run() {
    let workspace = trained(&[]);
    let config = workspace.text("run/config.toml");
    let path = workspace.path("words.txt");
    assert!(config.contains(path.to_str().unwrap()), "{config}");
    let outcome = workspace.run(&["eval", "run"]);
    let report = &outcome.succeeds().stdout;
    for part in [
        "1500 characters to train on, 600 to choose by, 900 to test on",
        "words.txt",
    ] {
        assert!(report.contains(part), "no `{part}` in {report}");
    }
    workspace.write("words.txt", &words()[..2000]);
    let other = workspace.run(&["eval", "run"]);
    let other = &other.succeeds().stdout;
    let told = "the data are not those that it was trained with";
    assert!(
        other.contains("1000 characters to train on") && other.contains(told),
        "{other}"
    );
    assert!(!report.contains(told), "{report}");
    // A run goes on with what it has learned from only.
    let parts = ["it was written with other data", "words.txt", "put those back"];
    workspace.refuses(&["train", "--resume", "run"], 1, &parts);
}

#[test]
fn texts_that_cannot_be_used() {
    let workspace = workspace();
    let train = |text| ["train", "--task", "charlm", "--text", text, "--out", "new"];
    workspace.refuses(
        &train("nowhere.txt"),
        1,
        &["nowhere.txt: cannot read the file", "check the path"],
    );
    workspace.refuses(&train("."), 1, &["cannot read the file"]);
    workspace.write("bytes.txt", [b'a', 0xff]);
    workspace.refuses(&train("bytes.txt"), 1, &["bytes.txt: not UTF-8 at byte 1"]);
    workspace.write("empty.txt", "");
    workspace.refuses(&train("empty.txt"), 1, &["empty.txt: no characters are left"]);
    // 5 % of 1000 are fewer than two sequences of 51.
    workspace.write("short.txt", &words()[..1000]);
    let parts = [
        "short.txt has 50 characters",
        "two sequences of 51",
        "(task.length or --lengths) of at most 25",
    ];
    workspace.refuses(&train("short.txt"), 1, &parts);
    let huge = [
        &train("words.txt")[..],
        &["--set", "task.length=18446744073709551615"],
    ]
    .concat();
    workspace.refuses(&huge, 1, &["fewer than two sequences of 18446744073709551615"]);
    let other = ["train", "--text", "words.txt", "--out", "new"];
    workspace.refuses(
        &other,
        1,
        &[
            "--text = words.txt: the task digits reads no text",
            "--task charlm",
        ],
    );
    let fractions = [
        &train("words.txt")[..],
        &["--set", "task.fractions=[0.5,0.2,0.2]"],
    ]
    .concat();
    workspace.refuses(&fractions, 1, &["task.fractions = [0.5, 0.2, 0.2]", "their sum"]);
    let both = [&train("words.txt")[..], &["--bidirectional"]].concat();
    workspace.refuses(&both, 1, &["model.bidirectional = true", "charlm"]);
    let batch = [&train("words.txt")[..], &["--batch", "1000"]].concat();
    workspace.refuses(&batch, 1, &["training.batch = 1000", "training examples"]);
}

#[test]
fn a_text_may_be_normalized_and_its_states_carried() {
    let workspace = trained(&["--set", "task.normalize=true", "--set", "task.carry_state=true"]);
    let outcome = workspace.run(&["eval", "run"]);
    let report = &outcome.succeeds().stdout;
    for part in ["27 symbols", "state carried", "normalized as text8"] {
        assert!(report.contains(part), "no `{part}` in {report}");
    }
    // Another batch has its streams elsewhere; with more rows than a part has sequences, there are as
    // many streams as it has.
    for batch in ["3", "1000"] {
        let outcome = workspace.run(&["eval", "run", "--batch", batch]);
        let report = &outcome.succeeds().stdout;
        assert!(!report.contains("NaN"), "{report}");
    }
}

#[test]
fn sequences_of_any_length_are_measured() {
    let workspace = trained(&[]);
    let eval = |more: &[&str]| {
        let outcome = workspace.run(&[&["eval", "run"], more].concat());
        outcome.succeeds().stdout.clone()
    };
    let table = rows(&eval(&["--lengths", "11,50,300"]));
    let lengths: Vec<f64> = table.iter().map(|row| row[0]).collect();
    assert_eq!(lengths, [11.0, 50.0, 300.0]);
    // That of training is what is measured without the option.
    let usual = eval(&[]);
    for (name, score) in ["batch ", "running ", "population "].iter().zip(&table[0][1..]) {
        let line = usual.lines().find(|line| line.starts_with(name)).unwrap();
        assert_eq!(
            line.split_whitespace().last().unwrap().parse::<f64>().unwrap(),
            *score
        );
    }
    assert!(table.iter().flatten().all(|number| number.is_finite()));

    // The whole part of 900 characters, in three parts of up to 256 steps: as the library has it, where
    // it is compared with a reading at once.
    for (split, characters) in [(Split::Test, 900.0), (Split::Valid, 600.0)] {
        let table = rows(&eval(&["--whole", "--split", split.name()]));
        let scores = whole(&workspace, split).named();
        let expected = scores.map(|(_, score)| score.loss / std::f64::consts::LN_2);
        assert_eq!((table.len(), table[0][0]), (1, characters));
        for (found, expected) in table[0][1..].iter().zip(expected) {
            // Four decimals are printed.
            assert!((found - expected).abs() <= 0.5e-4, "{found}, {expected}");
        }
    }
}

/// Scores on a part as a single sequence.
fn whole(workspace: &Workspace, split: Split) -> Scores {
    let mut config = RunConfig::read(&workspace.path("run/config.toml")).unwrap();
    config.training.batch = 1;
    config.evaluation.batches = None;
    let task = config.task.load().unwrap();
    let kind = DeviceKind::Cpu;
    let device = DeviceChoice { kind, threads: 1 }.open();
    let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &device);
    trainer
        .restore(&workspace.path("run/checkpoint.safetensors"))
        .unwrap();
    let whole = task.text().unwrap().whole(split);
    Scores::measure_on(&mut trainer, &whole, split).unwrap()
}

/// However many batches training has looked at, here one of them.
#[test]
fn a_part_is_measured_whole() {
    let workspace = trained(&[]);
    let config = workspace.text("run/config.toml");
    assert!(config.contains("batches = 1"), "{config}");
    let valid = || {
        workspace
            .run(&["eval", "run", "--split", "valid"])
            .succeeds()
            .stdout
            .clone()
    };
    let before = valid();
    workspace.write("run/config.toml", config.replace("batches = 1", "batches = 3"));
    assert_eq!(before, valid());
}

#[test]
fn measurements_that_make_no_sense() {
    let workspace = trained(&[]);
    let cases: [(&[&str], &[&str]); 5] = [
        (&["--lengths", "1"], &["--lengths = 1", "at least 2"]),
        (&["--lengths", "11,0"], &["--lengths = 0", "at least 2"]),
        (
            &["--lengths", "301", "--split", "valid"],
            &["600 characters", "two sequences of 301"],
        ),
        (
            &["--lengths", "18446744073709551615"],
            &["fewer than two sequences"],
        ),
        (&["--batch", "0"], &["training.batch = 0", "at least 1"]),
    ];
    for (options, parts) in cases {
        workspace.refuses(&[&["eval", "run"], options].concat(), 1, parts);
    }
    for options in [
        &["--whole", "--lengths", "11"][..],
        &["--whole", "--batch", "2"],
        &["--lengths", "many"],
        &["--split", "rest"],
    ] {
        workspace.refuses(&[&["eval", "run"], options].concat(), 2, &["--help"]);
    }
    let digits = Workspace::with_run(&[]);
    for options in [&["--whole"][..], &["--lengths", "11"]] {
        let parts = [options[0], "digits", "sequences of one length", "charlm"];
        digits.refuses(&[&["eval", "run"], options].concat(), 1, &parts);
    }
}

/// What the model writes behind the prompt.
fn written(workspace: &Workspace, more: &[&str]) -> String {
    let outcome = workspace.run(&[&["sample", "run", "--length", "40"], more].concat());
    let text = outcome.succeeds().stdout.strip_suffix('\n');
    text.expect("a line ends the text").to_owned()
}

#[test]
fn a_model_writes_in_the_characters_of_its_text() {
    let workspace = trained(&[]);
    let text = written(&workspace, &[]);
    assert_eq!(text.chars().count(), 40);
    assert!(text.chars().all(|letter| words().contains(letter)), "{text}");
    assert_eq!(text, written(&workspace, &["--seed", "1", "--temperature", "1"]));
    assert_ne!(text, written(&workspace, &["--seed", "2"]));
    let begun = written(&workspace, &["--prompt", "in the "]);
    assert!(
        begun.starts_with("in the ") && begun.chars().count() == 47,
        "{begun}"
    );
    // The most probable characters do not depend on the seed.
    let sure = |more: &[&str]| written(&workspace, &[&["--temperature", "0"], more].concat());
    assert_eq!(sure(&[]), sure(&["--seed", "9"]));
    // Long after the last step that has statistics of its own.
    let long = written(
        &workspace,
        &["--prompt", &"word, ".repeat(20), "--statistics", "running"],
    );
    assert_eq!(long.chars().count(), 160);
    let nothing = workspace.run(&["sample", "run", "--length", "0", "--prompt", "a"]);
    assert_eq!(nothing.succeeds().stdout, "a\n");
}

#[test]
fn writing_that_makes_no_sense() {
    let workspace = trained(&[]);
    let cases: [(&[&str], &[&str]); 4] = [
        (&["--prompt", "in Σ"], &["--prompt = in Σ", "knows no 'Σ'"]),
        (&["--temperature", "-1"], &["--temperature = -1", "not negative"]),
        (&["--temperature", "nan"], &["--temperature = NaN", "finite"]),
        (&["--temperature", "inf"], &["--temperature = inf", "finite"]),
    ];
    for (options, parts) in cases {
        workspace.refuses(&[&["sample", "run"], options].concat(), 1, parts);
    }
    workspace.refuses(&["sample", "run", "--length", "-1"], 2, &["'-1'"]);
    workspace.refuses(&["sample"], 2, &["<RUN>"]);
    workspace.refuses(
        &["sample", "nowhere"],
        1,
        &["nowhere/config.toml: cannot read the file"],
    );
    let digits = Workspace::with_run(&[]);
    digits.refuses(&["sample", "run"], 1, &["task = digits", "no text to write"]);
    let window = trained(&["--norm", "assorted-time"]);
    window.refuses(
        &["sample", "run"],
        1,
        &["model = ", "without a window over steps"],
    );
}
