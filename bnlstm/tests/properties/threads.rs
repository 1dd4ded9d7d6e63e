//! The same bits for any number of threads.

use autodiff::Device;
use bnlstm::cell::Cell;
use bnlstm::config::ModelConfig;
use bnlstm::list::combinations;
use bnlstm::normalization::VARIANTS;
use kernels::{Cpu, Real};
use nn::context::Mode;

use crate::support::{D, How, Named, T_MAX, Trial, assert_same_bits, model, random};

const BATCH: usize = 20;
/// So much work that every thread gets a part.
const HIDDEN: usize = 100;

fn pass<T: Real>(threads: usize, model: &ModelConfig) -> Named<T> {
    let device = Device::<T>::new(T::cpu(Cpu::new(threads)));
    let mut trial = Trial::of(&device, model);
    let x = random(&device, [T_MAX, BATCH, D], 1);
    let r = random(&device, [T_MAX, BATCH, HIDDEN], 2);
    let outcome = trial.run(Mode::Train, How::Fast, &x, None, &r);
    outcome.named(trial.statistics())
}

fn check<T: Real>(cell: Cell, text: &str) {
    let model = ModelConfig {
        initial_noise: 0.1,
        ..model(cell, text, HIDDEN)
    };
    let one = pass::<T>(1, &model);
    for threads in [2, 3] {
        let what = format!("{cell} {text} on {threads} threads");
        assert_same_bits(&what, &pass(threads, &model), &one);
    }
}

#[test]
fn every_normalization_of_an_lstm() {
    for combination in combinations().filter(|combination| combination.cell == Cell::Lstm) {
        check::<f64>(Cell::Lstm, &combination.text());
    }
}

#[test]
fn every_name_in_every_cell() {
    for cell in Cell::ALL {
        for variant in VARIANTS {
            check::<f32>(cell, variant.name);
        }
    }
}
