//! Gradients by differences, with the same masks at every evaluation.

use std::cell::RefCell;

use autodiff::{Tape, Var, gradcheck};
use nn::context::{Context, Mode};
use nn::params::ParamId;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{CELLS, EVAL, INPUT, Model, devices, random};

/// All states; the first input is x, the others are parameters.
fn states<'t>(
    model: &mut Model<f64>,
    tape: &'t Tape<f64>,
    mode: Mode,
    ids: &[ParamId],
    inputs: &[Var<'t, f64>],
) -> Vec<Var<'t, f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut context = Context::new(tape, &mut model.store, mode, &mut rng);
    for (&id, &var) in ids.iter().zip(&inputs[1..]) {
        context.bind(id, var);
    }
    let states = model.layer.forward(&mut context, &inputs[0].into());
    [states.h].into_iter().chain(states.c).collect()
}

#[test]
fn gradcheck_every_cell_with_every_regularization() {
    for device in devices() {
        for kind in CELLS {
            for (name, chosen) in kind.choices(0.3) {
                for mode in [Mode::Train, EVAL] {
                    let is_as_without = !name.starts_with("zoneout") && name != "all";
                    if mode == EVAL && is_as_without {
                        continue;
                    }
                    let model = Model::new(&device, kind, chosen);
                    let ids = model.trainable();
                    let mut inputs = vec![random(&device, [3, 2, INPUT], 77)];
                    inputs.extend(ids.iter().map(|&id| model.store.get(id).clone()));
                    let model = RefCell::new(model);
                    let compared = gradcheck(
                        |tape, inputs| states(&mut model.borrow_mut(), tape, mode, &ids, inputs),
                        &inputs,
                    );
                    for comparison in compared {
                        assert!(comparison.numeric_rms > 1e-3, "{kind:?} {name}: {comparison}");
                    }
                }
            }
        }
    }
}
