//! Evaluation depends on nothing but the example, and changes nothing.

use autodiff::{Device, Tensor};
use bnlstm::config::ModelConfig;
use nn::context::{Mode, Statistics};
use proptest::prelude::*;

use crate::support::{
    D, H, How, Named, T_MAX, Trial, assert_close, bits, config, designs, devices, largest, model, random,
};

/// Two steps more than there are statistics for.
const STEPS: usize = T_MAX + 2;
const BATCH: usize = 4;

/// The rows with these numbers, of `x [T, B, F]`.
fn chosen(x: &Tensor<f64>, rows: &[usize]) -> Tensor<f64> {
    let out = x.device().zeros(x.shape().with(1, rows.len()));
    rows.iter().enumerate().fold(out, |mut out, (to, &from)| {
        out.write(1, to, &x.slice(1, from..from + 1));
        out
    })
}

fn of_rows(states: &[Tensor<f64>], rows: &[usize]) -> Named<f64> {
    let as_sequence = |x: &Tensor<f64>| match x.shape().rank() {
        2 => x.reshape(x.shape().with_leading(1)),
        _ => x.clone(),
    };
    let states = states.iter().enumerate();
    states
        .map(|(i, x)| (format!("states {i}"), chosen(&as_sequence(x), rows)))
        .collect()
}

/// Any choice of rows, in any order and with repetitions, gives each row what it has among all.
fn check_rows(
    device: &Device<f64>,
    what: &str,
    model: &ModelConfig,
    mode: Mode,
    (lengths, rows): (&[usize], &[usize]),
) {
    let mut trial = Trial::of(device, model);
    let x = random(device, [STEPS, BATCH, D], 1);
    let all = trial.states(mode, &x, Some(lengths));
    let their_lengths: Vec<usize> = rows.iter().map(|&row| lengths[row]).collect();
    let some = trial.states(mode, &chosen(&x, rows), Some(&their_lengths));
    let in_order: Vec<usize> = (0..rows.len()).collect();
    // Products of other sizes may be summed in another order; moments of groups of two units enlarge
    // that.
    assert_close(what, &of_rows(&some, &in_order), &of_rows(&all, rows), 1e-11);
}

proptest! {
    #![proptest_config(config(3))]

    #[test]
    fn an_example_does_not_know_of_the_others(
        lengths in prop::collection::vec(1..=STEPS, BATCH), rows in prop::collection::vec(0..BATCH, 1..=6),
    ) {
        for device in devices() {
            for (cell, text) in designs() {
                for statistics in [Statistics::Running, Statistics::Population] {
                    let what = format!("{cell} {text}, {statistics:?}, {lengths:?}, rows {rows:?}");
                    let given = (&lengths[..], &rows[..]);
                    check_rows(&device, &what, &model(cell, &text, H), Mode::Eval(statistics), given);
                }
            }
        }
    }
}

/// A pass can be computed again, with its gradients, and finds every bit as it was.
#[test]
fn evaluation_leaves_every_bit_as_it_was() {
    for device in devices() {
        let x = random(&device, [STEPS, BATCH, D], 1);
        let r = random(&device, [STEPS, BATCH, H], 2);
        for (cell, text) in designs() {
            let mut trial = Trial::of(&device, &model(cell, &text, H));
            let before = trial.snapshot();
            for statistics in [Statistics::Batch, Statistics::Running, Statistics::Population] {
                let mode = Mode::Eval(statistics);
                for lengths in [None, Some(&[5, 1, 3, 5][..])] {
                    let first = trial.run(mode, How::Fast, &x, lengths, &r);
                    assert_eq!(trial.snapshot(), before, "{cell} {text} {mode:?}");
                    let again = trial.run(mode, How::Fast, &x, lengths, &r);
                    assert_eq!(bits(&again.h), bits(&first.h), "{cell} {text} {mode:?}");
                    assert_eq!(bits(&again.of_x), bits(&first.of_x), "{cell} {text} {mode:?}");
                }
            }
            assert_eq!(trial.snapshot(), before, "{cell} {text}");
        }
    }
}

/// The running averages, means and variances in one, without the counts of their updates.
fn running(trial: &Trial<f64>) -> Vec<f64> {
    let all = trial.statistics().into_iter();
    let running = all.filter(|(path, _)| path.contains("/running_") && !path.ends_with("_count"));
    running.flat_map(|(_, tensor)| tensor.to_vec()).collect()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

fn size(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// A training pass that is computed twice moves the averages twice: towards the same moments, where
/// those are the batch's, and with one row for each step by 0.99 of what they moved at first. What
/// only has to be computed again can be so in `Mode::Eval(Statistics::Batch)`.
#[test]
fn each_training_pass_moves_the_averages() {
    for device in devices() {
        let x = random(&device, [T_MAX, BATCH, D], 1);
        for (cell, text) in designs() {
            let what = format!("{cell} {text}");
            let model = model(cell, &text, H);
            let mut trial = Trial::of(&device, &model);
            let mut found = vec![running(&trial)];
            for _ in 0..2 {
                trial.states(Mode::Train, &x, None);
                found.push(running(&trial));
                trial.states(Mode::Eval(Statistics::Batch), &x, None);
                assert_eq!(Some(&running(&trial)), found.last(), "{what}");
            }
            let [first, second] = [0, 1].map(|i| difference(&found[i + 1], &found[i]));
            let over_batch = model.normalization.has_statistics();
            if found[0].is_empty() {
                assert!(!over_batch, "{what}");
                continue;
            }
            assert!(size(&first) > 1e-3 && size(&second) > 1e-3, "{what}");
            // One row that several steps move does so by other powers; values that are moved towards the
            // averages themselves change with them.
            if over_batch && !text.contains("shared") && !text.contains("start=0") {
                for (first, second) in first.iter().zip(&second) {
                    // Averages below 1 are known up to 1e-16.
                    assert!(
                        (second - 0.99 * first).abs() < 1e-14,
                        "{what}: {first}, then {second}"
                    );
                }
            }
        }
    }
}

/// The states of a batch by its own moments differ from those by averages, so the above says something.
#[test]
fn moments_of_the_batch_matter() {
    let device = Device::reference();
    let x = random(&device, [T_MAX, BATCH, D], 1);
    for (cell, text) in designs() {
        let model = model(cell, &text, H);
        let mut trial = Trial::of(&device, &model);
        let [batch, running] = [Statistics::Batch, Statistics::Running]
            .map(|statistics| trial.states(Mode::Eval(statistics), &x, None)[0].clone());
        let change = largest(&device.tensor(batch.shape(), &difference(&batch.to_vec(), &running.to_vec())));
        assert_eq!(
            change > 1e-4,
            model.normalization.has_statistics(),
            "{cell} {text}: {change}"
        );
    }
}
