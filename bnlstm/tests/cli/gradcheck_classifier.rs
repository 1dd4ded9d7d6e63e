//! Gradients of the whole classifier by differences: of its input and of every parameter, through
//! logits and loss.

use std::cell::RefCell;

use autodiff::{Comparison, Device, Var, gradcheck, values};
use bnlstm::config::ModelConfig;
use bnlstm::device::{DeviceChoice, DeviceKind};
use bnlstm::model::Model;
use bnlstm::task::{Head, Input, Interface};
use nn::cell::Sequence;
use nn::context::{Context, Mode, Statistics};
use nn::params::{ParamId, ParamStore, Role, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::config;

const BATCH: usize = 5;
const STEPS: usize = 4;
const INPUT_SIZE: usize = 2;
const INTERFACE: Interface = Interface {
    input: Input::Numbers(INPUT_SIZE),
    steps: STEPS,
    head: Head::Class(3),
};

fn model(normalization: &str) -> ModelConfig {
    ModelConfig {
        hidden_size: 3,
        initial_noise: 0.2,
        ..config(normalization).model
    }
}

/// Moves every parameter off its regular start.
fn scatter(store: &mut ParamStore<f64>) {
    let ids: Vec<ParamId> = store.iter().map(|(id, _)| id).collect();
    for id in ids {
        let param = store.entry(id);
        let scale = if param.role == Role::Trainable { 0.3 } else { 0.1 };
        let noise = values(id.index() as u64, param.tensor.len());
        let moved: Vec<f64> = param
            .tensor
            .to_vec()
            .iter()
            .zip(noise)
            .map(|(x, noise)| x + scale * noise)
            .collect();
        let tensor = store.device().tensor(param.tensor.shape(), &moved);
        *store.get_mut(id) = tensor;
    }
}

/// The comparison of each input: `x [T, B, D]`, then every parameter with its path.
fn comparisons(device: &Device<f64>, normalization: &str, mode: Mode) -> Vec<(String, Comparison)> {
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut scope = Scope::new(&mut store, &mut rng);
    let model = model(normalization);
    let classifier = Model::new(&mut scope, &model, INTERFACE);
    scatter(&mut store);
    let trainable = store.iter().filter(|(_, param)| param.role == Role::Trainable);
    let ids: Vec<ParamId> = trainable.map(|(id, _)| id).collect();
    let x = values(99, STEPS * BATCH * INPUT_SIZE);
    let mut inputs = vec![device.tensor([STEPS, BATCH, INPUT_SIZE], &x)];
    inputs.extend(ids.iter().map(|&id| store.get(id).clone()));
    let paths = ids.iter().map(|&id| store.entry(id).path.clone());
    let paths: Vec<String> = ["x".to_owned()].into_iter().chain(paths).collect();
    let targets = device.indices(&[0, 1, 2, 1, 0]);
    let store = RefCell::new(store);
    let result = gradcheck(
        |tape, inputs| {
            let mut store = store.borrow_mut();
            // The same noise every time.
            let mut rng = ChaCha8Rng::seed_from_u64(3);
            let mut context = Context::new(tape, &mut store, mode, &mut rng);
            ids.iter()
                .zip(&inputs[1..])
                .for_each(|(&id, &var)| context.bind(id, var));
            let logits: Var<'_, f64> = classifier
                .forward(&mut context, &Sequence::from(inputs[0]).into())
                .outputs;
            vec![logits, logits.cross_entropy(&targets)]
        },
        &inputs,
    );
    paths.into_iter().zip(result).collect()
}

fn check(normalization: &str, mode: Mode, zeros: &[&str]) {
    for kind in [DeviceKind::Reference, DeviceKind::Cpu] {
        let device = DeviceChoice { kind, threads: 2 }.open();
        for (path, comparison) in comparisons(&device, normalization, mode) {
            // Differences leave rounding errors of about 1e-16 / 1e-5 where nothing matters; a
            // gradient that does matter is large enough to be compared with itself.
            let vanishes = comparison.numeric_rms < 1e-8;
            assert!(vanishes || comparison.numeric_rms > 1e-3, "{path}: {comparison}");
            assert_eq!(vanishes, zeros.contains(&path.as_str()), "{path}: {comparison}");
        }
    }
}

/// What all examples have in common at a site that is normalized over the batch has no influence.
const SHARED_STATE: [&str; 1] = ["lstm/h_0"];

#[test]
fn gradcheck_classifier_without_normalization() {
    check("none", Mode::Train, &[]);
}

#[test]
fn gradcheck_classifier_with_batch_normalization() {
    for text in ["batch", "batch(gamma=1)", "batch(stats=shared)"] {
        check(text, Mode::Train, &SHARED_STATE);
    }
    check("x=batch,c=batch", Mode::Train, &[]);
}

#[test]
fn gradcheck_classifier_with_fixed_statistics() {
    for statistics in [Statistics::Running, Statistics::Population] {
        check("batch(gamma=1)", Mode::Eval(statistics), &[]);
    }
}

#[test]
fn gradcheck_classifier_with_layer_normalization() {
    check("layer", Mode::Train, &[]);
    check("h=layer,x=batch,c=layer", Mode::Train, &[]);
}
