//! Steps beyond `T_max` use the last statistics, however many there are.

use autodiff::{Device, Tensor};
use bnlstm::cell::Cell;
use bnlstm::config::ModelConfig;
use bnlstm::normalization::VARIANTS;
use bnlstm::task::Sizes;
use nn::context::{Mode, Statistics};

use crate::support::{D, H, Named, T_MAX, Trial, assert_close, designs, devices, model, random, sizes};

const LONG: usize = 40_001;

/// The same model with statistics for a single step, those of the last one, and with initial states
/// that are what the first `T_max` steps lead to.
fn continued(
    device: &Device<f64>,
    trial: &mut Trial<f64>,
    model: &ModelConfig,
    mode: Mode,
    x: &Tensor<f64>,
) -> Trial<f64> {
    let one = Sizes { steps: 1, ..sizes(D) };
    let mut next = Trial::new(device, |scope| model.layers(scope, one));
    for id in next.store.iter().map(|(id, _)| id).collect::<Vec<_>>() {
        let (path, shape) = (next.store.entry(id).path.clone(), next.store.get(id).shape());
        let old = trial.store.find(&path).unwrap_or_else(|| panic!("no `{path}`"));
        let old = trial.store.get(old);
        *next.store.get_mut(id) = match old.shape() == shape {
            true => old.clone(),
            false => old.rows(T_MAX - 1..T_MAX),
        };
    }
    let begun = trial.states(mode, &x.slice(0, 0..T_MAX), None);
    let name = model.normalization.cell().name();
    for (state, states) in [("h_0", Some(&begun[0])), ("c_0", begun.get(2))] {
        if let Some(states) = states {
            let last = states.row(T_MAX - 1);
            next.set(&format!("{name}/{state}"), last.reshape([last.len()]));
        }
    }
    next
}

/// Whether it has statistics for each step; if so, all steps from `T_max` on are checked.
fn check(device: &Device<f64>, what: &str, model: &ModelConfig, mode: Mode, steps: usize) -> bool {
    let mut trial = Trial::of(device, model);
    if !trial
        .statistics()
        .iter()
        .any(|(_, x)| x.shape().rank() == 2 && x.shape().extent(0) == T_MAX)
    {
        return false;
    }
    let x = random(device, [steps, 1, D], 2);
    let mut next = continued(device, &mut trial, model, mode, &x);
    let rest = |x: &Tensor<f64>| x.slice(0, T_MAX..steps);
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
                found += usize::from(check(&device, &what, &model, Mode::Eval(statistics), T_MAX + 5));
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
            if check(&device, variant.name, &model, mode, LONG) {
                found.push(variant.name);
            }
        }
    }
    assert!(found.len() >= 2 * 3, "{found:?}");
}
