//! Dropout of candidates, inputs and recurrent inputs against the formulas.

use autodiff::{Device, Tape, Var};
use kernels::Real;
use nn::cell::{Sequence, Sites};
use nn::context::{Context, Mode};
use nn::norm::{Memory, Normalizer, Step};
use nn::regularization::{Regularization, variational_mask};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{CELLS, EVAL, HIDDEN, INPUT, Kind, Model, NONE, assert_close, devices, drawn, random};

/// The state of the cell with memory, c or h, after one step from `scale` times its usual start, with
/// gates that do not depend on it.
fn after_one_step(kind: Kind, regularization: Regularization, scale: f64, seed: u64) -> Vec<f64> {
    let device = Device::reference();
    let mut model = Model::new(&device, kind, regularization);
    let w_h = model.id("w_h");
    model.set(w_h, &vec![0.0; model.store.get(w_h).len()]);
    let start = model.id(if kind == Kind::Lstm { "c_0" } else { "h_0" });
    let scaled: Vec<f64> = model
        .store
        .get(start)
        .to_vec()
        .iter()
        .map(|x| scale * x)
        .collect();
    model.set(start, &scaled);
    let run = model.run(Mode::Train, &random(&device, [1, 1, INPUT], 8), seed);
    if kind == Kind::Lstm { run.c } else { run.h }
}

#[test]
fn only_the_candidate_is_dropped() {
    let p = 0.3;
    let dropout = Regularization {
        recurrent_dropout: p,
        ..NONE
    };
    for kind in [Kind::Lstm, Kind::Gru] {
        let (once, none) = (
            after_one_step(kind, NONE, 1.0, 0),
            after_one_step(kind, NONE, 0.0, 0),
        );
        let (mut dropped, mut count) = (0.0, 0.0);
        for seed in 0..20 {
            let found = after_one_step(kind, dropout, 1.0, seed);
            for ((found, once), candidate) in found.iter().zip(&once).zip(&none) {
                let memory = once - candidate;
                let kept = memory + candidate / (1.0 - p);
                assert!(candidate.abs() > 1e-9);
                let is_dropped = (found - memory).abs() < 1e-14;
                assert!(
                    is_dropped || (found - kept).abs() < 1e-14,
                    "{kind:?}: {found}, {memory}, {kept}"
                );
                dropped += f64::from(u8::from(is_dropped));
                count += 1.0;
            }
        }
        let standard_error = f64::sqrt(p * (1.0 - p) * count);
        assert!(
            (dropped - p * count).abs() < 4.0 * standard_error,
            "{kind:?}: {dropped} of {count}"
        );
    }
}

#[test]
fn evaluation_drops_nothing() {
    let device = Device::<f64>::reference();
    let x = random(&device, [4, 2, INPUT], 8);
    for kind in CELLS {
        let plain = Model::new(&device, kind, NONE).run(EVAL, &x, 1);
        for (name, chosen) in kind.choices(0.5) {
            if name.starts_with("zoneout") || name == "all" {
                continue;
            }
            for mode in [EVAL, Mode::Estimate { seen: 0 }] {
                let run = Model::new(&device, kind, chosen).run(mode, &x, 1);
                assert!(run == plain, "{kind:?} {name} {mode:?}");
            }
            let run = Model::new(&device, kind, chosen).run(Mode::Train, &x, 1);
            assert!(run.h != plain.h, "{kind:?} {name} does nothing in training");
        }
    }
}

#[test]
fn the_inputs_of_all_steps_have_one_mask() {
    let device = Device::reference();
    let (steps, batch, p, seed) = (4, 5, 0.4, 6);
    let x = random(&device, [steps, batch, INPUT], 8);
    let mask = drawn(seed, |context| variational_mask(context, p, [batch, INPUT]));
    let masked = x
        .to_vec()
        .into_iter()
        .zip(mask.iter().cycle())
        .map(|(x, m)| x * m);
    let masked = device.tensor(x.shape(), &masked.collect::<Vec<f64>>());
    for kind in CELLS {
        let chosen = Regularization {
            variational_x: p,
            ..NONE
        };
        let got = Model::new(&device, kind, chosen).run(Mode::Train, &x, seed);
        let want = Model::new(&device, kind, NONE).run(Mode::Train, &masked, seed);
        assert_close(&got.h, &want.h);
    }
}

/// With one example, a mask of `h_{t−1}` is the same as that of the rows of `W_h`.
#[test]
fn the_recurrent_products_of_all_steps_have_one_mask() {
    let device = Device::reference();
    let (p, seed) = (0.4, 6);
    let x = random(&device, [5, 1, INPUT], 8);
    let mask = drawn(seed, |context| variational_mask(context, p, [1, HIDDEN]));
    for kind in CELLS {
        let chosen = Regularization {
            variational_h: p,
            ..NONE
        };
        let got = Model::new(&device, kind, chosen).run(Mode::Train, &x, seed);
        let mut plain = Model::new(&device, kind, NONE);
        let w_h = plain.id("w_h");
        let mut rows = plain.store.get(w_h).to_vec();
        let columns = rows.len() / HIDDEN;
        for (row, m) in rows.chunks_mut(columns).zip(&mask) {
            row.iter_mut().for_each(|x| *x *= m);
        }
        plain.set(w_h, &rows);
        assert_close(&got.h, &plain.run(Mode::Train, &x, seed).h);
    }
}

/// Vectors of norm 1 in place of the inputs, as cosine normalization has them.
#[derive(Debug)]
struct UnitInputs;

impl<T: Real> Normalizer<T> for UnitInputs {
    fn operand<'t>(&self, _: &mut Context<'t, '_, T>, v: Var<'t, T>) -> Var<'t, T> {
        let shape = v.shape();
        let last = shape.rank() - 1;
        let norm = v.square().sum_axis(last).shift(T::of(1e-12)).sqrt();
        v.div(norm.reshape(shape.with(last, 1)))
    }

    fn step<'t>(
        &self,
        _: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: Step<'_, T>,
        _: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        x
    }
}

/// Also where they are turned around or normalized, and whichever way the cell runs.
#[test]
fn symbols_are_dropped_as_one_hot_inputs_are() {
    for device in devices() {
        for kind in CELLS {
            for (turned, unit) in [(false, false), (true, false), (false, true), (true, true)] {
                let [symbols, numbers] = [true, false].map(|it| read(&device, kind, it, turned, unit));
                assert_close(&symbols[0], &numbers[0]);
                assert_close(&symbols[1], &numbers[1]);
            }
        }
    }
}

/// The states of a pass over symbols, or the one-hot inputs that they are, and the gradient of `W_x`.
fn read(device: &Device<f64>, kind: Kind, as_symbols: bool, turned: bool, unit: bool) -> [Vec<f64>; 2] {
    let symbols = [0_u32, 2, 1, 1, 0, 1, 2, 2, 0, 0, 2, 1];
    let one_hot = symbols
        .iter()
        .flat_map(|&symbol| (0..3).map(move |v| f64::from(u8::from(v == symbol))));
    let chosen = Regularization {
        variational_x: 0.4,
        ..NONE
    };
    let mut model = Model::with_sites(device, kind, chosen, |_| Sites {
        x: unit.then(|| Box::new(UnitInputs) as Box<dyn Normalizer<f64>>),
        ..Sites::default()
    });
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let tape = Tape::new(device);
    let mut context = Context::new(&tape, &mut model.store, Mode::Train, &mut rng);
    let input = match as_symbols {
        true => Sequence::symbols(&tape, &device.indices(&symbols), 3),
        false => {
            let one_hot: Vec<f64> = one_hot.collect();
            tape.constant(device.tensor([4, 3, 3], &one_hot)).into()
        }
    };
    let input = if turned { input.turned() } else { input };
    let h = model.layer.forward(&mut context, &input).h;
    let gradients = context.param_gradients(tape.backward(h.square().sum()));
    let gradient = gradients.get(model.id("w_x")).expect("a gradient").to_vec();
    [h.value().to_vec(), gradient]
}
