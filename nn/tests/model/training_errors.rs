//! Sequences and batches that cannot be trained on.

use autodiff::Device;
use nn::cell::Cell;
use nn::context::Mode;
use nn::norm::StepRows;

use crate::moments::{Feed, Layer};
use crate::support::Norm::{Batch, None};
use crate::support::{Design, Model, random};

/// A pass over `[steps, batch, F]` of a layer with statistics for 3 steps.
#[track_caller]
fn pass(mode: Mode, feed: Feed, steps: usize, batch: usize) {
    let device = Device::reference();
    let mut layer = Layer::new(&device, StepRows::PerStep(3), 0.9);
    let x = random(&device, [steps, batch, layer.features], 1);
    layer.pass(mode, feed, &x);
}

#[test]
#[should_panic(
    expected = "statistics `site`: step 3 of a training sequence, but there are statistics for 3 steps; \
                make the layer with as many steps as the longest training sequence has"
)]
fn training_beyond_the_statistics() {
    pass(Mode::Train, Feed::Steps, 4, 2);
}

#[test]
#[should_panic(expected = "statistics `site`: step 4 of a training sequence, but there are statistics for 3")]
fn training_beyond_the_statistics_at_once() {
    pass(Mode::Train, Feed::Sequence, 5, 2);
}

#[test]
#[should_panic(expected = "statistics `site`: step 3 of a training sequence, but there are statistics for 3")]
fn estimating_beyond_the_statistics() {
    pass(Mode::Estimate { seen: 0 }, Feed::Steps, 4, 2);
}

#[test]
#[should_panic(
    expected = "batch normalization `site`, step 0: a training batch of one example has no variance; \
                use larger batches, or drop the last one"
)]
fn training_with_one_example() {
    pass(Mode::Train, Feed::Sequence, 2, 1);
}

#[test]
#[should_panic(
    expected = "batch normalization `site`, step 0: a training batch of no example has no variance"
)]
fn training_with_no_example() {
    pass(Mode::Train, Feed::Steps, 2, 0);
}

/// The message names the site of a model.
#[test]
#[should_panic(expected = "batch normalization `lstm/c`, step 0: a training batch of one example")]
fn the_site_is_named() {
    let device = Device::<f64>::reference();
    let mut model = Model::new(&device, &Design::new([None, None, Batch], 0.1), 1);
    let tape = autodiff::Tape::inference(&device);
    model.logits(&tape, Mode::Train, &random(&device, [2, 1, 2], 1));
}

/// Statistics for a single step are not those that all steps share.
#[test]
#[should_panic(expected = "statistics `site`: step 1 of a training sequence, but there are statistics for 1")]
fn training_beyond_a_single_step() {
    let device = Device::reference();
    let mut layer = Layer::new(&device, StepRows::PerStep(1), 0.9);
    let x = random(&device, [2, 4, layer.features], 1);
    layer.pass(Mode::Train, Feed::Sequence, &x);
}

#[test]
#[should_panic(expected = "sequence: x [4, 2] has 2 axes; [T, B, D] would fit")]
fn a_matrix_is_no_sequence() {
    let device = Device::<f64>::reference();
    let mut model = Model::new(&device, &Design::new([None; 3], 1.0), 1);
    let tape = autodiff::Tape::inference(&device);
    let mut context = nn::context::Context::new(&tape, &mut model.store, Mode::Train, &mut model.rng);
    model
        .lstm
        .forward(&mut context, &tape.constant(device.zeros([4, 2])).into());
}
