//! One-hot inputs as look-ups.

use autodiff::{Device, Tape, Tensor, Var};
use nn::cell::{Cell, Sequence};
use nn::context::{Context, Mode};

use crate::support::Norm::{Batch, Layer, None};
use crate::support::{Design, Model, assert_close, bits, devices, path, random, trainable};

const VOCABULARY: usize = 5;
const STEPS: usize = 4;
const BATCH: usize = 3;
/// `[T, B]`
const SYMBOLS: [u32; STEPS * BATCH] = [0, 4, 2, 1, 1, 3, 4, 0, 0, 2, 2, 2];

fn one_hot(device: &Device<f64>) -> Tensor<f64> {
    let mut x = vec![0.0; SYMBOLS.len() * VOCABULARY];
    for (row, &symbol) in x.chunks_exact_mut(VOCABULARY).zip(&SYMBOLS) {
        row[symbol as usize] = 1.0;
    }
    device.tensor([STEPS, BATCH, VOCABULARY], &x)
}

/// All states, and the gradients of the parameters with their paths.
fn pass(device: &Device<f64>, design: &Design, look_up: bool) -> (Tensor<f64>, Vec<(String, Tensor<f64>)>) {
    let mut model = Model::learned(device, design, 8);
    let tape = Tape::new(device);
    let mut context = Context::new(&tape, &mut model.store, Mode::Train, &mut model.rng);
    let states = if look_up {
        let symbols = Sequence::symbols(&tape, &device.indices(&SYMBOLS), BATCH);
        model.lstm.forward(&mut context, &symbols)
    } else {
        let x = tape.constant(one_hot(device));
        model.lstm.forward(&mut context, &x.into())
    };
    let all = Var::concat(&[states.h, states.cell()], 0);
    let gradients = tape.backward_from(&[(all, random(device, all.shape(), 9))]);
    let gradients = context.param_gradients(gradients);
    let of = |id| {
        gradients
            .get(id)
            .map(|gradient| (path(&model.store, id).to_owned(), gradient.clone()))
    };
    (
        all.value(),
        trainable(&model.store).into_iter().filter_map(of).collect(),
    )
}

#[test]
fn a_look_up_is_a_product_with_one_hot_rows() {
    for device in devices() {
        for sites in [[None; 3], [Batch; 3], [Layer; 3]] {
            let design = Design {
                input_size: VOCABULARY,
                ..Design::new(sites, 0.3)
            };
            let (looked_up, gradients) = pass(&device, &design, true);
            let (product, expected) = pass(&device, &design, false);
            // Sums of one weight and zeros are exact.
            assert_eq!(looked_up.to_vec(), product.to_vec());
            assert_eq!(gradients.len(), expected.len());
            for ((path, got), (_, want)) in gradients.iter().zip(&expected) {
                if path == "lstm/w_x" {
                    // Twelve terms of order 1, added in another order.
                    assert_close(&got.to_vec(), &want.to_vec(), 1e-14);
                } else {
                    assert_eq!(bits(got), bits(want), "{path}");
                }
            }
        }
    }
}

fn forward_symbols(symbols: &[u32], batch: usize) {
    let device = Device::<f64>::reference();
    let mut model = Model::new(&device, &Design::new([None; 3], 1.0), 1);
    let tape = Tape::inference(&device);
    let mut context = Context::new(&tape, &mut model.store, Mode::Train, &mut model.rng);
    let input = Sequence::symbols(&tape, &device.indices(symbols), batch);
    model.lstm.forward(&mut context, &input);
}

#[test]
#[should_panic(expected = "sequence: 3 symbols for batches of 2; T · B symbols, B above 0, would fit")]
fn symbols_fill_the_batches() {
    forward_symbols(&[0, 1, 0], 2);
}

#[test]
#[should_panic(expected = "sequence: 2 symbols for batches of 0")]
fn batches_have_an_example() {
    forward_symbols(&[0, 1], 0);
}

#[test]
#[should_panic(expected = "index 2 is too large")]
fn symbols_are_below_the_input_size() {
    forward_symbols(&[0, 2], 1);
}
