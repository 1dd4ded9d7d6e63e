//! What is drawn, and that the seed alone decides on it.

use std::sync::Arc;

use autodiff::Device;
use kernels::{Cpu, Real};
use nn::context::Mode;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{CELLS, EVAL, INPUT, Kind, Model, NONE, Run, assert_close, random};
use nn::regularization::Regularization;

const SEED: u64 = 4;

fn run<T: Real>(device: &Device<T>, kind: Kind, chosen: Regularization, mode: Mode, seed: u64) -> Run<T> {
    let x = random(device, [4, 3, INPUT], 8);
    Model::new(device, kind, chosen).run(mode, &x, seed)
}

#[test]
fn nothing_is_drawn_without_regularization_or_outside_training() {
    let untouched = ChaCha8Rng::seed_from_u64(SEED);
    let device = Device::<f64>::reference();
    for kind in CELLS {
        assert!(run(&device, kind, NONE, Mode::Train, SEED).rng == untouched);
        for (name, chosen) in kind.choices(0.4) {
            assert!(
                run(&device, kind, chosen, Mode::Train, SEED).rng != untouched,
                "{kind:?} {name}"
            );
            for mode in [EVAL, Mode::Estimate { seen: 0 }] {
                let found = run(&device, kind, chosen, mode, SEED);
                assert!(found.rng == untouched, "{kind:?} {name}");
                assert!(found == run(&device, kind, chosen, EVAL, SEED), "{kind:?} {name}");
            }
        }
    }
}

#[test]
fn the_seed_decides_on_every_bit() {
    let device = Device::<f64>::reference();
    for kind in CELLS {
        for (name, chosen) in kind.choices(0.4) {
            let drawn = |seed| run(&device, kind, chosen, Mode::Train, seed);
            assert!(drawn(SEED) == drawn(SEED), "{kind:?} {name}");
            assert!(
                drawn(SEED).h != drawn(SEED + 1).h || name == "zoneout_c",
                "{kind:?} {name}"
            );
            assert!(
                drawn(SEED).c != drawn(SEED + 1).c || kind != Kind::Lstm,
                "{kind:?} {name}"
            );
        }
    }
}

#[test]
fn devices_threads_and_precisions_have_the_same_masks() {
    let reference = Device::<f64>::reference();
    for kind in CELLS {
        for (name, chosen) in kind.choices(0.4) {
            let want = run(&reference, kind, chosen, Mode::Train, SEED);
            let single = run(&Device::<f32>::reference(), kind, chosen, Mode::Train, SEED);
            assert!(single.rng == want.rng, "{kind:?} {name}");
            let on = |threads| {
                let device = Device::<f64>::new(Arc::new(Cpu::new(threads)));
                run(&device, kind, chosen, Mode::Train, SEED)
            };
            let one = on(1);
            assert!(one.rng == want.rng, "{kind:?} {name}");
            assert_close(&one.h, &want.h);
            for (a, b) in single.h.iter().zip(&want.h) {
                // Single precision has 6e-8; a few steps of 20 additions.
                assert!((f64::from(*a) - b).abs() < 1e-5, "{kind:?} {name}: {a}, {b}");
            }
            assert!(on(3) == one, "{kind:?} {name} on three threads");
        }
    }
}
