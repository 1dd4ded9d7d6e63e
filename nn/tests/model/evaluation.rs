//! What the modes change, and what they depend on.

use autodiff::{Device, Tape, Tensor};
use kernels::Real;
use nn::context::{Mode, Statistics};
use nn::optimizer::Optimizer;

use crate::moments::{EPSILON, Feed, Layer};
use crate::support::Norm::{self, Batch};
use crate::support::{
    CLASSES, Design, Model, RMSPROP, assert_close, devices, random, rows_of, snapshot, targets,
};

const STEPS: usize = 4;
const ALL: [Statistics; 3] = [Statistics::Batch, Statistics::Running, Statistics::Population];

fn logits<T: Real>(model: &mut Model<T>, mode: Mode, x: &Tensor<T>) -> Vec<T> {
    let tape = Tape::inference(x.device());
    model.logits(&tape, mode, x).value().to_vec()
}

/// A model after some training, with population estimates.
fn trained(device: &Device<f64>, design: &Design) -> Model<f64> {
    let mut model = Model::learned(device, design, 3);
    let mut optimizer = Optimizer::new(RMSPROP, &model.store);
    for seed in 0..5 {
        let x = random(device, [STEPS, 6, design.input_size], seed);
        model.train(&mut optimizer, &x, &targets(device, 6));
        let mode = Mode::Estimate {
            seen: 6 * seed as usize,
        };
        logits(&mut model, mode, &x);
    }
    model
}

/// Paths of the tensors that a pass changes.
fn changed(design: &Design, mode: Mode) -> Vec<String> {
    let device = Device::reference();
    let mut model = trained(&device, design);
    let before = snapshot(&model.store);
    logits(
        &mut model,
        mode,
        &random(&device, [STEPS, 7, design.input_size], 9),
    );
    let after = snapshot(&model.store);
    let pairs = before.into_iter().zip(after);
    pairs
        .filter(|(before, after)| before != after)
        .map(|(before, _)| before.0)
        .collect()
}

/// All statistics of one kind.
fn statistics(kind: &str, moments: &[&str]) -> Vec<String> {
    let sites = crate::support::SITES.iter();
    let paths = sites.flat_map(|site| moments.iter().map(move |m| format!("lstm/{site}/{kind}_{m}")));
    paths.collect()
}

fn sorted(mut paths: Vec<String>) -> Vec<String> {
    paths.sort();
    paths
}

fn designs() -> [Design; 2] {
    [STEPS, 1].map(|steps| Design {
        steps: rows_of(steps),
        // More than the widest vector has numbers in double precision, 8, and a rest.
        hidden_size: 9,
        ..Design::new([Batch; 3], 0.1)
    })
}

#[test]
fn evaluation_changes_nothing() {
    for design in designs() {
        for statistics in ALL {
            assert_eq!(changed(&design, Mode::Eval(statistics)), [""; 0]);
        }
    }
}

#[test]
fn training_changes_the_running_averages_only() {
    for design in designs() {
        assert_eq!(
            sorted(changed(&design, Mode::Train)),
            sorted(statistics("running", &["mean", "var", "count"]))
        );
    }
}

#[test]
fn estimation_changes_the_population_only() {
    let population = sorted(statistics("population", &["mean", "var", "count"]));
    for design in designs() {
        assert_eq!(sorted(changed(&design, Mode::Estimate { seen: 30 })), population);
    }
}

/// With fixed statistics an example's output does not depend on the others.
#[test]
fn examples_are_independent_with_fixed_statistics() {
    const BATCH: usize = 64;
    for device in devices() {
        for design in designs() {
            let mut model = trained(&device, &design);
            let x: Tensor<f64> = random(&device, [STEPS + 2, BATCH, design.input_size], 50);
            for statistics in [Statistics::Running, Statistics::Population] {
                let mode = Mode::Eval(statistics);
                let together = logits(&mut model, mode, &x);
                let order: Vec<usize> = (0..BATCH).map(|b| (b * 27 + 5) % BATCH).collect();
                let mixed = logits(&mut model, mode, &chosen(&x, &order));
                for (b, &other) in order.iter().enumerate() {
                    let of = |logits: &[f64], b: usize| logits[b * CLASSES..(b + 1) * CLASSES].to_vec();
                    // Only products of other sizes may be summed in another order.
                    let alone = logits(&mut model, mode, &chosen(&x, &[b]));
                    assert_close(&alone, &of(&together, b), 1e-12);
                    assert_close(&of(&mixed, b), &of(&together, other), 1e-12);
                }
            }
            // The batch's own statistics make a difference, so the above says something.
            let together = logits(&mut model, Mode::Eval(Statistics::Batch), &x);
            let some = logits(&mut model, Mode::Eval(Statistics::Batch), &chosen(&x, &[0, 1, 2]));
            assert!((some[0] - together[0]).abs() > 1e-4);
        }
    }
}

/// The examples with these numbers, of `x [T, B, D]`.
fn chosen(x: &Tensor<f64>, examples: &[usize]) -> Tensor<f64> {
    let [steps, batch, size] = *x.shape().dims() else {
        panic!("a sequence")
    };
    let values = x.to_vec();
    let rows = (0..steps).flat_map(|t| examples.iter().map(move |b| (t * batch + b) * size));
    let part: Vec<f64> = rows
        .flat_map(|start| values[start..start + size].to_vec())
        .collect();
    x.device().tensor([steps, examples.len(), size], &part)
}

/// The running averages follow the moments, and they are not the population's.
#[test]
fn the_kinds_of_statistics_differ() {
    let device = Device::reference();
    let mut model = trained(&device, &Design::new([Batch; 3], 0.5));
    let x = random(&device, [STEPS, 6, 2], 50);
    let [batch, running, population] =
        ALL.map(|statistics| logits(&mut model, Mode::Eval(statistics), &x)[0]);
    assert!((batch - running).abs() > 1e-4);
    assert!((batch - population).abs() > 1e-4);
    assert!((running - population).abs() > 1e-4);
}

#[test]
fn the_last_statistics_serve_all_later_steps() {
    const LENGTH: usize = 5;
    for device in devices() {
        for rows in [3, 1] {
            let mut layer = Layer::new(&device, rows_of(rows), 0.9);
            let features = layer.features;
            let gamma = [0.5, 1.0, 2.0];
            layer.set("gamma", &gamma);
            layer.set("beta", &[0.1, -0.2, 0.3]);
            for (seed, kind) in [(1, "running"), (2, "population")] {
                let numbers = autodiff::values(seed, rows * features);
                layer.set(&format!("{kind}_mean"), &numbers);
                let positive: Vec<f64> = numbers.iter().map(|x| 1.5 + x).collect();
                layer.set(&format!("{kind}_var"), &positive);
            }
            let x: Tensor<f64> = random(&device, [LENGTH, 2, features], 3);
            for (kind, statistics) in [
                ("running", Statistics::Running),
                ("population", Statistics::Population),
            ] {
                let (mean, var) = (
                    layer.statistic(&format!("{kind}_mean")),
                    layer.statistic(&format!("{kind}_var")),
                );
                let beta = layer.statistic("beta");
                let want = x.to_vec().into_iter().enumerate().map(|(i, x)| {
                    let (t, f) = (i / (2 * features), i % features);
                    let at = t.min(rows - 1) * features + f;
                    beta[f] + gamma[f] * (x - mean[at]) / (var[at] + EPSILON).sqrt()
                });
                let want: Vec<f64> = want.collect();
                for feed in [Feed::Sequence, Feed::Steps] {
                    let y = layer.pass(Mode::Eval(statistics), feed, &x);
                    // Values up to 5, with a rounding or two.
                    assert_close(&y.to_vec(), &want, 4e-15);
                }
            }
        }
    }
}

/// Without normalization over the batch there is nothing to estimate, and no mode makes a
/// difference.
#[test]
fn modes_do_not_matter_without_statistics() {
    let device = Device::<f64>::reference();
    let x = random(&device, [STEPS, 6, 2], 50);
    for norm in [Norm::None, Norm::Layer] {
        let mut model = Model::learned(&device, &Design::new([norm; 3], 0.5), 3);
        let before = snapshot(&model.store);
        let train = logits(&mut model, Mode::Train, &x);
        assert_eq!(logits(&mut model, Mode::Estimate { seen: 0 }, &x), train);
        for statistics in ALL {
            assert_eq!(logits(&mut model, Mode::Eval(statistics), &x), train);
        }
        assert_eq!(snapshot(&model.store), before);
    }
}
