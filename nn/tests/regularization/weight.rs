//! Weight drop: that W_h is really dropped, and really trained.

use autodiff::{Device, Tape, Var};
use kernels::Real;
use nn::cell::{Sequence, Sites};
use nn::context::{Context, Mode};
use nn::norm::{Memory, Normalizer, Step};
use nn::optimizer::{Optimizer, OptimizerConfig};
use nn::params::Scope;
use nn::regularization::{Regularization, weight_drop};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{CELLS, HIDDEN, INPUT, Model, NONE, assert_close, devices, drawn, random};

const P: f64 = 0.5;
const DROP: Regularization = Regularization {
    weight_drop: P,
    ..NONE
};

/// `w` with the weight drop of a pass with this seed.
fn dropped(w: &[f64], seed: u64) -> Vec<f64> {
    drawn(seed, |context| {
        let tape = context.tape();
        let w = tape.constant(tape.device().tensor([w.len()], w));
        Some(weight_drop(context, P, w))
    })
}

#[test]
fn a_pass_has_the_dropped_weight_at_all_steps() {
    for device in devices() {
        let x = random(&device, [4, 3, INPUT], 8);
        for kind in CELLS {
            let got = Model::new(&device, kind, DROP).run(Mode::Train, &x, 6);
            let mut plain = Model::new(&device, kind, NONE);
            let w_h = plain.id("w_h");
            let weight = dropped(&plain.store.get(w_h).to_vec(), 6);
            plain.set(w_h, &weight);
            assert_close(&got.h, &plain.run(Mode::Train, &x, 6).h);
            let next = Model::new(&device, kind, DROP).run(Mode::Train, &x, 7);
            assert!(next.h != got.h, "{kind:?}: two passes with the same mask");
        }
    }
}

/// An element that is dropped has the gradient 0 and is not changed; every other one is.
#[test]
fn the_weight_is_trained_where_it_is_not_dropped() {
    for device in devices() {
        for kind in CELLS {
            let mut model = Model::new(&device, kind, DROP);
            let sgd = OptimizerConfig::Sgd {
                learning_rate: 0.1,
                momentum: 0.0,
            };
            let mut optimizer = Optimizer::new(sgd, &model.store);
            let w_h = model.id("w_h");
            let mut ever = vec![false; model.store.get(w_h).len()];
            for seed in 0..20 {
                let before = model.store.get(w_h).to_vec();
                let tape = Tape::new(&device);
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let mut context = Context::new(&tape, &mut model.store, Mode::Train, &mut rng);
                let x = tape.constant(random(&device, [4, 3, INPUT], seed));
                let h = model.layer.forward(&mut context, &Sequence::from(x)).h;
                let gradients = context.param_gradients(tape.backward(h.square().mean()));
                optimizer.step(&mut model.store, &gradients);
                let gradient = gradients.get(w_h).expect("a gradient of W_h").to_vec();
                let after = model.store.get(w_h).to_vec();
                for (i, m) in dropped(&vec![1.0; before.len()], seed).into_iter().enumerate() {
                    assert_eq!(gradient[i] != 0.0, m != 0.0, "{kind:?} element {i}");
                    assert_eq!(after[i] != before[i], m != 0.0, "{kind:?} element {i}");
                    ever[i] |= m != 0.0;
                }
            }
            // 0.5 to the 20th is a millionth.
            let trained = ever.iter().filter(|&&trained| trained).count();
            assert!(trained >= ever.len() - 1, "{trained} of {}", ever.len());
        }
    }
}

/// Weight normalization without a gain: columns of norm 1.
#[derive(Debug)]
struct UnitColumns;

impl<T: Real> Normalizer<T> for UnitColumns {
    fn weight<'t>(&self, _: &mut Context<'t, '_, T>, w: Var<'t, T>) -> Var<'t, T> {
        w.div(w.square().sum_axis(0).sqrt())
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

#[test]
fn what_stands_for_the_weight_is_dropped_after_its_normalization() {
    let device = Device::reference();
    let x = random(&device, [4, 3, INPUT], 8);
    let unit = |_: &mut Scope<'_, f64>| Sites {
        h: Some(Box::new(UnitColumns) as Box<dyn Normalizer<f64>>),
        ..Sites::default()
    };
    for kind in CELLS {
        let got = Model::with_sites(&device, kind, DROP, unit).run(Mode::Train, &x, 6);
        let mut plain = Model::new(&device, kind, NONE);
        let w_h = plain.id("w_h");
        let mut weight = plain.store.get(w_h).to_vec();
        let columns = weight.len() / HIDDEN;
        for j in 0..columns {
            let column = || weight.iter().skip(j).step_by(columns);
            let norm = column().map(|w| w * w).sum::<f64>().sqrt();
            weight
                .iter_mut()
                .skip(j)
                .step_by(columns)
                .for_each(|w| *w /= norm);
        }
        plain.set(w_h, &dropped(&weight, 6));
        assert_close(&got.h, &plain.run(Mode::Train, &x, 6).h);
    }
}
