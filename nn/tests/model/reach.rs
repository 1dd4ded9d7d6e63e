//! Whether training reaches every parameter.

use autodiff::{Device, Tape};
use nn::cell::Cell;
use nn::context::{Context, Mode};

use crate::support::Norm::{Batch, Layer, None};
use crate::support::{Design, Model, path, random, targets, trainable};

/// Largest element of the gradient of each parameter, with its path.
fn largest(design: &Design) -> Vec<(String, f64)> {
    let device = Device::<f64>::reference();
    let mut model = Model::learned(&device, design, 11);
    let tape = Tape::new(&device);
    let x = tape.constant(random(&device, [4, 6, design.input_size], 12));
    let mut context = Context::new(&tape, &mut model.store, Mode::Train, &mut model.rng);
    let last = model.lstm.forward(&mut context, &x.into()).last;
    let loss = model
        .head
        .forward(&mut context, last)
        .cross_entropy(&targets(&device, 6));
    let gradients = context.param_gradients(tape.backward(loss));
    let of = |id| {
        let path = path(&model.store, id).to_owned();
        let gradient = gradients
            .get(id)
            .unwrap_or_else(|| panic!("{path} has no gradient"));
        let gradient = gradient.to_vec();
        (path, gradient.iter().fold(0.0_f64, |max, x| max.max(x.abs())))
    };
    trainable(&model.store).into_iter().map(of).collect()
}

#[test]
fn every_parameter_is_trained() {
    let norms = [None, Batch, Layer];
    for h in norms {
        for x in norms {
            for c in norms {
                for (path, largest) in largest(&Design::new([h, x, c], 0.5)) {
                    // What all examples share is taken away by the moments over the batch: this
                    // state is learned only where the recurrent term is not normalized so. What is
                    // left of the sum is rounding, of terms up to 1/√ε = 316 as there is no
                    // variance at the first step.
                    if path == "lstm/h_0" && h == Batch {
                        assert!(largest < 1e-13, "{path} with {h:?}, {x:?}, {c:?}: {largest:e}");
                    } else {
                        assert!(largest > 1e-5, "{path} with {h:?}, {x:?}, {c:?}: {largest:e}");
                    }
                }
            }
        }
    }
}
