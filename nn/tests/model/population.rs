//! Population estimates: averages of the moments of batches, weighted by their sizes.

use autodiff::{Device, Tensor};
use nn::context::Mode;

use crate::moments::{BATCH_SIZES, Feed, Layer, moments};
use crate::support::{assert_close, devices, random, rows_of, snapshot};

/// Statistics for more steps than any sequence has.
const ROWS: usize = 5;

/// A pass over batches of sequences with these lengths.
fn batches(device: &Device<f64>, lengths: [usize; 3], features: usize) -> Vec<Tensor<f64>> {
    let sizes = lengths.into_iter().zip(BATCH_SIZES).zip(40..);
    sizes
        .map(|((steps, batch), seed)| random(device, [steps, batch, features], seed))
        .collect()
}

fn estimate(layer: &mut Layer, feed: Feed, batches: &[Tensor<f64>]) {
    let mut seen = 0;
    for x in batches {
        layer.pass(Mode::Estimate { seen }, feed, x);
        seen += x.shape().extent(1);
    }
}

/// `Σ size · moment / Σ size` over all (batch, step) whose row is `row`; mean, variance, `Σ size`.
fn average(batches: &[Tensor<f64>], rows: usize, row: usize) -> (Vec<f64>, Vec<f64>, f64) {
    let features = batches[0].shape().last();
    let (mut mean, mut var, mut weight) = (vec![0.0; features], vec![0.0; features], 0.0);
    for x in batches {
        let size = x.shape().extent(1) as f64;
        for t in (0..x.shape().extent(0)).filter(|t| *t.min(&(rows - 1)) == row) {
            let (batch_mean, batch_var) = moments(x, t);
            weight += size;
            for f in 0..features {
                mean[f] += size * batch_mean[f];
                var[f] += size * batch_var[f];
            }
        }
    }
    if weight == 0.0 {
        return (mean, vec![1.0; features], weight);
    }
    let divide = |sum: Vec<f64>| sum.into_iter().map(|sum| sum / weight).collect();
    (divide(mean), divide(var), weight)
}

fn compare(layer: &Layer, rows: usize, batches: &[Tensor<f64>]) {
    let (mut mean, mut var, mut count) = (vec![], vec![], vec![]);
    for row in 0..rows {
        let (row_mean, row_var, row_count) = average(batches, rows, row);
        mean.extend(row_mean);
        var.extend(row_var);
        count.push(row_count);
    }
    // Averages of numbers below 1, in another order.
    assert_close(&layer.statistic("population_mean"), &mean, 1e-15);
    assert_close(&layer.statistic("population_var"), &var, 1e-15);
    assert_eq!(layer.statistic("population_count"), count);
}

fn check(rows: usize, lengths: [usize; 3]) {
    for device in devices() {
        for feed in [Feed::Sequence, Feed::Steps] {
            let mut layer = Layer::new(&device, rows_of(rows), 0.9);
            let batches = batches(&device, lengths, layer.features);
            estimate(&mut layer, feed, &batches);
            compare(&layer, rows, &batches);
        }
    }
}

#[test]
fn every_step_has_its_population() {
    check(ROWS, [4; 3]);
}

#[test]
fn all_steps_share_a_population() {
    check(1, [4; 3]);
}

/// A batch counts only for the steps that it has.
#[test]
fn sequences_may_differ_in_length() {
    check(ROWS, [2, 4, 3]);
    check(1, [2, 4, 3]);
}

/// Nothing of an earlier pass is left, whatever it was and however far it reached.
#[test]
fn a_pass_begins_anew() {
    let device = Device::reference();
    for rows in [ROWS, 1] {
        let mut layer = Layer::new(&device, rows_of(rows), 0.9);
        let earlier = batches(&device, [5, 5, 5], layer.features);
        estimate(&mut layer, Feed::Steps, &earlier);
        layer.set("population_mean", &vec![f64::NAN; rows * layer.features]);
        layer.set("population_var", &vec![f64::INFINITY; rows * layer.features]);
        let later = batches(&device, [3, 2, 3], layer.features);
        estimate(&mut layer, Feed::Sequence, &later);
        compare(&layer, rows, &later);
    }
}

/// A first batch that leaves no estimate makes the pass begin anew all the same.
#[test]
fn a_pass_begins_anew_whatever_its_first_batch_is() {
    let device = Device::reference();
    for (rows, first) in [(ROWS, 0), (ROWS, 1), (1, 0), (1, 1)] {
        let mut layer = Layer::new(&device, rows_of(rows), 0.9);
        let earlier = batches(&device, [5, 5, 5], layer.features);
        estimate(&mut layer, Feed::Steps, &earlier);
        let mut later = batches(&device, [3, 2, 3], layer.features);
        later.insert(0, random(&device, [4, first, layer.features], 7));
        estimate(&mut layer, Feed::Sequence, &later);
        compare(&layer, rows, &later[1..]);
    }
}

/// A single row has no variance: a batch of one is in no estimate.
#[test]
fn a_batch_of_one_is_in_no_estimate() {
    for device in devices() {
        for feed in [Feed::Sequence, Feed::Steps] {
            for rows in [ROWS, 1] {
                let mut layer = Layer::new(&device, rows_of(rows), 0.9);
                let mut all = batches(&device, [4; 3], layer.features);
                all.push(random(&device, [4, 1, layer.features], 8));
                estimate(&mut layer, feed, &all);
                compare(&layer, rows, &all[..3]);
            }
        }
    }
}

/// The order of the batches is a matter of rounding only, and a pass can be repeated bit by bit.
#[test]
fn the_order_of_the_batches_does_not_matter() {
    let device = Device::reference();
    let mut layer = Layer::new(&device, rows_of(ROWS), 0.9);
    let mut batches = batches(&device, [4; 3], layer.features);
    estimate(&mut layer, Feed::Sequence, &batches);
    let first = snapshot(&layer.store);
    estimate(&mut layer, Feed::Sequence, &batches);
    assert_eq!(snapshot(&layer.store), first);
    batches.reverse();
    estimate(&mut layer, Feed::Sequence, &batches);
    compare(&layer, ROWS, &batches);
}

#[test]
fn an_empty_batch_is_nothing() {
    for device in devices() {
        let mut layer = Layer::new(&device, rows_of(ROWS), 0.9);
        let before = snapshot(&layer.store);
        let y = layer.pass(
            Mode::Estimate { seen: 0 },
            Feed::Sequence,
            &device.zeros([4, 0, layer.features]),
        );
        assert!(y.is_empty());
        assert_eq!(snapshot(&layer.store), before);
    }
}
