//! Configurations put together.

use bnlstm::presets::{PRESETS, Preset};
use bnlstm::settings::Settings;
use serde_json::{Value, json};

fn digits() -> Settings {
    Settings::of_preset(Preset::find("digits-quick").unwrap())
}

fn assigned(text: &str) -> Value {
    let mut settings = digits();
    settings.assign(text).unwrap();
    let field = text.split_once('=').unwrap().0.trim();
    settings.get(field).unwrap().clone()
}

#[test]
fn a_value_is_one_of_toml_or_text() {
    for (text, value) in [
        ("training.batch=32", json!(32)),
        ("optimizer.beta2=0.99", json!(0.99)),
        ("optimizer.learning_rate=2e-3", json!(2e-3)),
        ("task.carry_state=true", json!(true)),
        ("task.name=copy", json!("copy")),
        ("task.name=\"copy\"", json!("copy")),
        (
            "model.normalization=h=batch(gamma=0.1),c=layer",
            json!("h=batch(gamma=0.1),c=layer"),
        ),
        ("task.fractions=[0.8, 0.1, 0.1]", json!([0.8, 0.1, 0.1])),
        (
            "task.order={permuted={permutation_seed=3}}",
            json!({"permuted": {"permutation_seed": 3}}),
        ),
        (" training.batch = 32", json!(32)),
        ("task.text=a=b", json!("a=b")),
        ("task.text=", json!("")),
    ] {
        assert_eq!(assigned(text), value, "{text}");
    }
}

#[test]
fn what_is_no_assignment_is_refused() {
    for text in ["training.batch", "", "=3", " =3"] {
        let error = digits().assign(text).unwrap_err();
        assert_eq!(error.field, "--set");
        assert!(error.remedy.contains("training.batch=32"), "{error}");
    }
    for text in [
        "training.clip=nan",
        "training.clip=-inf",
        "task.fractions=[0.5, nan, 0.5]",
        "optimizer={name=\"sgd\",learning_rate=inf}",
    ] {
        let mut settings = digits();
        let error = settings.assign(text).unwrap_err();
        assert!(error.remedy.contains("finite"), "{error}");
        assert!(settings.config().is_ok(), "{text} has changed something");
    }
}

#[test]
fn fields_below_others_are_set_and_left_out() {
    let mut settings = digits();
    settings.set("task.order.permuted.permutation_seed", 5);
    assert_eq!(
        settings.get("task.order"),
        Some(&json!({"permuted": {"permutation_seed": 5}}))
    );
    settings.set("task.order", "scan");
    assert_eq!(settings.get("task.order"), Some(&json!("scan")));
    settings.remove("task.order");
    assert_eq!(settings.get("task.order"), None);
    let error = settings.config().unwrap_err().to_string();
    assert!(error.contains("missing field `order`"), "{error}");
    // What is not there can be left out as well.
    settings.remove("task.order");
    settings.remove("nowhere.at.all");
    settings.remove("evaluation");
    assert_eq!(settings.get("evaluation.every"), None);
    settings.set("task.order", "scan");
    assert_eq!(settings.config().unwrap().evaluation.every, None);
}

#[test]
fn seeds_and_rates_keep_all_their_digits() {
    for seed in [0, 1 << 53 | 1, i64::MAX as u64 + 1, u64::MAX] {
        let mut by_value = digits();
        by_value.set("training.seed", seed);
        let mut by_text = digits();
        by_text.assign(&format!("training.seed={seed}")).unwrap();
        for settings in [by_value, by_text] {
            assert_eq!(settings.config().unwrap().training.seed, seed);
        }
    }
    for rate in [
        0.1 + 0.2,
        1e-300,
        0.0017918290847781099,
        f64::MIN_POSITIVE,
        123456789.12345679,
    ] {
        let mut by_value = digits();
        by_value.set_number("optimizer.learning_rate", rate).unwrap();
        let mut by_text = digits();
        by_text
            .assign(&format!("optimizer.learning_rate={rate:e}"))
            .unwrap();
        for settings in [by_value, by_text] {
            assert_eq!(settings.config().unwrap().optimizer.learning_rate(), rate);
        }
    }
}

#[test]
fn numbers_that_are_not_finite_are_no_values() {
    for rate in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = digits().set_number("training.clip", rate).unwrap_err();
        assert_eq!(error.field, "training.clip");
    }
}

/// Setting a field to what it is changes nothing in any preset.
#[test]
fn a_preset_survives_being_taken_apart() {
    for preset in PRESETS {
        let plain = Settings::of_preset(preset);
        let mut touched = plain.clone();
        let seed = touched.get("training.seed").unwrap().clone();
        touched.set("training.seed", seed);
        assert_eq!(
            touched.config().unwrap(),
            plain.config().unwrap(),
            "{}",
            preset.name
        );
    }
}

#[test]
fn errors_name_the_preset_and_the_field() {
    let refused = |preset: &str, changes: &[&str]| {
        let mut settings = Settings::of_preset(Preset::find(preset).unwrap());
        changes.iter().for_each(|change| settings.assign(change).unwrap());
        settings.config().unwrap_err().to_string()
    };
    for (preset, changes, parts) in [
        (
            "digits-quick",
            vec!["model.size=3"],
            ["unknown field `size`", "`hidden_size`"],
        ),
        (
            "digits-quick",
            vec!["training.batch=many"],
            ["invalid type", "\"many\""],
        ),
        (
            "digits-quick",
            vec!["training.batch=2.5"],
            ["invalid type", "2.5"],
        ),
        ("digits-quick", vec!["training.batch=-1"], ["-1", "usize"]),
        ("digits-quick", vec!["model=3"], ["invalid type", "3"]),
        (
            "digits-quick",
            vec!["training.epochs=3", "training.steps=3"],
            ["training.epochs = 3", "give one"],
        ),
        (
            "charlm-quick",
            vec!["model.bidirectional=true"],
            ["model.bidirectional = true", "charlm"],
        ),
        (
            "qa-quick",
            vec!["task.data=somewhere"],
            ["task.data = somewhere", "reads no files"],
        ),
        ("qa-quick", vec!["task.limit=0"], ["task.limit = 0", "at least 1"]),
        (
            "copy-quick",
            vec!["task.delay=0"],
            ["task.delay = 0", "at least 1"],
        ),
        (
            "copy-quick",
            vec!["task.examples=99999999999999"],
            ["task.examples", "at most"],
        ),
        (
            "adding-quick",
            vec!["task.steps=1"],
            ["task.steps = 1", "at least 2"],
        ),
        (
            "charlm-quick",
            vec!["task.length=1"],
            ["task.length = 1", "at least 2"],
        ),
    ] {
        let error = refused(preset, &changes);
        assert!(
            error.starts_with(&format!("preset {preset} with the options given: ")),
            "{error}"
        );
        parts
            .iter()
            .for_each(|part| assert!(error.contains(part), "no `{part}` in {error}"));
    }
}
