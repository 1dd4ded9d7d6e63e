//! Gradients of the whole reader by differences: of every parameter, through words, both texts,
//! attention, logits and loss.

use std::cell::RefCell;

use autodiff::{Comparison, Device, gradcheck, values};
use bnlstm::config::ModelConfig;
use bnlstm::device::{DeviceChoice, DeviceKind};
use bnlstm::model::{Model, OnDevice};
use bnlstm::task::{Batch, Head, Input, Inputs, Interface, Padded, Targets};
use nn::context::{Context, Mode, Statistics};
use nn::params::{ParamId, ParamStore, Role, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::support::{config, normalized};

const WORDS: usize = 7;
const INTERFACE: Interface = Interface {
    input: Input::Symbols(WORDS),
    steps: 4,
    head: Head::Entity {
        count: 3,
        question_steps: 3,
    },
};

/// Five short stories with questions of several lengths; symbol 0 is padding.
fn batch() -> Batch {
    Batch {
        examples: 5,
        inputs: Inputs::Symbols(vec![
            4, 5, 1, 6, 2, //
            3, 4, 5, 1, 6, //
            2, 0, 3, 4, 0, //
            5, 0, 0, 6, 0,
        ]),
        lengths: Some(vec![4, 2, 3, 4, 2]),
        question: Some(Padded {
            symbols: vec![
                1, 2, 3, 4, 5, //
                6, 1, 2, 3, 0, //
                4, 0, 5, 0, 0,
            ],
            lengths: vec![3, 2, 3, 2, 1],
        }),
        targets: Targets::Classes(vec![0, 2, 1, 1, 0]),
    }
}

fn model(normalization: &str, attention: &str) -> ModelConfig {
    let small = [
        "model.hidden_size=2".to_owned(),
        "model.reader.embedding_size=3".to_owned(),
        format!("model.reader.attention={attention}"),
    ];
    let small: Vec<&str> = small.iter().map(String::as_str).collect();
    let run = normalized(config("qa-corrected", &small), normalization);
    ModelConfig {
        initial_noise: 0.2,
        ..run.model
    }
}

/// Moves every parameter off its regular start, and statistics a little.
fn scatter(store: &mut ParamStore<f64>) {
    let ids: Vec<ParamId> = store.iter().map(|(id, _)| id).collect();
    for id in ids {
        let param = store.entry(id);
        let scale = if param.role == Role::Trainable { 0.3 } else { 0.1 };
        let noise = values(id.index() as u64, param.tensor.len());
        let moved = param.tensor.to_vec().into_iter().zip(noise);
        let moved: Vec<f64> = moved.map(|(x, noise)| x + scale * noise).collect();
        let tensor = store.device().tensor(param.tensor.shape(), &moved);
        *store.get_mut(id) = tensor;
    }
}

/// The comparison of every parameter, with its path.
fn comparisons(device: &Device<f64>, model: &ModelConfig, mode: Mode) -> Vec<(String, Comparison)> {
    let mut store = ParamStore::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let reader = Model::new(&mut Scope::new(&mut store, &mut rng), model, INTERFACE);
    scatter(&mut store);
    let trainable = store.iter().filter(|(_, param)| param.role == Role::Trainable);
    let (ids, paths): (Vec<ParamId>, Vec<String>) =
        trainable.map(|(id, param)| (id, param.path.clone())).unzip();
    let inputs: Vec<_> = ids.iter().map(|&id| store.get(id).clone()).collect();
    let on_device = OnDevice::new(&batch(), INTERFACE.input, device);
    let store = RefCell::new(store);
    let result = gradcheck(
        |tape, inputs| {
            let mut store = store.borrow_mut();
            // The same noise every time.
            let mut rng = ChaCha8Rng::seed_from_u64(3);
            let mut context = Context::new(tape, &mut store, mode, &mut rng);
            ids.iter()
                .zip(inputs)
                .for_each(|(&id, &var)| context.bind(id, var));
            let answers = reader.forward(&mut context, &on_device.shown(tape));
            vec![answers.outputs, reader.loss(&answers, &on_device)]
        },
        &inputs,
    );
    paths.into_iter().zip(result).collect()
}

#[track_caller]
fn check(normalization: &str, attention: &str, mode: Mode) {
    let model = model(normalization, attention);
    for kind in [DeviceKind::Reference, DeviceKind::Cpu] {
        let device = DeviceChoice { kind, threads: 2 }.open();
        let comparisons = comparisons(&device, &model, mode);
        // What all examples have in common in the first step is taken out by normalization over them.
        let shared = |path: &str| path.ends_with("/h_0") && normalization.contains("h=batch");
        for (path, comparison) in comparisons {
            // Differences leave rounding errors of about 1e-16 / 1e-5 where nothing matters; a
            // gradient that does matter is large enough to be compared with itself. The smallest are
            // those of the question's term in the attention under fixed statistics, which leave it
            // small: where the tanh is nearly linear, the softmax over steps takes out what all steps
            // have in common.
            let vanishes = comparison.numeric_rms < 1e-8;
            assert!(vanishes || comparison.numeric_rms > 1e-7, "{path}: {comparison}");
            let expected = shared(&path) && mode == Mode::Train;
            assert_eq!(vanishes, expected, "{path}: {comparison}");
        }
    }
}

#[test]
fn gradcheck_reader_without_normalization() {
    check("none", "none", Mode::Train);
}

#[test]
fn gradcheck_reader_with_batch_normalization_everywhere() {
    let everywhere = "h=batch(gamma=0.5),x=batch(gamma=0.5,stats=sequence-wise),c=batch(gamma=0.5)";
    let attention = "batch(gamma=0.5,stats=sequence-wise)";
    check(everywhere, attention, Mode::Train);
    check(everywhere, attention, Mode::Eval(Statistics::Population));
}
