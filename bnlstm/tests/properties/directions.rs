//! Both directions on a padded batch are two plain runs over each of its sequences.

use autodiff::{Device, Tensor};
use bnlstm::config::ModelConfig;
use nn::context::{Mode, Statistics};
use proptest::prelude::*;

use crate::support::{
    D, H, Named, T_MAX, Trial, assert_close, config, designs, devices, interface, model, random,
};

/// One step more than there are statistics for.
const STEPS: usize = T_MAX + 1;

/// `x [T, 1, F]` from its end to its beginning.
fn backwards(x: &Tensor<f64>) -> Tensor<f64> {
    let features = x.shape().last();
    let values = x.to_vec();
    let turned: Vec<f64> = values.chunks(features).rev().flatten().copied().collect();
    x.device().tensor(x.shape(), &turned)
}

fn check(device: &Device<f64>, what: &str, model: &ModelConfig, mode: Mode, lengths: &[usize]) {
    let bidirectional = ModelConfig {
        bidirectional: true,
        ..*model
    };
    let mut both = Trial::of(device, &bidirectional);
    let name = model.normalization.cell().name();
    let mut plain = ["forward", "backward"].map(|direction| {
        let mut trial = Trial::new(device, |scope| {
            model.cell(
                &mut scope.within(&format!("{name}/0/{direction}")),
                D,
                interface(D).steps,
            )
        });
        for id in trial.store.iter().map(|(id, _)| id).collect::<Vec<_>>() {
            let path = trial.store.entry(id).path.clone();
            let from = both.store.find(&path).unwrap_or_else(|| panic!("no `{path}`"));
            *trial.store.get_mut(id) = both.store.get(from).clone();
        }
        trial
    });
    let x = random(device, [STEPS, lengths.len(), D], 3);
    let states = both.states(mode, &x, Some(lengths));
    for (b, &length) in lengths.iter().enumerate() {
        let row = |x: &Tensor<f64>| x.slice(1, b..b + 1).slice(0, 0..length);
        let x = row(&x);
        let (h, last) = (row(&states[0]), states[1].slice(0, b..b + 1));
        let ahead = plain[0].states(mode, &x, None);
        let back = plain[1].states(mode, &backwards(&x), None);
        let want = [&ahead[0], &backwards(&back[0]), &ahead[1], &back[1]].map(Clone::clone);
        let got = [
            h.slice(2, 0..H),
            h.slice(2, H..2 * H),
            last.slice(1, 0..H),
            last.slice(1, H..2 * H),
        ];
        let names = ["ahead", "back", "last ahead", "last back"].map(|name| format!("row {b}, {name}"));
        let named =
            |tensors: [Tensor<f64>; 4]| -> Named<f64> { names.clone().into_iter().zip(tensors).collect() };
        // Products of other sizes may be summed in another order; moments of groups of two units enlarge
        // that.
        assert_close(what, &named(got), &named(want), 1e-11);
    }
}

proptest! {
    #![proptest_config(config(2))]

    #[test]
    fn both_directions_are_two_plain_runs(lengths in prop::collection::vec(1..=STEPS, 2..=3)) {
        for device in devices() {
            for (cell, text) in designs() {
                for statistics in [Statistics::Running, Statistics::Population] {
                    let what = format!("{cell} {text}, {lengths:?}, {statistics:?}");
                    let model = model(cell, &text, H);
                    check(&device, &what, &model, Mode::Eval(statistics), &lengths);
                }
            }
        }
    }
}
