//! Steps beyond `T_max` use the last statistics, however many there are.

use autodiff::{Device, Tensor};
use nn::context::{Mode, Statistics};
use nn::norm::Padding;

use crate::support::{
    D, Design, EPSILON, H, Kind, Norm, PER_STEP, T_MAX, Trial, assert_close, devices, random,
};

const LONG: usize = 40_001;

/// `γ / √(var + ε)` of the last step at a site, and `β − mean γ / √(var + ε)`.
fn last_map(trial: &Trial, site: &str, which: &str) -> [Vec<f64>; 2] {
    let read = |name: &str| trial.tensor(&format!("cell/norm_{site}/{name}")).clone();
    let [mean, var] = ["mean", "var"].map(|m| read(&format!("{which}_{m}")).row(T_MAX - 1).to_vec());
    let (gamma, beta) = (read("gamma").to_vec(), read("beta").to_vec());
    let scale: Vec<f64> = gamma
        .iter()
        .zip(var)
        .map(|(gamma, var)| gamma / (var + EPSILON).sqrt())
        .collect();
    let shift = (0..scale.len()).map(|f| beta[f] - mean[f] * scale[f]).collect();
    [scale, shift]
}

/// The columns of `w [D, F]`, each times a number.
fn scaled(w: &Tensor<f64>, scale: &[f64]) -> Tensor<f64> {
    let values = w.to_vec().into_iter().enumerate();
    let values: Vec<f64> = values.map(|(i, w)| w * scale[i % scale.len()]).collect();
    w.device().tensor(w.shape(), &values)
}

/// With fixed statistics a normalized product is another product: from step `T_max − 1` on, the
/// cell is one without normalization whose weights and biases hold the last statistics.
fn folded(trial: &Trial, device: &Device<f64>, kind: Kind, which: &str, start: &[Tensor<f64>]) -> Trial {
    let mut plain = Trial::of(device, &Design::everywhere(kind, Norm::None));
    let [of_h, of_x] = ["h", "x"].map(|site| last_map(trial, site, which));
    plain.set("cell/w_h", scaled(trial.tensor("cell/w_h"), &of_h[0]));
    plain.set("cell/w_x", scaled(trial.tensor("cell/w_x"), &of_x[0]));
    let bias = trial.tensor("cell/bias").to_vec();
    let bias: Vec<f64> = (0..bias.len())
        .map(|f| bias[f] + of_h[1][f] + of_x[1][f])
        .collect();
    plain.set("cell/bias", device.tensor([bias.len()], &bias));
    for (name, state) in ["cell/h_0", "cell/c_0"].into_iter().zip(start) {
        plain.set(name, state.reshape([H]));
    }
    plain
}

fn check(device: &Device<f64>, kind: Kind, steps: usize, statistics: Statistics, which: &str) {
    let design = Design {
        // h and x
        sites: 0b11,
        gamma: 0.1,
        ..Design::everywhere(kind, Norm::Batch(PER_STEP, Padding::Mask))
    };
    let mut trial = Trial::of(device, &design);
    let x = random(device, [steps, 1, D], 2);
    let nothing = random(device, [T_MAX, 1, H], 3);
    let mode = Mode::Eval(statistics);
    let begun = trial.run(mode, &x.slice(0, 0..T_MAX), None, &nothing);
    let start: Vec<Tensor<f64>> = [Some(begun.h), begun.c]
        .into_iter()
        .flatten()
        .map(|states| states.row(T_MAX - 1))
        .collect();
    let [all, _] = trial.states(mode, &x, None);
    let mut plain = folded(&trial, device, kind, which, &start);
    let [rest, _] = plain.states(Mode::Train, &x.slice(0, T_MAX..steps), None);
    // States of this recurrence forget where they come from: rounding errors do not grow.
    assert_close("h", &all.slice(0, T_MAX..steps), &rest, 1e-12);
}

#[test]
fn the_last_statistics_serve_40_001_steps() {
    for device in devices() {
        for kind in [Kind::Rnn, Kind::Lstm] {
            check(&device, kind, LONG, Statistics::Running, "running");
            check(&device, kind, LONG, Statistics::Population, "population");
        }
    }
}
