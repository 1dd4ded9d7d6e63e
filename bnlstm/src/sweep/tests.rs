//! What files mean, and what is wrong with those that mean nothing.

use std::path::Path;

use serde_json::Value;

use super::{Plan, Shard, SweepError, SweepFile};

fn plan(text: &str) -> Result<Plan, SweepError> {
    SweepFile::parse(text, Path::new("folder/sweep.toml"))?.plan(None)
}

/// The plan of a file that begins with a preset.
fn planned(text: &str) -> Plan {
    plan(&format!("preset = \"digits-quick\"\n{text}")).unwrap_or_else(|error| panic!("{error}"))
}

fn labels(plan: &Plan) -> Vec<&str> {
    plan.combinations.iter().map(|one| one.label.as_str()).collect()
}

fn names(plan: &Plan) -> Vec<String> {
    plan.runs().into_iter().map(|run| run.name).collect()
}

/// The text of the error, which has to name the file.
fn error(text: &str) -> String {
    let error = plan(text).expect_err(text).to_string();
    assert!(error.contains("folder/sweep.toml"), "{error}");
    error
}

#[test]
fn the_last_field_of_the_file_varies_fastest_and_seeds_faster_still() {
    let plan = planned(
        "seeds = [7, 3]\n[grid]\ntraining.batch = [16, 32]\nmodel.normalization = [\"none\", \"batch(gamma=1)\"]\n",
    );
    assert_eq!(plan.fields, ["training.batch", "model.normalization"]);
    assert_eq!(
        labels(&plan),
        [
            "batch=16, LSTM",
            "batch=16, BN-LSTM γ=1",
            "batch=32, LSTM",
            "batch=32, BN-LSTM γ=1"
        ]
    );
    assert_eq!(
        names(&plan)[1..4],
        [
            "1-batch=16_none-seed3",
            "2-batch=16_batch_gamma=1-seed7",
            "2-batch=16_batch_gamma=1-seed3"
        ]
    );
    let runs = plan.runs();
    let third = &runs[5].config;
    assert_eq!((third.training.batch, third.training.seed), (32, 3));
    assert_eq!(third.model.normalization.label(), "LSTM");
    assert_eq!(plan.combination_of(5).values, ["32", "none"]);
}

#[test]
fn entries_of_the_list_are_crossed_with_the_grid_and_change_what_all_have() {
    let plan = planned(
        "[set]\nmodel.hidden_size = 8\ntraining.steps = 5\n\
         [grid.optimizer]\nlearning_rate = [1e-2, 1e-5]\n\
         [[list]]\n\"model.cell\" = \"gru\"\n\
         [[list]]\nmodel.hidden_size = 16\noptimizer = { name = \"sgd\", learning_rate = 1.0, momentum = 0.5 }\n",
    );
    // Whole tables first, though the field in it comes first in the file.
    assert_eq!(
        labels(&plan),
        [
            "cell=gru, learning_rate=0.01",
            "cell=gru, learning_rate=1e-5",
            "hidden_size=16, optimizer={learning_rate=1,momentum=0.5,name=sgd}, learning_rate=0.01",
            "hidden_size=16, optimizer={learning_rate=1,momentum=0.5,name=sgd}, learning_rate=1e-5",
        ]
    );
    let configs: Vec<_> = plan.combinations.iter().map(|one| &one.config).collect();
    assert_eq!(configs[0].model.hidden_size, 8);
    assert_eq!(configs[3].model.hidden_size, 16);
    // `steps` in place of the preset's epochs.
    assert_eq!(
        (configs[0].training.steps, configs[0].training.epochs),
        (Some(5), None)
    );
    let optimizer = serde_json::to_value(configs[3].optimizer).unwrap();
    assert_eq!(optimizer["name"], "sgd");
    assert_eq!(optimizer["learning_rate"], 1e-5);
    // What an entry does not set is what the configuration has.
    assert_eq!(plan.fields[1], "model.hidden_size");
    assert_eq!(plan.combinations[0].values[1], "8");
    assert_eq!(plan.combinations[2].values[0], "lstm");
    assert_eq!(plan.fields[2], "optimizer");
    assert_eq!(plan.combinations[0].values[2], "rmsprop");
}

#[test]
fn seeds_alone_are_a_sweep() {
    let plan = planned("seeds = 3\n");
    assert_eq!(plan.seeds, [1, 2, 3]);
    assert_eq!(labels(&plan), ["BN-LSTM γ=0.1"]);
    assert_eq!(names(&plan), ["1-seed1", "1-seed2", "1-seed3"]);
    assert_eq!(planned("[set]\nmodel.layers = 2\n").seeds, [1]);
}

#[test]
fn fields_that_end_alike_are_told_apart() {
    let plan = planned("[grid]\nevaluation.every = [5]\ndiagnostics.every = [7, 8]\nmodel.layers = [1]\n");
    assert_eq!(
        labels(&plan),
        [
            "evaluation.every=5, diagnostics.every=7, layers=1",
            "evaluation.every=5, diagnostics.every=8, layers=1"
        ]
    );
}

#[test]
fn paths_are_relative_to_the_file() {
    let plan = plan("task = \"digits\"\n[set]\ntask.data = \"digits\"\n").unwrap();
    let config = serde_json::to_value(&plan.combinations[0].config).unwrap();
    let data = Path::new(config["task"]["data"].as_str().unwrap());
    assert!(data.is_absolute() && data.ends_with("folder/digits"), "{config}");
}

/// Neither where data are nor how often checkpoints are written makes another plan.
#[test]
fn the_written_plan_has_all_that_results_depend_on() {
    let written = |text: &str| toml::to_string(&planned(text).written()).unwrap();
    let grid = "[grid]\nmodel.layers = [1, 2]\n";
    let plan = written(&format!("seeds = [1, 18446744073709551615]\n{grid}"));
    assert!(plan.contains("seeds = [1, 18446744073709551615]"), "{plan}");
    assert!(plan.contains("layers = 2") && !plan.contains("seed = "), "{plan}");
    let same = format!("seeds = [1]\n[set]\ncheckpoints.keep = 7\ntask.data = \"elsewhere\"\n{grid}");
    assert_eq!(written(&same), written(&format!("seeds = [1]\n{grid}")));
    let other = format!("seeds = [1]\n[set]\ntraining.clip = 2.0\n{grid}");
    assert!(written(&other) != written(&format!("seeds = [1]\n{grid}")));
}

#[test]
fn the_example_parses() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/sweep.toml");
    let plan = SweepFile::read(&path).unwrap().plan(None).unwrap();
    assert_eq!((plan.combinations.len(), plan.runs().len()), (18, 54));
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    for (text, parts) in [
        (
            "seeds = 3\n",
            &["does not say what its runs start from", "preset ="][..],
        ),
        (
            "preset = \"digits-quick\"\ntask = \"digits\"\n",
            &["line 2: task = \"digits\"", "preset is given too"],
        ),
        (
            "preset = \"digit-quick\"\n",
            &["line 1", "did you mean `digits-quick`?"],
        ),
        ("preset = 3\n", &["preset = 3", "text in quotes"]),
        ("task = \"digit\"\n", &["no such task", "digits, smnist"]),
        (
            "preset = \"digits-quick\"\nseed = 3\n",
            &["line 2: seed = 3", "did you mean `seeds`?"],
        ),
        (
            "preset = \"digits-quick\"\nseeds = 0\n",
            &["seeds = 0", "at least one"],
        ),
        (
            "preset = \"digits-quick\"\nseeds = []\n",
            &["seeds = []", "at least one"],
        ),
        (
            "preset = \"digits-quick\"\nseeds = [1, -1]\n",
            &["seeds = -1", "not negative"],
        ),
        (
            "preset = \"digits-quick\"\nseeds = [4, 2, 4]\n",
            &["line 2: seeds = 4", "given twice"],
        ),
        (
            "preset = \"digits-quick\"\nseeds = [\n",
            &["TOML parse error at line 2"],
        ),
        ("preset = \"digits-quick\"\nset = 3\n", &["set = 3", "[set]"]),
        (
            "preset = \"digits-quick\"\nlist = []\n",
            &["list = []", "[[list]]"],
        ),
        (
            "preset = \"digits-quick\"\nlist = [3]\n",
            &["list = 3", "[[list]]"],
        ),
    ] {
        let error = error(text);
        for part in parts {
            assert!(error.contains(part), "{text}: no `{part}` in {error}");
        }
    }
}

#[test]
fn the_configuration_of_a_sweep_has_to_be_there() {
    let error = plan("config = \"none.toml\"\n").unwrap_err().to_string();
    assert!(
        error.starts_with("folder/none.toml: cannot read the file"),
        "{error}"
    );
}

#[test]
fn fields_that_make_no_sense_are_refused_with_their_place() {
    for (text, parts) in [
        (
            "[grid]\nmodel.layers = []\n",
            &["line 3: model.layers = []", "empty"][..],
        ),
        (
            "[grid]\nmodel.layers = 2\n",
            &["model.layers = 2", "brackets", "[set]"],
        ),
        (
            "[grid]\nmodel.layers = [2, 1, 2]\n",
            &["model.layers = 2", "given twice"],
        ),
        (
            "[grid]\ntraining.seed = [2]\n",
            &["training.seed = [2]", "top of the file"],
        ),
        (
            "[set]\ntraining.seed = 2\n",
            &["line 3: training.seed = 2", "seeds = [1, 2, 3]"],
        ),
        (
            "[set]\n\"model.layers\" = 2\nmodel.layers = 1\n",
            &["line 4", "given twice"],
        ),
        (
            "[set]\nmodel.layers = 2\n[grid]\nmodel.layers = [1, 2]\n",
            &["line 5: model.layers = [1, 2]", "[set] or [[list]]"],
        ),
        ("[set]\ntraining.clip = nan\n", &["training.clip = nan", "finite"]),
        (
            "[set]\ntraining.clip = 2024-01-01\n",
            &["training.clip = 2024-01-01", "date"],
        ),
        (
            "seeds = 1000\n[grid]\nmodel.layers = [1, 2, 3]\ntraining.batch = [1, 2, 3, 4]\n",
            &["12000 runs", "10000"],
        ),
        ("seeds = 18446744073709551615\n", &["runs", "at most 10000"]),
        (
            "[grid]\nmodel.layers = [1, 0]\n",
            &[
                "combination 2 (model.layers = 0)",
                "model.layers = 0: give at least 1",
            ],
        ),
        (
            "[grid]\nmodel.hiden_size = [8]\n",
            &[
                "combination 1",
                "unknown field `hiden_size`",
                "model.hiden_size = 8",
                "mend",
            ],
        ),
        (
            "[set]\noptimizer.learning_rate = \"fast\"\n",
            &[
                "the only one",
                "optimizer.learning_rate = \"fast\"",
                "expected f64",
            ],
        ),
        ("[set]\ntask.delay = 5\n", &["unknown field `delay`"]),
        (
            "[grid]\nmodel.normalization = [\"none\", \"bacth\"]\n",
            &["combination 2", "unknown normalization `bacth`"],
        ),
        (
            "[grid]\nmodel.normalization = [\"batch\", \"batch(gamma=0.1)\"]\n",
            &["combination 2", "the same as combination 1"],
        ),
    ] {
        let error = error(&format!("preset = \"digits-quick\"\n{text}"));
        for part in parts {
            assert!(error.contains(part), "{text}: no `{part}` in {error}");
        }
    }
}

#[test]
fn shards_part_the_runs() {
    for runs in [0, 1, 7, 12] {
        let all: Vec<usize> = (0..runs).collect();
        for count in 1..=9 {
            let shards = (1..=count).map(|number| format!("{number}/{count}").parse::<Shard>().unwrap());
            let parts: Vec<Vec<usize>> = shards.map(|shard| shard.of(&all)).collect();
            let sizes = parts.iter().map(Vec::len);
            assert!(sizes.clone().max().unwrap() - sizes.min().unwrap() <= 1);
            for (index, part) in parts.iter().enumerate() {
                assert!(part.iter().all(|run| run % count == index));
            }
            let mut together = parts.concat();
            together.sort_unstable();
            assert_eq!(together, all);
        }
    }
    for text in ["0/3", "4/3", "1", "1/0", "a/2", "-1/2", ""] {
        assert!(text.parse::<Shard>().is_err(), "{text}");
    }
}

#[test]
fn values_are_shown_shortly() {
    let value: Value = serde_json::from_str(r#"{"b": [1, 0.5, "x"], "a": true}"#).unwrap();
    assert_eq!(super::field::shown(&value), "{a=true,b=[1,0.5,x]}");
}
