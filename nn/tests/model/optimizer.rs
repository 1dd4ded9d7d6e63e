//! Update rules with numbers that are worked out by hand.

use nn::optimizer::{Denominator, Optimizer, OptimizerConfig};

use crate::given::{gradients, store, values};
use crate::support::{assert_close, devices, snapshot};

/// A few roundings of numbers near 1.
const ROUNDING: f64 = 1e-15;

/// Updates a vector that starts at `start` by the gradients, and compares it after each.
fn follow(config: OptimizerConfig, start: &[f64], updates: &[(&[f64], &[f64])]) {
    for device in devices() {
        let mut store = store(&device, &[start]);
        let mut optimizer = Optimizer::new(config, &store);
        for (step, (gradient, want)) in updates.iter().enumerate() {
            let gradients = gradients(&mut store, &[gradient]);
            optimizer.step(&mut store, &gradients);
            assert_close(&values(&store, 0), want, ROUNDING);
            assert_eq!(optimizer.steps(), step as u64 + 1);
        }
    }
}

fn rmsprop(decay: f64, epsilon: f64, denominator: Denominator) -> OptimizerConfig {
    OptimizerConfig::RmsProp {
        learning_rate: 0.1,
        decay,
        epsilon,
        momentum: 0.0,
        centred: false,
        denominator,
    }
}

#[test]
fn sgd_without_momentum() {
    let sgd = OptimizerConfig::Sgd {
        learning_rate: 0.25,
        momentum: 0.0,
    };
    // 1 − 0.25 · 2; 0.5 + 0.25 · 1
    follow(sgd, &[1.0], &[(&[2.0], &[0.5]), (&[-1.0], &[0.75])]);
    assert!(sgd.slots().is_empty());
}

/// In Blocks, with which the paper's experiments ran, ε bounds the root from below.
#[test]
fn rmsprop_as_in_blocks() {
    let config = rmsprop(0.75, 0.5, Denominator::MaxOfRootAndEpsilon);
    // First: s = (4, 1/4) / 4, √s = (1, 1/4), so d = (1, 1/2).
    // Then: s = (3/4 + 1/4, 0.75 · 0.0625 + 0.25 · 2.25) = (1, 0.609375), and both roots are above.
    let second = [0.7, 0.9 - 0.1 * 1.5 / 0.609375_f64.sqrt()];
    follow(
        config,
        &[1.0, 1.0],
        &[(&[2.0, 0.5], &[0.8, 0.9]), (&[1.0, 1.5], &second)],
    );
}

#[test]
fn rmsprop_as_in_pytorch() {
    let config = rmsprop(0.75, 0.5, Denominator::RootPlusEpsilon);
    // The same roots; ε is added: d = (1.5, 0.75).
    let first = [1.0 - 0.2 / 1.5, 1.0 - 0.05 / 0.75];
    let second = [
        first[0] - 0.1 / 1.5,
        first[1] - 0.15 / (0.609375_f64.sqrt() + 0.5),
    ];
    follow(
        config,
        &[1.0, 1.0],
        &[(&[2.0, 0.5], &first), (&[1.0, 1.5], &second)],
    );
}

#[test]
fn a_zero_gradient_moves_nothing() {
    for denominator in [Denominator::RootPlusEpsilon, Denominator::MaxOfRootAndEpsilon] {
        follow(rmsprop(0.9, 1e-8, denominator), &[1.0], &[(&[0.0], &[1.0])]);
    }
}

#[test]
fn rmsprop_centred() {
    let config = OptimizerConfig::RmsProp {
        learning_rate: 0.1,
        decay: 0.5,
        epsilon: 1.0,
        momentum: 0.0,
        centred: true,
        denominator: Denominator::RootPlusEpsilon,
    };
    // s = 2, a = 1, s − a² = 1, d = 2.
    // s = 1, a = 0.5, and no gradient.
    // s = 1, a = 0.75, s − a² = 0.4375.
    let last = 0.9 - 0.1 / (0.4375_f64.sqrt() + 1.0);
    follow(
        config,
        &[1.0],
        &[(&[2.0], &[0.9]), (&[0.0], &[0.9]), (&[1.0], &[last])],
    );
}

#[test]
fn rmsprop_with_all_its_state() {
    let config = OptimizerConfig::RmsProp {
        learning_rate: 0.1,
        decay: 0.5,
        epsilon: 1.0,
        momentum: 0.5,
        centred: true,
        denominator: Denominator::RootPlusEpsilon,
    };
    // The steps are those above, 1, 0 and 1 / (√0.4375 + 1), and half of the velocity before.
    let last = 0.25 + 1.0 / (0.4375_f64.sqrt() + 1.0);
    let updates: [(&[f64], &[f64]); 3] = [
        (&[2.0], &[0.9]),
        (&[0.0], &[0.85]),
        (&[1.0], &[0.85 - 0.1 * last]),
    ];
    follow(config, &[1.0], &updates);
    let device = autodiff::Device::<f64>::reference();
    let mut store = store(&device, &[&[1.0]]);
    let mut optimizer = Optimizer::new(config, &store);
    for (gradient, _) in updates {
        let gradients = gradients(&mut store, &[gradient]);
        optimizer.step(&mut store, &gradients);
    }
    let (id, _) = store.iter().next().expect("a parameter");
    for ((name, tensor), (want_name, want)) in
        optimizer
            .state(id)
            .zip([("mean_square", 1.0), ("velocity", last), ("mean_gradient", 0.75)])
    {
        assert_eq!(name, want_name);
        assert_close(&tensor.to_vec(), &[want], ROUNDING);
    }
}

#[test]
fn what_has_no_gradient_is_left_alone() {
    let configs = [
        OptimizerConfig::Sgd {
            learning_rate: 0.1,
            momentum: 0.9,
        },
        crate::support::RMSPROP,
        OptimizerConfig::Adam {
            learning_rate: 0.1,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        },
        OptimizerConfig::AdamW {
            learning_rate: 0.1,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            weight_decay: 0.5,
        },
    ];
    for device in devices() {
        for config in configs {
            let mut store = store(&device, &[&[1.0, 2.0], &[3.0]]);
            let mut optimizer = Optimizer::new(config, &store);
            let ids: Vec<_> = store.iter().map(|(id, _)| id).collect();
            // A state that an update would change, even with a gradient of 0.
            for id in &ids {
                optimizer
                    .state_mut(*id)
                    .for_each(|(_, tensor)| *tensor = device.full(tensor.shape(), 0.5));
            }
            let before = snapshot(&store);
            let gradients = gradients(&mut store, &[&[], &[1.0]]);
            optimizer.step(&mut store, &gradients);
            let after = snapshot(&store);
            assert_eq!(before[0], after[0], "{config:?}");
            assert_ne!(before[1], after[1], "{config:?}");
            assert!(
                optimizer
                    .state(ids[0])
                    .all(|(_, tensor)| tensor.to_vec() == [0.5, 0.5])
            );
            assert!(
                optimizer
                    .state(ids[1])
                    .all(|(_, tensor)| tensor.to_vec() != [0.5]),
                "{config:?}"
            );
        }
    }
}
