mod costs;
mod equations;
mod every;

use super::*;
use crate::cell::Cell;
use crate::config::RecurrentInit;
use crate::device::DeviceKind;

const SIZES: Sizes = Sizes {
    input_size: 3,
    steps: 4,
    batch: 5,
};

const CPU: DeviceChoice = DeviceChoice {
    kind: DeviceKind::Cpu,
    threads: 1,
};

const REFERENCE: DeviceChoice = DeviceChoice {
    kind: DeviceKind::Reference,
    threads: 1,
};

fn model(cell: Cell, normalization: &str, regularization: &str, hidden_size: usize) -> ModelConfig {
    ModelConfig {
        normalization: Sites::parse(cell, normalization).unwrap(),
        regularization: regularization.parse().unwrap(),
        hidden_size,
        layers: 1,
        bidirectional: false,
        recurrent_init: RecurrentInit::Orthogonal,
        forget_bias: 1.0,
        initial_noise: 0.0,
        reader: None,
    }
}

fn described(cell: Cell, normalization: &str, regularization: &str) -> Description {
    let model = model(cell, normalization, regularization, 4);
    Description::new(&model, SIZES, REFERENCE, false)
}
