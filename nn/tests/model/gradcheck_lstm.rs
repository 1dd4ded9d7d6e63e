//! Gradients of whole sequences by differences: of the input and of every parameter, through all
//! states `h_t` and `c_t` with random weights.

use std::cell::RefCell;

use autodiff::{Comparison, Device, Tape, Var, gradcheck};
use nn::cell::Cell;
use nn::context::{Context, Mode, Statistics};
use nn::norm::StepRows;
use nn::params::ParamId;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::Norm::{Batch, Layer, None};
use crate::support::{Design, Model, devices, path, random, rows_of, trainable};

/// A gradient below this is compared with the floor of [`Comparison::error`], not with itself, so
/// the check would say little of it.
const SUBSTANTIAL: f64 = 1e-3;
/// A gradient that is 0 by mathematics: differences leave rounding errors of 1e-16, times up to
/// 1/√ε = 316 where a normalization sees no variance, over a step of 1e-5.
const ROUNDING: f64 = 1e-8;

const B5_T4: [usize; 2] = [4, 5];

/// Gradients of x and of the parameters of an LSTM, with their paths.
fn comparisons(
    device: &Device<f64>,
    design: &Design,
    mode: Mode,
    [steps, batch]: [usize; 2],
) -> Vec<(String, Comparison)> {
    let mut model = Model::learned(device, design, 6);
    fill_statistics(&mut model);
    let mut ids = trainable(&model.store);
    ids.retain(|&id| path(&model.store, id).starts_with("lstm/"));
    let mut inputs = vec![random(device, [steps, batch, design.input_size], 77)];
    inputs.extend(ids.iter().map(|&id| model.store.get(id).clone()));
    let mut paths = vec!["x".to_owned()];
    paths.extend(ids.iter().map(|&id| path(&model.store, id).to_owned()));
    let model = RefCell::new(model);
    let result = gradcheck(
        |tape, inputs| states(&mut model.borrow_mut(), tape, mode, &ids, inputs),
        &inputs,
    );
    paths.into_iter().zip(result).collect()
}

/// All `h_t` and `c_t`; the first input is x, the others are parameters.
fn states<'t>(
    model: &mut Model<f64>,
    tape: &'t Tape<f64>,
    mode: Mode,
    ids: &[ParamId],
    inputs: &[Var<'t, f64>],
) -> Vec<Var<'t, f64>> {
    // The same noise every time.
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut context = Context::new(tape, &mut model.store, mode, &mut rng);
    for (&id, &var) in ids.iter().zip(&inputs[1..]) {
        context.bind(id, var);
    }
    let states = model.lstm.forward(&mut context, &inputs[0].into());
    vec![states.h, states.cell(), states.last]
}

/// Moments that differ from feature to feature and from step to step.
fn fill_statistics(model: &mut Model<f64>) {
    let ids: Vec<ParamId> = model.store.iter().map(|(id, _)| id).collect();
    for (i, id) in ids.into_iter().enumerate() {
        let path = path(&model.store, id);
        let (scale, shift) = match path {
            _ if path.ends_with("_mean") => (0.3, 0.0),
            _ if path.ends_with("_var") => (0.4, 0.6),
            _ => continue,
        };
        let tensor = model.store.get_mut(id);
        let numbers = autodiff::values(i as u64, tensor.len());
        let numbers: Vec<f64> = numbers.iter().map(|x| shift + scale * x).collect();
        *tensor = tensor.device().tensor(tensor.shape(), &numbers);
    }
}

/// Checks on every device; exactly the gradients of `zeros` vanish.
fn check(design: &Design, mode: Mode, extents: [usize; 2], zeros: &[&str]) {
    for device in devices() {
        for (path, comparison) in comparisons(&device, design, mode, extents) {
            if zeros.contains(&path.as_str()) {
                let largest = comparison.numeric_rms.max(comparison.error * SUBSTANTIAL);
                assert!(largest < ROUNDING, "{path} should not matter: {comparison}");
            } else {
                assert!(comparison.numeric_rms > SUBSTANTIAL, "{path}: {comparison}");
            }
        }
    }
}

/// Normalization over the batch takes away what all examples have in common at the recurrent site:
/// the initial state that they share has no influence, with noise or without.
const SHARED_STATE: [&str; 1] = ["lstm/h_0"];

#[test]
fn gradcheck_lstm_without_normalization() {
    check(&Design::new([None; 3], 1.0), Mode::Train, B5_T4, &[]);
}

#[test]
fn gradcheck_lstm_batch_at_h() {
    for gamma in [0.1, 1.0] {
        check(
            &Design::new([Batch, None, None], gamma),
            Mode::Train,
            B5_T4,
            &SHARED_STATE,
        );
    }
}

#[test]
fn gradcheck_lstm_batch_at_x() {
    for gamma in [0.1, 1.0] {
        check(&Design::new([None, Batch, None], gamma), Mode::Train, B5_T4, &[]);
    }
}

#[test]
fn gradcheck_lstm_batch_at_c() {
    for gamma in [0.1, 1.0] {
        check(&Design::new([None, None, Batch], gamma), Mode::Train, B5_T4, &[]);
    }
}

#[test]
fn gradcheck_lstm_batch_everywhere() {
    for gamma in [0.1, 1.0] {
        check(&Design::new([Batch; 3], gamma), Mode::Train, B5_T4, &SHARED_STATE);
    }
}

#[test]
fn gradcheck_lstm_batch_everywhere_shared_statistics() {
    let design = Design {
        steps: StepRows::Shared,
        ..Design::new([Batch; 3], 0.1)
    };
    check(&design, Mode::Train, B5_T4, &SHARED_STATE);
}

#[test]
fn gradcheck_lstm_batch_everywhere_with_initial_noise() {
    let design = Design {
        initial_noise: 0.3,
        ..Design::new([Batch; 3], 0.1)
    };
    check(&design, Mode::Train, B5_T4, &SHARED_STATE);
}

/// With fixed statistics no example knows of the others, and the initial state matters.
#[test]
fn gradcheck_lstm_batch_everywhere_with_fixed_statistics() {
    for statistics in [Statistics::Running, Statistics::Population] {
        for steps in [4, 2, 1] {
            let design = Design {
                steps: rows_of(steps),
                ..Design::new([Batch; 3], 1.0)
            };
            check(&design, Mode::Eval(statistics), B5_T4, &[]);
        }
    }
}

#[test]
fn gradcheck_lstm_layer_everywhere() {
    for gamma in [0.1, 1.0] {
        check(&Design::new([Layer; 3], gamma), Mode::Train, B5_T4, &[]);
    }
}

#[test]
fn gradcheck_lstm_mixed() {
    check(&Design::new([Layer, Batch, Batch], 1.0), Mode::Train, B5_T4, &[]);
    check(
        &Design::new([Batch, Layer, None], 1.0),
        Mode::Train,
        B5_T4,
        &SHARED_STATE,
    );
}

/// More units than the widest vector has numbers in double precision, 8, and a rest.
#[test]
fn gradcheck_lstm_of_nine_units() {
    let wide = |sites| Design {
        hidden_size: 9,
        ..Design::new(sites, 1.0)
    };
    check(&wide([None; 3]), Mode::Train, B5_T4, &[]);
    check(&wide([Batch; 3]), Mode::Train, B5_T4, &SHARED_STATE);
}

/// One unit.
fn narrow(sites: [crate::support::Norm; 3]) -> Design {
    Design {
        hidden_size: 1,
        // Two examples are ±1 once normalized, whatever they were, unless ε is felt.
        epsilon: 0.1,
        ..Design::new(sites, 1.0)
    }
}

#[test]
fn gradcheck_lstm_of_one_unit() {
    for steps in [1, 3] {
        check(&narrow([None; 3]), Mode::Train, [steps, 2], &[]);
        check(&narrow([None, Batch, Batch]), Mode::Train, [steps, 2], &[]);
        // A single feature is its own mean: layer normalization leaves beta, and c is not seen.
        check(&narrow([Layer; 3]), Mode::Train, [steps, 2], &["lstm/c/gamma"]);
    }
}

#[test]
fn gradcheck_lstm_of_one_unit_batch_at_h() {
    check(&narrow([Batch; 3]), Mode::Train, [3, 2], &SHARED_STATE);
    // At the first step the recurrent term is the same for all examples, so that only beta is left.
    let zeros = ["lstm/h_0", "lstm/w_h", "lstm/h/gamma"];
    check(&narrow([Batch; 3]), Mode::Train, [1, 2], &zeros);
    // Noise tells the examples apart.
    let noisy = Design {
        initial_noise: 0.3,
        ..narrow([Batch; 3])
    };
    check(&noisy, Mode::Train, [1, 2], &SHARED_STATE);
}
