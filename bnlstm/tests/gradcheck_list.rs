//! Gradients of every normalization at every site of every cell, from the list that `bnlstm list`
//! prints: a new one is checked without being named here.

use std::sync::Arc;

use autodiff::{Device, GradCheck};
use bnlstm::cell::Cell;
use bnlstm::config::{ModelConfig, RecurrentInit};
use bnlstm::list::{Combination, combinations};
use bnlstm::normalization::Sites;
use bnlstm::regularization::Regularization;
use bnlstm::task::{Head, Input, Interface};
use kernels::{Cpu, Reference};
use nn::check::LayerCheck;
use nn::context::{Mode, Statistics};

const STEPS: usize = 3;
const INPUT_SIZE: usize = 2;
const INTERFACE: Interface = Interface {
    input: Input::Numbers(INPUT_SIZE),
    steps: STEPS,
    head: Head::Class(2),
};

fn check(cell: Cell, text: &str, lengths: &[usize], mode: Mode) {
    let model = ModelConfig {
        normalization: Sites::parse(cell, text).unwrap(),
        regularization: Regularization::default(),
        // Four groups divide it, and no row of three or four gates is all alike.
        hidden_size: 8,
        layers: 1,
        bidirectional: false,
        recurrent_init: RecurrentInit::Orthogonal,
        forget_bias: 1.0,
        initial_noise: 0.1,
        reader: None,
    };
    let layer_check = LayerCheck {
        steps: STEPS,
        input_size: INPUT_SIZE,
        lengths: lengths.to_vec(),
        mode,
        // Groups of two features have variances near ε, where third derivatives are large: the
        // truncation error of the default step would be above 1e-6.
        differences: GradCheck {
            step: 1e-6,
            ..GradCheck::default()
        },
        ..LayerCheck::default()
    };
    for device in [
        Device::<f64>::new(Arc::new(Reference)),
        Device::<f64>::new(Arc::new(Cpu::new(1))),
    ] {
        let comparisons = layer_check.compare(&device, |scope| model.layers(scope, INTERFACE));
        for (path, comparison) in &comparisons {
            let right = layer_check.passes(comparison);
            // A normalization's gradient of 0 would agree with one that is lost on both ways.
            let alive = !path.contains("/norm_") || comparison.numeric_rms > 1e-5;
            assert!(
                right && alive,
                "{cell} {text} {lengths:?} {mode:?}: {path}: {comparison}"
            );
        }
    }
}

fn all(cell: Cell, lengths: &[usize], mode: Mode) {
    let all: Vec<Combination> = combinations().filter(|found| found.cell == cell).collect();
    assert!(all.len() > 20, "{} combinations", all.len());
    for combination in all {
        check(cell, &combination.text(), lengths, mode);
    }
}

#[test]
fn every_normalization_of_an_rnn() {
    all(Cell::Rnn, &[], Mode::Train);
}

#[test]
fn every_normalization_of_an_lstm() {
    all(Cell::Lstm, &[], Mode::Train);
}

#[test]
fn every_normalization_of_a_gru() {
    all(Cell::Gru, &[], Mode::Train);
}

#[test]
fn every_normalization_in_evaluation() {
    for cell in Cell::ALL {
        all(cell, &[], Mode::Eval(Statistics::Running));
    }
}

#[test]
fn every_normalization_of_sequences_that_differ_in_length() {
    for cell in Cell::ALL {
        all(cell, &[3, 1, 2, 3, 3], Mode::Train);
    }
}

/// Options that change what is computed, at their default sites together.
#[test]
fn options_and_several_sites() {
    for cell in Cell::ALL {
        for text in [
            "batch(stats=shared)",
            "batch(stats=sequence-wise)",
            "batch(padding=include)",
            "layer(groups=gate)",
            "rms(groups=gate)",
            "assorted-time(window=2,groups=gate)",
            "online(control=off)",
            "norm-propagation",
            "batch-renorm(start=0,ramp=0,rmax=1,dmax=0)",
        ] {
            check(cell, text, &[3, 2, 3, 1, 3], Mode::Train);
        }
    }
}
