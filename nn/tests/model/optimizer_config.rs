//! Optimizers in configurations.

use nn::optimizer::{Denominator, OptimizerConfig};

fn all() -> [OptimizerConfig; 5] {
    [
        OptimizerConfig::Sgd {
            learning_rate: 0.1,
            momentum: 0.9,
        },
        crate::support::RMSPROP,
        OptimizerConfig::RmsProp {
            learning_rate: 1e-3,
            decay: 0.95,
            epsilon: 1e-5,
            momentum: 0.0,
            centred: false,
            denominator: Denominator::MaxOfRootAndEpsilon,
        },
        OptimizerConfig::Adam {
            learning_rate: 3e-4,
            beta1: 0.8,
            beta2: 0.99,
            epsilon: 1e-7,
        },
        OptimizerConfig::AdamW {
            learning_rate: 3e-4,
            beta1: 0.8,
            beta2: 0.99,
            epsilon: 1e-7,
            weight_decay: 0.1,
        },
    ]
}

#[test]
fn configurations_survive_text() {
    for config in all() {
        let text = toml::to_string(&config).expect("TOML");
        assert_eq!(
            toml::from_str::<OptimizerConfig>(&text).expect("a configuration"),
            config,
            "{text}"
        );
        let text = serde_json::to_string(&config).expect("JSON");
        assert_eq!(
            serde_json::from_str::<OptimizerConfig>(&text).expect("a configuration"),
            config,
            "{text}"
        );
    }
}

#[test]
fn a_configuration_names_the_rule_and_its_numbers() {
    let text = toml::to_string(&all()[2]).expect("TOML");
    let lines = [
        "name = \"rmsprop\"",
        "learning_rate = 0.001",
        "decay = 0.95",
        "epsilon = 0.00001",
        "momentum = 0.0",
        "centred = false",
        "denominator = \"max-of-root-and-epsilon\"",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn what_is_not_given_has_a_default() {
    let read = |name: &str| {
        let text = format!("name = \"{name}\"\nlearning_rate = 0.5");
        toml::from_str::<OptimizerConfig>(&text).expect("a configuration")
    };
    let (learning_rate, epsilon, beta1, beta2) = (0.5, 1e-8, 0.9, 0.999);
    assert_eq!(
        read("sgd"),
        OptimizerConfig::Sgd {
            learning_rate,
            momentum: 0.0
        }
    );
    let rmsprop = OptimizerConfig::RmsProp {
        learning_rate,
        decay: 0.9,
        epsilon,
        momentum: 0.0,
        centred: false,
        denominator: Denominator::RootPlusEpsilon,
    };
    assert_eq!(read("rmsprop"), rmsprop);
    assert_eq!(
        read("adam"),
        OptimizerConfig::Adam {
            learning_rate,
            beta1,
            beta2,
            epsilon
        }
    );
    let weight_decay = 0.01;
    assert_eq!(
        read("adamw"),
        OptimizerConfig::AdamW {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay
        }
    );
    for name in ["sgd", "rmsprop", "adam", "adamw"] {
        assert_eq!(read(name).learning_rate(), 0.5);
    }
}

/// What the reader of TOML says, and that of JSON says too.
#[track_caller]
fn refused(text: &str, part: &str) {
    let error = toml::from_str::<OptimizerConfig>(text)
        .expect_err("a fault")
        .to_string();
    assert!(error.contains(part), "{error}");
    let value: toml::Value = toml::from_str(text).expect("TOML");
    let json = serde_json::to_string(&value).expect("JSON");
    let error = serde_json::from_str::<OptimizerConfig>(&json)
        .expect_err("a fault")
        .to_string();
    assert!(error.contains(part), "{error}");
}

#[test]
fn faults_are_named() {
    refused("name = \"sgd\"\nlearning_rate = 0.1\nmomentun = 0.9", "momentun");
    // A field of another rule.
    refused(
        "name = \"adam\"\nlearning_rate = 0.1\nweight_decay = 0.9",
        "weight_decay",
    );
    refused("name = \"sgd\"\nmomentum = 0.9", "learning_rate");
    refused("name = \"rmspropp\"\nlearning_rate = 0.1", "rmspropp");
    refused("learning_rate = 0.1", "name");
    refused(
        "name = \"rmsprop\"\nlearning_rate = 0.1\ndenominator = \"max\"",
        "max-of-root-and-epsilon",
    );
}
