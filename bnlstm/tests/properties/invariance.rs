//! What the length of the weights does to a normalized product.

use autodiff::{Device, Tape, Tensor};
use bnlstm::cell::Site;
use bnlstm::normalization::VARIANTS;
use nn::context::{Context, Mode};
use nn::lengths::Lengths;
use proptest::prelude::*;

use crate::support::{Single, T_MAX, config, devices, features, random};

/// Elements of a vector that is multiplied.
const SIZE: usize = 3;

/// How many equal parts of a weight's columns may be multiplied by a positive number each without a
/// change of `N(v W)`, if `ε` is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Invariant {
    Parts(usize),
    Columns,
    /// It changes, but by numbers that are constants in the gradient, which is as if it did not.
    Gradient,
    /// It does change: there is nothing that knows of the scale of this batch.
    Not,
}

/// Each normalization, with options.
fn behaviour(name: &str) -> Vec<(String, Invariant)> {
    use Invariant::{Columns, Gradient, Not, Parts};
    // Added to a variance, this ε leaves it as it is.
    let with = |options: &str, invariant| (format!("{name}(gamma=1,eps=1e-30{options})"), invariant);
    match name {
        "batch" => vec![
            with("", Columns),
            with(",stats=shared", Columns),
            with(",stats=sequence-wise", Columns),
        ],
        // Beyond the start r and d tell of earlier weights.
        "batch-renorm" => vec![
            with("", Columns),
            with(",stats=shared", Columns),
            with(",start=0,ramp=0", Gradient),
        ],
        "layer" | "rms" => vec![with("", Parts(1)), with(",groups=gate", Parts(4))],
        "group" => vec![with(",groups=4", Parts(4)), with(",groups=8", Parts(8))],
        "assorted-time" => vec![with(",window=2", Parts(1)), with(",groups=gate", Parts(4))],
        "weight" | "norm-propagation" | "cosine" => vec![(name.to_owned(), Columns)],
        "none" => vec![],
        // Averages of the past, or nothing at all.
        "online" | "dyt" => vec![(name.to_owned(), Not)],
        name => panic!("does the scale of the weights matter to `{name}`? say it here"),
    }
}

/// The product, `dW` for a random `dy`, and the weight.
struct Product {
    y: Tensor<f64>,
    dw: Vec<f64>,
    w: Vec<f64>,
}

/// `N(v (W ⊙ k))`, with a factor `k` for each column.
fn product(device: &Device<f64>, text: &str, k: &[f64], lengths: &[usize], seed: u64) -> Product {
    let mut single = Single::new(device, text, Site::X);
    let batch = lengths.len();
    let tape = Tape::new(device);
    let mut context = Context::new(&tape, &mut single.store, Mode::Train, &mut single.rng);
    let v = tape.constant(random(device, [T_MAX, batch, SIZE], seed));
    let given = Lengths::new(device, lengths, T_MAX);
    let v = given.without_padding(v);
    let w = random(device, [SIZE, k.len()], seed ^ 1).to_vec();
    let w: Vec<f64> = w.iter().zip(k.iter().cycle()).map(|(w, k)| w * k).collect();
    let leaf = tape.leaf(device.tensor([SIZE, k.len()], &w));
    let weight = single.norm.weight(&mut context, leaf);
    let x = single.norm.operand(&mut context, v).matmul(weight);
    let y = single.norm.sequence(&mut context, x, 0, Some(&given));
    let y = given.without_padding(y);
    let dy = random(device, y.shape(), seed ^ 2);
    let dw = tape.backward_from(&[(y, dy)]).take(leaf).expect("a gradient");
    Product {
        y: y.value(),
        dw: dw.to_vec(),
        w,
    }
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Largest cosine of the angle between `dW` and `W`, part by part of the columns.
fn cosine(product: &Product, parts: usize) -> f64 {
    let columns = product.w.len() / SIZE;
    let part = |x: &[f64], p: usize| -> Vec<f64> {
        let inside = |i: &usize| i % columns / (columns / parts) == p;
        (0..x.len()).filter(inside).map(|i| x[i]).collect()
    };
    let whole = norm(&product.dw);
    let of_part = |p| {
        let (dw, w) = (part(&product.dw, p), part(&product.w, p));
        let along: f64 = dw.iter().zip(&w).map(|(dw, w)| dw * w).sum();
        along.abs() / (norm(&w) * whole)
    };
    (0..parts).map(of_part).fold(0.0, f64::max)
}

fn check(device: &Device<f64>, text: &str, invariant: Invariant, factors: &[f64], given: (&[usize], u64)) {
    let columns = features(Site::X);
    let parts = match invariant {
        Invariant::Parts(parts) => parts,
        Invariant::Columns | Invariant::Gradient => columns,
        Invariant::Not => 1,
    };
    let scaled: Vec<f64> = (0..columns).map(|f| factors[f / (columns / parts)]).collect();
    let (lengths, seed) = given;
    let one = product(device, text, &vec![1.0; columns], lengths, seed);
    let other = product(device, text, &scaled, lengths, seed);
    let pairs = one.y.to_vec().into_iter().zip(other.y.to_vec());
    let change = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let along = cosine(&one, parts);
    let what = format!("{text}, {factors:?}, {given:?}: changes by {change}, cosine {along}");
    assert!(norm(&one.dw) > 1e-3, "{what}");
    match invariant {
        // Not exactly: relative roundings of 1e-16 in values that nearly agree.
        Invariant::Parts(_) | Invariant::Columns => assert!(change < 1e-9 && along < 1e-9, "{what}"),
        Invariant::Gradient => assert!(change > 1e-3 && along < 1e-9, "{what}"),
        Invariant::Not => assert!(change > 1e-3 && along > 1e-4, "{what}"),
    }
}

/// A factor between 1e-3 and 1e3, away from 1.
fn factor() -> impl Strategy<Value = f64> {
    let exponent = prop_oneof![-3.0..-0.3, 0.3..3.0];
    exponent.prop_map(|exponent: f64| 10_f64.powf(exponent))
}

proptest! {
    #![proptest_config(config(12))]

    /// And a gradient is orthogonal to the weights whose length does not matter.
    #[test]
    fn the_length_of_weights_matters_where_nothing_measures_it(
        factors in prop::collection::vec(factor(), features(Site::X)),
        mut lengths in prop::collection::vec(1..=T_MAX, 1..=3),
        seed in any::<u64>(),
    ) {
        // A row alone has no variance, and with this ε rounding errors would be all of its gradient.
        lengths.extend([T_MAX; 2]);
        for device in devices() {
            for variant in VARIANTS {
                for (text, invariant) in behaviour(variant.name) {
                    check(&device, &text, invariant, &factors, (&lengths, seed));
                }
            }
        }
    }
}
