//! The same bits for any number of threads.

use std::sync::Arc;

use autodiff::{Device, Tape};
use kernels::Cpu;
use nn::checkpoint::save;
use nn::context::Mode;
use nn::optimizer::Optimizer;

use crate::checkpoint::place;
use crate::support::Norm::{self, Batch, Layer};
use crate::support::{Design, Model, RMSPROP, random, rows_of, targets};

/// Three steps of training and an estimation, with `B · 4H` = 131072 elements at each of the sites
/// h and x: four times the 32768 for which a thread is woken.
fn bytes(threads: usize, sites: [Norm; 3]) -> Vec<u8> {
    let (steps, batch) = (3, 128);
    let device = Device::<f32>::new(Arc::new(Cpu::new(threads)));
    let design = Design {
        input_size: 8,
        hidden_size: 256,
        steps: rows_of(steps),
        initial_noise: 0.1,
        ..Design::new(sites, 0.1)
    };
    let mut model = Model::new(&device, &design, 1);
    let mut optimizer = Optimizer::new(RMSPROP, &model.store);
    for seed in 0..3 {
        let x = random(&device, [steps, batch, design.input_size], seed);
        model.train(&mut optimizer, &x, &targets(&device, batch));
    }
    let tape = Tape::inference(&device);
    let x = random(&device, [steps, batch, design.input_size], 9);
    model.logits(&tape, Mode::Estimate { seen: 0 }, &x);
    let (_directory, path) = place();
    save(&path, &model.store, &optimizer, &()).expect("saving");
    std::fs::read(&path).expect("reading")
}

#[test]
fn training_gives_the_same_bytes_with_one_two_and_three_threads() {
    for sites in [[Batch; 3], [Layer; 3]] {
        let one = bytes(1, sites);
        assert!(bytes(2, sites) == one, "2 threads");
        assert!(bytes(3, sites) == one, "3 threads");
    }
}
