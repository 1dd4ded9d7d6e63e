//! Normalized values have the moments that the formula promises.

use autodiff::{Device, Tape, Tensor, Var};
use bnlstm::cell::Site;
use bnlstm::normalization::VARIANTS;
use nn::context::{Context, Mode};
use nn::lengths::Lengths;
use nn::norm::{Memory, Step};
use proptest::prelude::*;

use crate::support::{D, Single, T_MAX, config, devices, features, random};

/// Of which values the moments are 0 and 1, with `γ = 1` and nothing left of `ε`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Over {
    /// The live rows of a step, for each feature.
    Step,
    /// The live rows of all steps, for each feature.
    Sequence,
    /// So many equal parts of an example's features, at each step.
    Parts(usize),
    /// The same, but for the mean: only the mean square is 1.
    Squares(usize),
    /// The features of an example over so many steps.
    Window(usize),
    /// The live rows of a step, once their moments have been taken in.
    StepBefore,
    /// The columns of the weight, whose norm is 1.
    Weight,
}

/// Added to a variance, this leaves it as it is.
const EPS: &str = "gamma=1,eps=1e-30";

/// What each normalization promises, with the options that it does with.
fn promises(name: &str) -> Vec<(String, Over)> {
    let with = |options: &str, over| (format!("{name}({EPS}{options})"), over);
    match name {
        // No moments: values pass unchanged, or are squashed one by one.
        "none" | "dyt" => vec![],
        "batch" => vec![
            with("", Over::Step),
            with(",stats=shared", Over::Step),
            with(",stats=sequence-wise", Over::Sequence),
        ],
        // r = 1 and d = 0 at the start.
        "batch-renorm" => vec![with("", Over::Step), with(",stats=shared", Over::Step)],
        "layer" => vec![with("", Over::Parts(1)), with(",groups=gate", Over::Parts(4))],
        "group" => vec![with("", Over::Parts(4)), with(",groups=2", Over::Parts(2))],
        "rms" => vec![with("", Over::Squares(1)), with(",groups=gate", Over::Squares(4))],
        "assorted-time" => vec![
            with(",window=1", Over::Parts(1)),
            with(",window=2", Over::Window(2)),
            with(",window=3", Over::Window(3)),
        ],
        "online" => vec![with(",forward=0", Over::StepBefore)],
        "weight" | "norm-propagation" => vec![(format!("{name}(gamma=1)"), Over::Weight)],
        "cosine" => vec![(name.to_owned(), Over::Weight)],
        name => panic!("which moments has what `{name}` normalizes? say it here"),
    }
}

/// How a sequence is given.
#[derive(Clone, Copy, Debug)]
enum Feed {
    Whole,
    Steps,
}

/// Normalizes `x [T, B, F]`.
fn normalized(single: &mut Single, x: &Tensor<f64>, lengths: Option<&Lengths<f64>>, feed: Feed) -> Vec<f64> {
    let tape = Tape::inference(x.device());
    let mut context = Context::new(&tape, &mut single.store, Mode::Train, &mut single.rng);
    let x = tape.constant(x.clone());
    if let Feed::Whole = feed {
        return single.norm.sequence(&mut context, x, 0, lengths).value().to_vec();
    }
    let mut memory = Memory::default();
    let steps = x.unbind().into_iter().enumerate();
    let steps = steps.map(|(t, x)| {
        let live = lengths.and_then(|lengths| lengths.live(t));
        match live.is_some_and(|live| live.count() == 0) {
            true => x,
            false => single.norm.step(
                &mut context,
                x,
                Step {
                    live,
                    ..Step::new(t, T_MAX)
                },
                &mut memory,
            ),
        }
    });
    Var::stack(&steps.collect::<Vec<_>>()).value().to_vec()
}

/// The elements of `[T, B, F]` that share their moments: those that are no padding.
fn together(over: Over, lengths: &[usize], features: usize) -> Vec<Vec<usize>> {
    let at = |t: usize, b: usize, f: usize| (t * lengths.len() + b) * features + f;
    let live = |t: usize| (0..lengths.len()).filter(move |&b| t < lengths[b]);
    let each_feature = |rows: Vec<(usize, usize)>| -> Vec<Vec<usize>> {
        let column = |f| rows.iter().map(|&(t, b)| at(t, b, f)).collect();
        (0..features).map(column).collect()
    };
    let rows = |t: usize| live(t).map(|b| (t, b)).collect::<Vec<_>>();
    match over {
        Over::Step | Over::StepBefore => {
            // A single row has no variance.
            let steps = (0..T_MAX).map(rows).filter(|rows| rows.len() > 1);
            steps.flat_map(each_feature).collect()
        }
        Over::Sequence => each_feature((0..T_MAX).flat_map(rows).collect()),
        Over::Parts(parts) | Over::Squares(parts) => {
            let width = features / parts;
            let of_row = |(t, b): (usize, usize)| {
                (0..parts).map(move |part| (part * width..(part + 1) * width).map(|f| at(t, b, f)).collect())
            };
            (0..T_MAX).flat_map(rows).flat_map(of_row).collect()
        }
        Over::Window(_) | Over::Weight => unreachable!("{over:?} has a test of its own"),
    }
}

#[track_caller]
fn assert_moments(what: &str, values: impl Iterator<Item = f64>, centred: bool) {
    let values: Vec<f64> = values.collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = values.iter().map(|x| x * x).sum::<f64>() / count;
    // Two numbers near 1 that differ by 1e-5 have a deviation that is known up to 1e-11 of it.
    let fits = (!centred || mean.abs() < 1e-10) && (square - 1.0).abs() < 1e-10;
    assert!(fits, "{what}: mean {mean}, mean square {square} of {values:?}");
}

fn check_values(device: &Device<f64>, text: &str, over: Over, lengths: &[usize], seed: u64) {
    for site in [Site::X, Site::C] {
        let by_gate = text.contains("groups=gate") && site == Site::C;
        if by_gate || (over == Over::Sequence && site == Site::C) {
            continue;
        }
        for feed in [Feed::Whole, Feed::Steps] {
            if over == Over::Sequence && matches!(feed, Feed::Steps) {
                continue;
            }
            let mut single = Single::new(device, text, site);
            let features = features(site);
            let x = random(device, [T_MAX, lengths.len(), features], seed);
            let given = Lengths::new(device, lengths, T_MAX);
            if over == Over::StepBefore {
                normalized(&mut single, &x, Some(&given), feed);
            }
            let y = normalized(&mut single, &x, Some(&given), feed);
            let all = together(over, lengths, features);
            assert!(!all.is_empty() || matches!(over, Over::Step | Over::StepBefore));
            for group in all {
                let what = format!("{text} at {site}, {feed:?}, {lengths:?}");
                let centred = !matches!(over, Over::Squares(_));
                assert_moments(&what, group.iter().map(|&i| y[i]), centred);
            }
        }
    }
}

/// The moments of a window belong to its steps in any order, but only its last step is normalized
/// with them: every step is the last once, and all that they become has mean 0 and variance 1.
fn check_window(device: &Device<f64>, text: &str, window: usize, seed: u64) {
    let (batch, features) = (2, features(Site::X));
    let x = random(device, [window, batch, features], seed);
    for feed in [Feed::Whole, Feed::Steps] {
        let mut of_rows = vec![Vec::new(); batch];
        for turn in 0..window {
            let mut turned = x.device().zeros(x.shape());
            for t in 0..window {
                turned.write(0, (t + turn) % window, &x.slice(0, t..t + 1));
            }
            let y = normalized(&mut Single::new(device, text, Site::X), &turned, None, feed);
            for (b, of_row) in of_rows.iter_mut().enumerate() {
                let start = ((window - 1) * batch + b) * features;
                of_row.extend_from_slice(&y[start..start + features]);
            }
        }
        for of_row in of_rows {
            assert_moments(&format!("{text}, {feed:?}"), of_row.into_iter(), true);
        }
    }
}

fn check_weight(device: &Device<f64>, text: &str, seed: u64) {
    for site in Site::PRODUCTS {
        let mut single = Single::new(device, text, site);
        let tape = Tape::inference(device);
        let mut context = Context::new(&tape, &mut single.store, Mode::Train, &mut single.rng);
        let w = tape.constant(random(device, [D, features(site)], seed));
        let w = single.norm.weight(&mut context, w);
        for square in w.square().sum_axis(0).value().to_vec() {
            // Few roundings of 1e-16.
            assert!((square - 1.0).abs() < 1e-14, "{text}: squared norm {square}");
        }
    }
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn what_is_normalized_has_the_moments_that_are_promised(
        lengths in prop::collection::vec(1..=T_MAX, 2..=5), seed in any::<u64>(),
    ) {
        for device in devices() {
            for variant in VARIANTS {
                for (text, over) in promises(variant.name) {
                    match over {
                        Over::Window(window) => check_window(&device, &text, window, seed),
                        Over::Weight => check_weight(&device, &text, seed),
                        _ => check_values(&device, &text, over, &lengths, seed),
                    }
                }
            }
        }
    }
}
