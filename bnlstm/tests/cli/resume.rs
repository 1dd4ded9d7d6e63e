//! Taking up a run again.

use bnlstm::config::RunConfig;
use bnlstm::device::{DeviceChoice, DeviceKind};
use bnlstm::trainer::{RestoreError, Trainer};
use nn::optimizer::OptimizerConfig;

use crate::support::{Workspace, config, tiny};

const DEVICE: DeviceChoice = DeviceChoice {
    kind: DeviceKind::Cpu,
    threads: 1,
};

#[test]
fn a_restored_run_goes_on_with_the_same_bits() {
    let workspace = Workspace::new();
    let mut config = config("batch");
    // Noise, so that its generator matters too.
    config.model.initial_noise = 0.1;
    let task = config.task.load().unwrap();
    let trainer = || Trainer::<f32>::new(&config, task.as_ref(), &DEVICE.open());
    let (half, whole) = (workspace.path("half"), workspace.path("whole"));
    let mut straight = trainer();
    // Amid the first pass, and in the second.
    let (first, second) = (7, straight.updates_per_epoch());
    straight.train(first, || ()).unwrap();
    straight.save(&half).unwrap();
    straight.train(second, || ()).unwrap();
    straight.save(&whole).unwrap();

    let mut resumed = trainer();
    resumed.restore(&half).unwrap();
    assert_eq!(resumed.updates(), first);
    resumed.train(second, || ()).unwrap();
    resumed.save(&half).unwrap();
    assert!(workspace.read("half") == workspace.read("whole"), "bytes differ");
}

#[test]
fn another_run_is_refused_by_the_field_that_differs() {
    let workspace = Workspace::new();
    let path = workspace.path("checkpoint");
    let task = config("batch").task.load().unwrap();
    let trainer = |config: &RunConfig| Trainer::<f32>::new(config, task.as_ref(), &DEVICE.open());
    trainer(&config("batch")).save(&path).unwrap();
    let mut same_model = config("batch");
    same_model.training.seed = 9;
    same_model.training.batch = 7;
    trainer(&same_model).restore(&path).unwrap();

    let mut other_norm = config("batch(gamma=0.2)");
    other_norm.training.seed = 4;
    let mut other_rate = config("batch");
    other_rate.optimizer = sgd();
    for (config, wanted) in [
        (other_norm, "model.normalization"),
        (other_rate, "optimizer.beta1"),
    ] {
        let error = trainer(&config).restore(&path).unwrap_err();
        let RestoreError::OtherRun { field, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(field, wanted, "{error}");
    }
}

/// This rate is one of those that a parser of limited precision reads back as a neighbour.
#[test]
fn a_rate_with_many_digits_is_kept_exactly() {
    let workspace = Workspace::with_run(&["--learning-rate", "0.0017918290847781099"]);
    workspace.run(&["eval", "run"]).succeeds();
}

fn sgd() -> OptimizerConfig {
    OptimizerConfig::Sgd {
        learning_rate: 1e-2,
        momentum: 0.0,
    }
}

#[test]
fn the_config_of_a_run_gives_the_same_run_again() {
    // Other values than the defaults.
    let more = [
        "--norm",
        "h=batch(gamma=0.3),x=layer",
        "--permuted",
        "--permutation-seed",
        "5",
        "--optimizer",
        "adamw",
        "--learning-rate",
        "0.02",
        "--forget-bias",
        "-0.5",
        "--initial-noise",
        "0.1",
        "--recurrent-init",
        "orthogonal",
        "--clip",
        "0.7",
        "--seed",
        // The largest there is.
        "18446744073709551615",
    ];
    for more in [&more[..], &[]] {
        let workspace = Workspace::with_run(more);
        workspace
            .run(&["train", "--config", "run/config.toml", "--out", "again"])
            .succeeds();
        for name in ["checkpoint.safetensors", "config.toml"] {
            let [first, again] = ["run", "again"].map(|run| workspace.read(&format!("{run}/{name}")));
            assert!(first == again, "{name} differs");
        }
    }
}

#[test]
fn options_change_what_a_configuration_has() {
    let workspace = Workspace::with_run(&["--norm", "layer"]);
    let more = [
        "--hidden-size",
        "5",
        "--set",
        "optimizer.decay=0.8",
        "--seed",
        "4",
    ];
    let arguments = ["train", "--config", "run/config.toml", "--out", "changed"];
    workspace.run(&[&arguments[..], &more].concat()).succeeds();
    let before = workspace.text("run/config.toml");
    let after = workspace.text("changed/config.toml");
    let mut expected = before.replace("hidden_size = 19", "hidden_size = 5");
    expected = expected
        .replace("decay = 0.9", "decay = 0.8")
        .replace("seed = 1", "seed = 4");
    assert_eq!(after, expected);
    workspace.refuses(&tiny("run", &[]), 1, &["--force"]);
}

#[test]
fn a_run_starts_from_one_thing() {
    let workspace = Workspace::with_run(&[]);
    let config = ["train", "--config", "run/config.toml"];
    for more in [["--preset", "digits-quick"], ["--task", "copy"]] {
        workspace.refuses(
            &[&config[..], &more].concat(),
            2,
            &["cannot be used with", more[0]],
        );
    }
}
