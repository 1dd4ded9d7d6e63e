//! Gradients of affine maps and look-ups by differences.

use autodiff::{Device, gradcheck};
use nn::cell::Sequence;
use nn::context::{Context, Mode};
use nn::init::Initializer;
use nn::linear::{Embedding, Linear};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{devices, random};

fn empty(device: &Device<f64>) -> (ParamStore<f64>, ChaCha8Rng) {
    (ParamStore::new(device), ChaCha8Rng::seed_from_u64(1))
}

#[test]
fn gradcheck_linear() {
    for device in devices() {
        for x in [
            random(&device, [4, 3], 1),
            random(&device, [2, 5, 3], 2),
            random(&device, [1, 3], 3),
        ] {
            let inputs = [x, random(&device, [3, 2], 4), random(&device, [2], 5)];
            let comparisons = gradcheck(
                |tape, inputs| {
                    let (mut store, mut rng) = empty(tape.device());
                    let mut scope = Scope::new(&mut store, &mut rng);
                    let layer = Linear::new(&mut scope.within("map"), 3, 2, &Initializer::Glorot);
                    let ids = ["map/weight", "map/bias"].map(|path| store.find(path).expect("a parameter"));
                    let mut context = Context::new(tape, &mut store, Mode::Train, &mut rng);
                    context.bind(ids[0], inputs[1]);
                    context.bind(ids[1], inputs[2]);
                    vec![layer.forward(&mut context, inputs[0])]
                },
                &inputs,
            );
            // Every input matters, or the comparison would be of nothing with nothing.
            assert!(comparisons.iter().all(|comparison| comparison.numeric_rms > 0.1));
        }
    }
}

#[test]
fn gradcheck_embedding() {
    for device in devices() {
        let table = random(&device, [4, 3], 6);
        let comparisons = gradcheck(
            |tape, inputs| {
                let (mut store, mut rng) = empty(tape.device());
                let layer = Embedding::new(&mut Scope::new(&mut store, &mut rng), 4, 3, &Initializer::Zeros);
                let id = store.find("table").expect("a parameter");
                // One symbol twice, one never.
                let symbols = tape.device().indices(&[2, 0, 2, 3]);
                let symbols = Sequence::symbols(tape, &symbols, 2);
                let mut context = Context::new(tape, &mut store, Mode::Train, &mut rng);
                context.bind(id, inputs[0]);
                vec![layer.of_sequence(&mut context, &symbols)]
            },
            &[table],
        );
        assert!(comparisons[0].numeric_rms > 0.1);
    }
}
