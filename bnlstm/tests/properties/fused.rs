//! A whole sequence as one operation of the device is the same as step by step.

use std::sync::Arc;

use autodiff::{Device, Tape};
use bnlstm::cell::{Cell, Site};
use bnlstm::config::ModelConfig;
use bnlstm::list::combinations;
use bnlstm::normalization::{PRESETS, VARIANTS};
use kernels::{Cpu, Real};
use nn::cell::{Cell as _, Lstm, LstmConfig};
use nn::context::{Context, Mode, Statistics};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{D, How, Named, T_MAX, Trial, assert_close, interface, model, random};

const BATCH: usize = 5;
/// Wider than a vector of the processor; no multiple of one. Four groups divide it.
const HIDDEN: usize = 20;

/// Where the operation has a place for a normalization.
const SITES: [Site; 3] = [Site::H, Site::X, Site::C];

fn texts() -> Vec<String> {
    let alone = combinations().filter(|found| found.cell == Cell::Lstm && SITES.contains(&found.site));
    let alone = alone.map(|combination| combination.text());
    let bare = VARIANTS.iter().map(|variant| variant.name);
    let presets = PRESETS.iter().map(|preset| preset.name);
    let options = [
        "batch(stats=shared)",
        "batch(stats=sequence-wise)",
        "batch-renorm(start=0,ramp=0,rmax=1.2,dmax=0.1)",
        "batch-renorm(start=0,ramp=0,stats=shared)",
        "rms(groups=gate)",
        "online(control=off)",
    ];
    let named = bare.chain(presets).chain(options).map(str::to_owned);
    alone.chain(named).collect()
}

/// With noise, since rows of the same state have no variance but rounding at the first step.
fn noisy(text: &str) -> ModelConfig {
    ModelConfig {
        initial_noise: 0.1,
        ..model(Cell::Lstm, text, HIDDEN)
    }
}

fn pass<T: Real>(device: &Device<T>, model: &ModelConfig, mode: Mode, how: How) -> Named<T> {
    let mut trial = Trial::of(device, model);
    let x = random(device, [T_MAX, BATCH, D], 1);
    let r = random(device, [T_MAX, BATCH, HIDDEN], 2);
    let outcome = trial.run(mode, how, &x, None, &r);
    outcome.named(trial.statistics())
}

fn check<T: Real>(mode: Mode, tolerance: f64) {
    let device = Device::<T>::new(T::cpu(Cpu::new(2)));
    for text in texts() {
        let model = noisy(&text);
        let fused = pass(&device, &model, mode, How::Fast);
        let plain = pass(&device, &model, mode, How::BySteps);
        assert_close(&format!("{text} {mode:?}"), &fused, &plain, tolerance);
    }
}

const MODES: [Mode; 4] = [
    Mode::Train,
    Mode::Eval(Statistics::Running),
    Mode::Eval(Statistics::Population),
    Mode::Estimate { seen: 3 },
];

#[test]
fn fused_equals_steps_in_double_precision() {
    for mode in MODES {
        check::<f64>(mode, 1e-10);
    }
}

#[test]
fn fused_equals_steps_in_single_precision() {
    for mode in MODES {
        check::<f32>(mode, 1e-4);
    }
}

/// Whether the sequence is one operation, so that the above compares two ways.
fn is_fused(text: &str) -> bool {
    let device = Device::<f64>::new(Arc::new(Cpu::new(2)));
    let mut store = ParamStore::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut scope = Scope::new(&mut store, &mut rng);
    let sites = noisy(text)
        .normalization
        .build(&mut scope, HIDDEN, interface(D).steps, 1.0);
    let lstm = Lstm::new(&mut scope, &LstmConfig::new(D, HIDDEN), sites);
    let tape = Tape::new(&device);
    let x = tape.constant(random(&device, [T_MAX, BATCH, D], 1));
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    lstm.fused(&mut context, &x.into()).is_some()
}

/// The input term can always be normalized before the operation; the others where it has the formula.
#[test]
fn most_sequences_are_one_operation() {
    for text in texts() {
        let inside = [
            "batch",
            "batch-renorm",
            "layer",
            "rms",
            "group",
            "weight",
            "norm-propagation",
        ];
        let name = text.split(['=', '(']).nth(1).unwrap_or_default();
        if text.starts_with("x=") || (text.starts_with("h=") && inside.contains(&name)) {
            assert!(is_fused(&text), "{text} goes step by step");
        }
    }
}
