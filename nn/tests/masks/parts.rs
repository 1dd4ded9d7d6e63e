//! Sequences that are read in parts: stacks, different lengths, training, gradients.

use autodiff::{Device, Tape, Tensor, Var};
use nn::cell::{Layer, Sequence, State, StateValues};
use nn::context::{Context, Mode, Statistics};
use nn::norm::{Padding, StepRows};
use nn::params::{Role, Scope};
use proptest::prelude::*;

use crate::support::{
    D, Design, H, Kind, Norm, PER_STEP, T_MAX, Trial, assert_close, assert_same_bits, config, designs,
    devices, random,
};

const BATCH: usize = 4;
/// Two steps more than there are statistics for.
const STEPS: usize = T_MAX + 2;

/// Whatever a step is normalized with, it is the same in a part as in the whole.
const NORMS: [Norm; 5] = [
    Norm::None,
    Norm::Layer,
    Norm::Batch(PER_STEP, Padding::Mask),
    Norm::Batch(PER_STEP, Padding::Include),
    Norm::Batch(StepRows::Shared, Padding::Mask),
];

const MODES: [Mode; 3] = [
    Mode::Eval(Statistics::Running),
    Mode::Eval(Statistics::Population),
    Mode::Eval(Statistics::Batch),
];

/// One layer upon another.
fn stack(scope: &mut Scope<'_, f64>, [below, above]: [&Design; 2]) -> Layer<f64> {
    let below = below.layer(&mut scope.within("0"), D);
    Layer::stack(vec![below, above.layer(&mut scope.within("1"), H)])
}

/// What is left of sequences of so many steps from step `from` on, in a part of `steps` steps.
fn lengths_of_part(lengths: &[usize], from: usize, steps: usize) -> Vec<usize> {
    let left = lengths
        .iter()
        .map(|length| length.saturating_sub(from).min(steps));
    left.collect()
}

/// What is read: `x [T, B, D]`, in parts of so many steps.
struct Reading<'a> {
    x: &'a Tensor<f64>,
    lengths: &'a [usize],
    parts: &'a [usize],
}

/// All hidden states of the topmost layer, and where every cell ends; each part on a tape of its own.
fn read(trial: &mut Trial, mode: Mode, reading: &Reading<'_>) -> (Tensor<f64>, Vec<StateValues<f64>>) {
    let device = trial.store.device().clone();
    let mut carried: Option<Vec<StateValues<f64>>> = None;
    let (mut h, mut from) = (Vec::new(), 0);
    for &steps in reading.parts {
        let tape = Tape::inference(&device);
        let mut context = Context::new(&tape, &mut trial.store, mode, &mut trial.rng);
        let x = tape.constant(reading.x.slice(0, from..from + steps));
        let lengths = lengths_of_part(reading.lengths, from, steps);
        let mut part = Sequence::from(x).with_lengths(&lengths).from_step(from);
        if let Some(carried) = &carried {
            part = part.starting_at(&carried.iter().map(|state| state.on(&tape)).collect::<Vec<_>>());
        }
        let states = trial.layers[0].forward(&mut context, &part);
        h.extend(states.h.value().to_vec());
        carried = Some(states.end_values());
        from += steps;
    }
    let shape = [from, reading.lengths.len(), H];
    (device.tensor(shape, &h), carried.expect("a part"))
}

fn check_ends(got: &[StateValues<f64>], want: &[StateValues<f64>]) {
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert_same_bits("h at the end", &got.h, &want.h);
        assert_eq!(got.c.is_some(), want.c.is_some());
        if let (Some(got), Some(want)) = (&got.c, &want.c) {
            assert_same_bits("c at the end", got, want);
        }
    }
}

/// Cuts of [`STEPS`] into parts, by where a part begins.
fn cut(begins: u8) -> Vec<usize> {
    let mut parts = vec![1];
    for t in 1..STEPS {
        match begins >> t & 1 {
            1 => parts.push(1),
            _ => *parts.last_mut().expect("a part") += 1,
        }
    }
    parts
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn parts_of_sequences_have_the_states_of_the_whole(
        below in designs(&NORMS), above in designs(&NORMS), begins in any::<u8>(),
        lengths in prop::collection::vec(0..=STEPS, BATCH),
    ) {
        for device in devices() {
            let mut trial = Trial::new(&device, |scope| vec![stack(scope, [&below, &above])]);
            let x = &random(&device, [STEPS, BATCH, D], 3);
            for mode in MODES {
                let [at_once, in_parts] = [vec![STEPS], cut(begins)].map(|parts| {
                    read(&mut trial, mode, &Reading { x, lengths: &lengths, parts: &parts })
                });
                assert_same_bits("h", &in_parts.0, &at_once.0);
                check_ends(&in_parts.1, &at_once.1);
            }
        }
    }

    #[test]
    fn a_row_ends_after_its_own_last_step(
        design in designs(&NORMS), lengths in prop::collection::vec(1..=STEPS, BATCH),
    ) {
        let [device, _] = devices();
        let mut trial = Trial::of(&device, &design);
        let tape = Tape::inference(&device);
        let mode = Mode::Eval(Statistics::Running);
        let mut context = Context::new(&tape, &mut trial.store, mode, &mut trial.rng);
        let x = tape.constant(random(&device, [STEPS, BATCH, D], 3));
        let states = trial.layers[0].forward(&mut context, &Sequence::from(x).with_lengths(&lengths));
        let [end] = states.ends[..] else { panic!("{} ends", states.ends.len()) };
        for (all, end) in [(Some(states.h), Some(end.h)), (states.c, end.c)] {
            let (Some(all), Some(end)) = (all, end) else { continue };
            for (b, &length) in lengths.iter().enumerate() {
                let want = all.slice(0, length - 1..length).slice(1, b..b + 1).reshape([1, H]);
                assert_same_bits("end", &end.slice(0, b..b + 1).value(), &want.value());
            }
        }
    }
}

/// Training in parts normalizes and moves the rows of the whole, on the same tape with its gradients.
#[test]
fn training_in_parts_is_training_at_once() {
    for (kind, norm) in Kind::ALL
        .into_iter()
        .flat_map(|kind| NORMS.map(|norm| (kind, norm)))
    {
        // A row that all steps share has moved when the second part begins.
        if norm == Norm::Batch(StepRows::Shared, Padding::Mask) {
            continue;
        }
        for device in devices() {
            let design = Design::everywhere(kind, norm);
            let [at_once, in_parts] =
                [&[T_MAX][..], &[1, T_MAX - 1]].map(|parts| trained(&device, &design, parts));
            for ((name, got), (_, want)) in in_parts.iter().zip(&at_once) {
                // Gradients below 10, that of a weight a sum over the steps of each part first. Rows of the
                // same first state have no variance: there each layer divides the gradient, and its
                // rounding of 1e-16, by √ε = 3e-3.
                assert_close(&format!("{kind:?} {norm:?}: {name}"), got, want, 1e-11);
            }
            assert_eq!(in_parts.len(), at_once.len());
        }
    }
}

/// The gradients of `Σ r h` of a stack, and its statistics, by path.
fn trained(device: &Device<f64>, design: &Design, parts: &[usize]) -> Vec<(String, Tensor<f64>)> {
    let mut trial = Trial::new(device, |scope| vec![stack(scope, [design; 2])]);
    let tape = Tape::new(device);
    let mut context = Context::new(&tape, &mut trial.store, Mode::Train, &mut trial.rng);
    let x = tape.leaf(random(device, [T_MAX, BATCH, D], 3));
    let mut ends: Option<Vec<State<'_, f64>>> = None;
    let (mut h, mut from): (Vec<Var<'_, f64>>, usize) = (Vec::new(), 0);
    for &steps in parts {
        let mut part = Sequence::from(x.slice(0, from..from + steps)).from_step(from);
        if let Some(ends) = &ends {
            part = part.starting_at(ends);
        }
        let states = trial.layers[0].forward(&mut context, &part);
        h.push(states.h);
        ends = Some(states.ends);
        from += steps;
    }
    let r = random(device, [T_MAX, BATCH, H], 4);
    let mut gradients = tape.backward_from(&[(Var::concat(&h, 0), r)]);
    let mut found = vec![("x".to_owned(), gradients.take(x).expect("a gradient of x"))];
    let gradients = context.param_gradients(gradients);
    for (id, param) in trial.store.iter() {
        let tensor = match param.role {
            Role::Trainable => gradients.get(id).expect("a gradient"),
            Role::Statistic => &param.tensor,
        };
        found.push((param.path.clone(), tensor.clone()));
    }
    found
}

/// Where a pass ends, and whether its loss has a gradient by the learned state.
fn pass(trial: &mut Trial, carried: Option<&[StateValues<f64>]>) -> (Vec<StateValues<f64>>, bool) {
    let device = trial.store.device().clone();
    let tape = Tape::new(&device);
    let mut context = Context::new(&tape, &mut trial.store, Mode::Train, &mut trial.rng);
    let mut part = Sequence::from(tape.constant(random(&device, [2, BATCH, D], 3)));
    if let Some(carried) = carried {
        part = part.starting_at(&carried.iter().map(|state| state.on(&tape)).collect::<Vec<_>>());
    }
    let states = trial.layers[0].forward(&mut context, &part);
    let gradients = context.param_gradients(tape.backward(states.last.square().sum()));
    let h_0 = trial.store.find("cell/h_0").expect("a learned state");
    (states.end_values(), gradients.get(h_0).is_some())
}

#[test]
fn numbers_are_carried_without_a_gradient() {
    for kind in Kind::ALL {
        let [device, _] = devices();
        let mut trial = Trial::of(&device, &Design::everywhere(kind, Norm::Layer));
        let (ends, reached) = pass(&mut trial, None);
        assert!(reached, "{kind:?} begins with what it has learned");
        let (next, reached) = pass(&mut trial, Some(&ends));
        assert!(!reached, "{kind:?} begins with what it was given");
        assert_ne!(next[0].h.to_vec(), ends[0].h.to_vec());
    }
}
