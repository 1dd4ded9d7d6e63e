//! Steps beyond `T_max` use the last statistics, however many there are.

use autodiff::{Device, Tensor};
use bnlstm::cell::Cell;
use bnlstm::config::ModelConfig;
use bnlstm::normalization::VARIANTS;
use bnlstm::task::Interface;
use kernels::Unary;
use nn::context::{Mode, Statistics};

use crate::support::{D, H, Named, T_MAX, Trial, assert_close, designs, devices, interface, model, random};

const LONG: usize = 40_001;

/// The same model with statistics for a single step, those of the last of so many `known` ones, and
/// with initial states that are what these steps lead to.
fn continued(
    device: &Device<f64>,
    trial: &mut Trial<f64>,
    model: &ModelConfig,
    mode: Mode,
    x: &Tensor<f64>,
    known: usize,
) -> Trial<f64> {
    let one = Interface {
        steps: 1,
        ..interface(D)
    };
    let mut next = Trial::new(device, |scope| model.layers(scope, one));
    for id in next.store.iter().map(|(id, _)| id).collect::<Vec<_>>() {
        let (path, shape) = (next.store.entry(id).path.clone(), next.store.get(id).shape());
        let old = trial.store.find(&path).unwrap_or_else(|| panic!("no `{path}`"));
        let old = trial.store.get(old);
        *next.store.get_mut(id) = match old.shape() == shape {
            true => old.clone(),
            false => old.rows(known - 1..known),
        };
    }
    let begun = trial.states(mode, &x.slice(0, 0..known), None);
    let name = model.normalization.cell().name();
    for (state, states) in [("h_0", Some(&begun[0])), ("c_0", begun.get(2))] {
        if let Some(states) = states {
            let last = states.row(known - 1);
            next.set(&format!("{name}/{state}"), last.reshape([last.len()]));
        }
    }
    next
}

/// Whether it has statistics for each step.
fn has_steps(trial: &Trial<f64>) -> bool {
    let statistics = trial.statistics();
    let mut shapes = statistics.iter().map(|(_, x)| x.shape());
    shapes.any(|shape| shape.rank() == 2 && shape.extent(0) == T_MAX)
}

/// Whether all steps from `known` on have the statistics of the one before, where there are any for
/// each step.
fn check(
    device: &Device<f64>,
    what: &str,
    (model, trial): (&ModelConfig, &mut Trial<f64>),
    mode: Mode,
    (known, steps): (usize, usize),
) -> bool {
    if !has_steps(trial) {
        return false;
    }
    let x = random(device, [steps, 1, D], 2);
    let mut next = continued(device, trial, model, mode, &x, known);
    let rest = |x: &Tensor<f64>| x.slice(0, known..steps);
    let all = trial.states(mode, &x, None);
    let want = next.states(mode, &rest(&x), None);
    let named = |h: Tensor<f64>| -> Named<f64> { vec![("h".to_owned(), h)] };
    // The same operations on the same numbers, up to how a device divides its work.
    assert_close(what, &named(rest(&all[0])), &named(want[0].clone()), 1e-12);
    true
}

#[test]
fn every_normalization_uses_its_last_statistics() {
    for device in devices() {
        let mut found = 0;
        for (cell, text) in designs() {
            for statistics in [Statistics::Running, Statistics::Population] {
                let what = format!("{cell} {text}, {statistics:?}");
                let model = model(cell, &text, H);
                let both = (&model, &mut Trial::of(&device, &model));
                let steps = (T_MAX, T_MAX + 5);
                found += usize::from(check(&device, &what, both, Mode::Eval(statistics), steps));
            }
        }
        assert!(found > 50, "{found} with statistics for each step");
    }
}

/// Sequences of a training set, of which the longest has less than `T_max` steps.
const SHORT: [usize; 4] = [T_MAX - 1, 1, T_MAX - 1, 0];
/// Steps of them that have two rows.
const REACHED: usize = T_MAX - 1;

/// A model whose statistics are those of [`SHORT`] sequences, and no numbers where these have not
/// reached.
fn trained_on_short(device: &Device<f64>, model: &ModelConfig) -> Trial<f64> {
    let mut trial = Trial::of(device, model);
    let all = trial.store.iter().map(|(id, param)| (id, param.path.clone()));
    let all: Vec<_> = all.collect();
    for (id, _) in all.iter().filter(|(_, path)| path.ends_with("count")) {
        trial.store.get_mut(*id).map_in_place(Unary::Scale(0.0));
    }
    let x = random(device, [T_MAX, SHORT.len(), D], 3);
    for mode in [Mode::Train, Mode::Estimate { seen: 0 }] {
        trial.states(mode, &x, Some(&SHORT));
    }
    for (id, path) in all {
        let tensor = trial.store.get_mut(id);
        let is_table = path.ends_with("_mean") || path.ends_with("_var");
        if is_table && tensor.shape().extent(0) == T_MAX {
            let unknown = device.full([T_MAX - REACHED, tensor.shape().last()], f64::NAN);
            tensor.write(0, REACHED, &unknown);
        }
    }
    trial
}

#[test]
fn every_normalization_uses_the_last_that_short_sequences_reached() {
    for device in devices() {
        let mut found = 0;
        for (cell, text) in designs() {
            let model = model(cell, &text, H);
            let mut trial = trained_on_short(&device, &model);
            for statistics in [Statistics::Running, Statistics::Population] {
                let what = format!("{cell} {text}, {statistics:?}");
                let both = (&model, &mut trial);
                let steps = (REACHED, T_MAX + 5);
                found += usize::from(check(&device, &what, both, Mode::Eval(statistics), steps));
            }
        }
        assert!(found > 50, "{found} with statistics for each step");
    }
}

/// Every normalization with statistics, step by step on one device and as one operation on the other.
#[test]
fn for_40_001_steps_too() {
    let [reference, cpu] = devices();
    let mut found = Vec::new();
    for (device, hidden_size) in [(reference, 4), (cpu, 16)] {
        for variant in VARIANTS {
            let model = model(Cell::Lstm, variant.name, hidden_size);
            let mode = Mode::Eval(Statistics::Running);
            let both = (&model, &mut Trial::of(&device, &model));
            if check(&device, variant.name, both, mode, (T_MAX, LONG)) {
                found.push(variant.name);
            }
        }
    }
    assert!(found.len() >= 2 * 3, "{found:?}");
}
