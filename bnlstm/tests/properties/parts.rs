//! A sequence that is read in parts has the states of the same sequence read at once: for every
//! normalization, to the last bit where both do the same arithmetic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use autodiff::{Device, Tape, Tensor};
use kernels::{Indices, Reference};
use nn::cell::{Sequence, StateValues};
use nn::context::{Context, Mode, Statistics};

use crate::support::{D, How, Named, T_MAX, Trial, assert_close, designs, devices, model, random};

const BATCH: usize = 5;
/// Wider than a vector of the processor, so that the `Cpu` has it as one operation; no multiple of
/// one. Four groups divide it.
const HIDDEN: usize = 20;
/// Longer than the tables of statistics.
const STEPS: usize = T_MAX + 4;
/// The last one alone is the sequence at once.
const PARTS: [&[usize]; 4] = [&[1; STEPS], &[2, 2, 2, 1], &[3, 4], &[STEPS]];

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reads {
    Numbers,
    Symbols,
}

struct Given {
    x: Tensor<f64>,
    symbols: Vec<u32>,
}

impl Given {
    fn new(device: &Device<f64>) -> Self {
        Self {
            x: random(device, [STEPS, BATCH, D], 1),
            symbols: (0..STEPS * BATCH).map(|i| (i * i % D) as u32).collect(),
        }
    }

    /// So many steps from step `from` on.
    fn part<'t>(&self, tape: &'t Tape<f64>, reads: Reads, from: usize, steps: usize) -> Sequence<'t, f64> {
        match reads {
            Reads::Numbers => tape.constant(self.x.slice(0, from..from + steps)).into(),
            Reads::Symbols => {
                let symbols = &self.symbols[from * BATCH..(from + steps) * BATCH];
                let symbols: Arc<Indices> = tape.device().indices(symbols);
                Sequence::symbols(tape, &symbols, BATCH)
            }
        }
    }
}

/// `h` and `c` of all steps, read in parts of so many steps, each part on a tape of its own.
fn read(trial: &mut Trial<f64>, mode: Mode, how: How, reads: Reads, parts: &[usize]) -> Named<f64> {
    let device = trial.store.device().clone();
    let given = Given::new(&device);
    let mut carried: Option<Vec<StateValues<f64>>> = None;
    let mut found: Vec<Vec<f64>> = vec![Vec::new(); 2];
    let mut from = 0;
    for &steps in parts {
        let tape = Tape::inference(&device);
        let mut context = Context::new(&tape, &mut trial.store, mode, &mut trial.rng);
        let mut part = given.part(&tape, reads, from, steps).from_step(from);
        if let Some(carried) = &carried {
            let states: Vec<_> = carried.iter().map(|state| state.on(&tape)).collect();
            part = part.starting_at(&states);
        }
        let states = match how {
            How::Fast => trial.layer.forward(&mut context, &part),
            How::BySteps => trial.layer.forward_by_steps(&mut context, &part),
        };
        found[0].extend(states.h.value().to_vec());
        found[1].extend(states.c.map(|c| c.value().to_vec()).unwrap_or_default());
        carried = Some(states.end_values());
        from += steps;
    }
    let named = ["h", "c"]
        .into_iter()
        .zip(found)
        .filter(|(_, found)| !found.is_empty());
    named
        .map(|(name, found)| (name.to_owned(), device.tensor([STEPS, BATCH, HIDDEN], &found)))
        .collect()
}

const MODES: [Mode; 3] = [
    Mode::Eval(Statistics::Running),
    Mode::Eval(Statistics::Population),
    Mode::Eval(Statistics::Batch),
];

/// Whether the moments are those of all steps that are read together.
fn pools_steps(text: &str, mode: Mode) -> bool {
    text.contains("sequence-wise") && mode == Mode::Eval(Statistics::Batch)
}

fn check(device: &Device<f64>, how: How, of_propagation: f64) {
    for (cell, text) in designs() {
        if text.contains("assorted-time") {
            continue;
        }
        let mut trial = Trial::of(device, &model(cell, &text, HIDDEN));
        let tolerance = match text.contains("norm-propagation") {
            true => of_propagation,
            false => 0.0,
        };
        for mode in MODES.into_iter().filter(|&mode| !pools_steps(&text, mode)) {
            for reads in [Reads::Numbers, Reads::Symbols] {
                let [parts @ .., at_once] = PARTS.map(|parts| read(&mut trial, mode, how, reads, parts));
                for (parts, sizes) in parts.iter().zip(PARTS) {
                    let what = format!("{cell:?} {text} {mode:?} {reads:?} in parts of {sizes:?}");
                    assert_close(&what, parts, &at_once, tolerance);
                }
            }
        }
    }
}

#[test]
fn step_by_step() {
    check(&Device::new(Arc::new(Reference)), How::BySteps, 0.0);
}

#[test]
fn as_one_operation() {
    let [_, cpu] = devices();
    // The operation computes states before their multiplication by a constant; what one part ends with
    // is multiplied by it, and divided by it before the next.
    check(&cpu, How::Fast, 1e-14);
}

/// Or the comparison above would not notice a step that counts as another.
#[test]
fn the_time_step_matters_where_statistics_are_per_step() {
    let [reference, _] = devices();
    for (cell, text) in designs() {
        let mut trial = Trial::of(&reference, &model(cell, &text, HIDDEN));
        let mut first_states = |from: usize| {
            let tape = Tape::inference(&reference);
            let mode = Mode::Eval(Statistics::Running);
            let mut context = Context::new(&tape, &mut trial.store, mode, &mut trial.rng);
            let part = Given::new(&reference).part(&tape, Reads::Numbers, 0, 1);
            trial
                .layer
                .forward(&mut context, &part.from_step(from))
                .h
                .value()
                .to_vec()
        };
        let at_start = first_states(0);
        let later = catch_unwind(AssertUnwindSafe(|| first_states(1)));
        if text.contains("assorted-time") {
            assert!(
                later.is_err(),
                "{cell:?} {text} knows a window that it was not given"
            );
            continue;
        }
        let per_step = ["batch", "batch-renorm", "online"]
            .iter()
            .any(|name| text.split(['=', '(', ',']).any(|word| word == *name));
        let differs = later.expect("states") != at_start;
        assert_eq!(
            differs,
            per_step && !text.contains("stats=shared"),
            "{cell:?} {text}"
        );
    }
}
