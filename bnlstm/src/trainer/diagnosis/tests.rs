use std::sync::Arc;

use autodiff::Device;
use kernels::Cpu;
use nn::optimizer::OptimizerConfig;

use super::*;
use crate::cell::Cell;
use crate::config::RunConfig;
use crate::data::text::{Alphabet, Corpus};
use crate::normalization::Sites;
use crate::presets::Preset;
use crate::settings::Settings;
use crate::task::{Adding, CharLm, PixelOrder, Pixels, Task};

const STEPS: usize = 6;

fn config(text: &str) -> RunConfig {
    let preset = Preset::find("digits-quick").expect("it comes with the program");
    let mut config = Settings::of_preset(preset).config().expect("it is whole");
    config.model.normalization = Sites::parse(Cell::Lstm, text).unwrap_or_else(|error| panic!("{error}"));
    config.model.hidden_size = 4;
    config.training.batch = 8;
    config
}

fn sgd(learning_rate: f64, clip: f64) -> RunConfig {
    let mut config = config("none");
    config.optimizer = OptimizerConfig::Sgd {
        learning_rate,
        momentum: 0.0,
    };
    config.training.clip = clip;
    config
}

fn task() -> Adding {
    Adding::new(STEPS, 80, 1)
}

fn trainer<'a>(config: &RunConfig, task: &'a dyn Task) -> Trainer<'a, f32> {
    Trainer::new(config, task, &Device::new(Arc::new(Cpu::new(1))))
}

/// The update that diverges, and what is wrong with it.
fn diverge(config: &RunConfig, task: &dyn Task) -> (usize, Diagnosis) {
    let mut first = trainer(config, task);
    let update = (1..1000)
        .find(|_| first.train(1, || {}).is_err())
        .expect("it diverges");
    let mut again = trainer(config, task);
    if update > 1 {
        again
            .train(update - 1, || {})
            .expect("the updates before are good");
    }
    (update, again.diagnose_next(Cause::NotFinite))
}

fn set(trainer: &mut Trainer<'_, f32>, path: &str, value: impl Fn(usize) -> f32) {
    let id = trainer.store.find(path).expect("there is such a parameter");
    let tensor = trainer.store.get_mut(id);
    let values: Vec<f32> = (0..tensor.len()).map(value).collect();
    *tensor = tensor.device().tensor(tensor.shape(), &values);
}

#[track_caller]
fn bad(diagnosis: &Diagnosis) -> (&str, &str, Option<usize>) {
    let Finding::Bad(tensor, extent) = &diagnosis.finding else {
        panic!("{diagnosis}");
    };
    assert!(!extent.is_finite());
    (&tensor.what, &tensor.layer, tensor.time)
}

#[test]
fn a_learning_rate_of_a_million_overflows() {
    let (update, diagnosis) = diverge(&sgd(1e6, 1e30), &task());
    assert_eq!(diagnosis.update, update);
    assert!(update > 1);
    bad(&diagnosis);
    assert_eq!(diagnosis.remedy, Remedy::LearningRate(1e6));
    let text = diagnosis.to_string();
    assert!(
        text.starts_with(&format!("update {update}: the first bad number is ")),
        "{text}"
    );
    assert!(
        text.ends_with("remedy: lower the learning rate, which is 1000000, or clip harder"),
        "{text}"
    );
}

/// The steps of Adam, and of clipped gradients, are bounded: nothing overflows.
#[test]
fn a_loss_that_has_grown_names_what_is_largest() {
    let task = task();
    let mut adam = config("none");
    adam.optimizer = OptimizerConfig::Adam {
        learning_rate: 1e6,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
    };
    for config in [adam, sgd(1e6, 1.0)] {
        let mut trainer = trainer(&config, &task);
        let start = trainer.train(1, || {}).expect("the first update is good").loss;
        let late = trainer.train(5, || {}).expect("nothing overflows").loss;
        assert!(late > 1000.0 * start, "{late} {start}");
        let diagnosis = trainer.diagnose_next(Cause::Grown(start));
        let Finding::Grown {
            loss,
            value: (value, of_value),
            parameter: (parameter, of_parameter),
            ..
        } = &diagnosis.finding
        else {
            panic!("{diagnosis}");
        };
        assert!(*loss > 1000.0 * start);
        let params = trainer
            .store
            .iter()
            .map(|(_, param)| (param.path.clone(), Extent::of(&param.tensor)));
        let largest = params.max_by(|a, b| a.1.size().total_cmp(&b.1.size())).unwrap();
        assert_eq!((&parameter.layer, of_parameter), (&largest.0, &largest.1));
        assert!(of_parameter.size() > 1e4 && of_value.size() > 1e4, "{diagnosis}");
        assert!(!value.layer.is_empty());
        assert_eq!(diagnosis.remedy, Remedy::LearningRate(1e6));
    }
}

#[test]
fn a_constant_input_without_epsilon_is_named() {
    // The first pixel of every digit is empty.
    let digits = Pixels::digits(PixelOrder::Scan).unwrap();
    for stats in ["per-step", "shared"] {
        let config = config(&format!("x=batch(eps=0,stats={stats})"));
        let (update, diagnosis) = diverge(&config, &digits);
        assert_eq!(update, 1);
        assert_eq!(bad(&diagnosis), ("normalized input term", "lstm", Some(0)));
        assert_eq!(
            diagnosis.to_string(),
            "update 1: the first bad number is NaN in the normalized input term of lstm at time step 0 (path \
             lstm/norm_x), in 128 of 128 elements; its inputs: input term x_t W_x from 0 to 0, gamma from 0.1 \
             to 0.1, smallest variance 0 with eps 0; remedy: give the normalization a larger eps"
        );
    }
}

#[test]
fn rows_that_are_constant_lack_a_variance_too() {
    let digits = Pixels::digits(PixelOrder::Scan).unwrap();
    let (_, diagnosis) = diverge(&config("x=layer(eps=0)"), &digits);
    assert_eq!(bad(&diagnosis), ("normalized input term", "lstm", Some(0)));
    assert_eq!(diagnosis.remedy, Remedy::Epsilon);
}

#[test]
fn an_infinite_parameter_comes_first() {
    let (task, config) = (task(), config("batch(eps=0)"));
    let mut trainer = trainer(&config, &task);
    set(
        &mut trainer,
        "lstm/w_h",
        |i| if i == 3 { f32::INFINITY } else { 0.1 },
    );
    let diagnosis = trainer.diagnose_next(Cause::NotFinite);
    assert_eq!(bad(&diagnosis), ("parameter", "lstm/w_h", None));
    let text = diagnosis.to_string();
    assert!(
        text.contains("infinity in the parameter of lstm/w_h, in 1 of 64 elements"),
        "{text}"
    );
    assert!(matches!(diagnosis.remedy, Remedy::Restart(_)));
}

/// With weights of 0 the states are 0, whatever the head multiplies them by.
fn still(trainer: &mut Trainer<'_, f32>, head: f32, bias: f32) {
    for path in ["lstm/w_x", "lstm/w_h"] {
        set(trainer, path, |_| 0.0);
    }
    set(trainer, "head/weight", |_| head);
    set(trainer, "head/bias", |_| bias);
}

#[test]
fn a_gradient_overflows_though_the_loss_is_finite() {
    let (task, config) = (task(), config("none"));
    let mut trainer = trainer(&config, &task);
    // An error of 1000, times 2/8 for the mean, times 3e38.
    still(&mut trainer, 3e38, 1000.0);
    let diagnosis = trainer.diagnose_next(Cause::NotFinite);
    assert_eq!(
        bad(&diagnosis),
        ("gradient of the hidden state h_t", "lstm", Some(STEPS - 1))
    );
    assert_eq!(diagnosis.inputs.len(), 1);
    assert_eq!(diagnosis.inputs[0].1.size(), 0.0);
}

#[test]
fn the_norm_of_the_gradients_overflows_alone() {
    let (task, config) = (task(), config("none"));
    let mut trainer = trainer(&config, &task);
    // Squares of 3e18 are summed for the loss, but not those of gradients that are 1000 times as large.
    still(&mut trainer, 1e3, 3e18);
    let diagnosis = trainer.diagnose_next(Cause::NotFinite);
    let Finding::Norm(tensor, extent) = &diagnosis.finding else {
        panic!("{diagnosis}");
    };
    assert_eq!(tensor.layer, "lstm/bias");
    assert!(extent.is_finite() && extent.size() > 1e19);
}

#[test]
fn a_good_update_has_nothing_wrong() {
    let task = task();
    for text in ["none", "batch", "layer", "sum=batch(stats=shared)"] {
        let config = config(text);
        let mut trainer = trainer(&config, &task);
        let diagnosis = trainer.diagnose_next(Cause::NotFinite);
        assert_eq!(diagnosis.finding, Finding::Nothing, "{diagnosis}");
    }
}

/// A text of two letters, whose states are carried from batch to batch.
fn letters() -> CharLm {
    let part = |count: usize| (0..count).map(|i| (i / 3 % 2) as u16).collect::<Vec<u16>>();
    let corpus = Corpus {
        name: "letters".to_owned(),
        alphabet: Alphabet::of("ab").unwrap(),
        train: part(200),
        valid: part(20),
        test: part(20),
        provenance: Vec::new(),
    };
    CharLm::new(Arc::new(corpus), STEPS, true).unwrap()
}

/// What is diagnosed is the next update itself: with its batch, its noise, and the states that it begins
/// with.
#[test]
fn the_loss_is_that_of_the_next_update() {
    let (adding, letters) = (task(), letters());
    let tasks: [&dyn Task; 2] = [&adding, &letters];
    for task in tasks {
        let mut config = config("batch(stats=shared)");
        config.model.initial_noise = 0.1;
        config.model.regularization = "zoneout(h=0.5,c=0.5)".parse().unwrap();
        let device = Device::<f64>::reference();
        let [mut one, mut other] = [0; 2].map(|_| Trainer::new(&config, task, &device));
        for updates in [1, 2] {
            for trainer in [&mut one, &mut other] {
                trainer.train(updates, || {}).expect("it learns");
            }
        }
        let expected = one.train(1, || {}).expect("it learns").loss;
        let diagnosis = other.diagnose_next(Cause::Grown(1e-9));
        let Finding::Grown { loss, .. } = diagnosis.finding else {
            panic!("{diagnosis}");
        };
        // The mean over the answers is a sum that is multiplied and divided by their number.
        assert!((loss / expected - 1.0).abs() < 1e-15, "{loss} {expected}");
        assert_eq!(diagnosis.update, 4);
    }
}

#[test]
fn a_carried_state_comes_before_the_values() {
    let task = letters();
    let mut trainer = trainer(&config("none"), &task);
    trainer.train(1, || {}).expect("it learns");
    let device = trainer.store.device().clone();
    let mut states = trainer.carried.states().to_vec();
    states[0].c = Some(device.full([8, 4], f32::INFINITY));
    trainer.carried.put(states, 0);
    let diagnosis = trainer.diagnose_next(Cause::NotFinite);
    assert_eq!(bad(&diagnosis), ("carried c", "cell 0", None));
}

#[test]
fn bad_data_are_named_unless_they_are_padding() {
    let batch = |lengths: Option<Vec<usize>>, target: f32| Batch {
        examples: 2,
        // Step 1 of row 1 is bad.
        inputs: Inputs::Numbers(vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, f32::NAN, 0.0]),
        lengths,
        question: None,
        targets: Targets::Numbers(vec![target, 0.0]),
    };
    let what = |batch: &Batch| bad_data(batch, 2).map(|case| (case.finding, case.remedy));
    let Some((Finding::Bad(inputs, extent), Remedy::Data)) = what(&batch(None, 0.0)) else {
        panic!("the inputs are bad");
    };
    assert_eq!(
        (inputs.what.as_str(), extent.nan, extent.elements),
        ("inputs", 1, 8)
    );
    assert_eq!(what(&batch(Some(vec![2, 1]), 0.0)), None);
    let Some((Finding::Bad(targets, _), _)) = what(&batch(Some(vec![2, 1]), f32::INFINITY)) else {
        panic!("the targets are bad");
    };
    assert_eq!(targets.what, "targets");
}
