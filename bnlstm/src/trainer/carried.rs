//! States that go from one batch to the next.

use autodiff::{Device, Tape};
use kernels::Real;
use nn::cell::{Sequence, StateValues};
use serde::{Deserialize, Serialize};

/// The states in which the last part of some sequences has ended, and how many steps they have gone.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried<T: Real> {
    /// One of each cell; none before the first part.
    states: Vec<StateValues<T>>,
    steps: usize,
}

impl<T: Real> Carried<T> {
    /// The next part of the sequences; the steps go on being counted.
    pub(super) fn go_on<'t>(&self, tape: &'t Tape<T>, sequence: Sequence<'t, T>) -> Sequence<'t, T> {
        self.begin(tape, sequence).from_step(self.steps)
    }

    /// The same with steps that are counted anew.
    pub(super) fn begin<'t>(&self, tape: &'t Tape<T>, sequence: Sequence<'t, T>) -> Sequence<'t, T> {
        if self.states.is_empty() {
            return sequence;
        }
        let states: Vec<_> = self.states.iter().map(|state| state.on(tape)).collect();
        sequence.starting_at(&states)
    }

    /// The states, one of each cell.
    pub(super) fn states(&self) -> &[StateValues<T>] {
        &self.states
    }

    /// Whether these are the states of batches of `rows` sequences.
    pub(super) fn has_rows(&self, rows: usize) -> bool {
        self.states.iter().all(|state| state.h.shape().extent(0) == rows)
    }

    /// After `steps` more steps.
    pub(super) fn put(&mut self, states: Vec<StateValues<T>>, steps: usize) {
        self.states = states;
        self.steps += steps;
    }
}

/// The states as a checkpoint keeps them, each with its number of rows.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WrittenStates(Vec<(usize, Vec<f64>, Option<Vec<f64>>)>);

impl WrittenStates {
    pub(super) fn of<T: Real>(carried: &Carried<T>) -> Self {
        let numbers = |values: Vec<T>| values.into_iter().map(T::as_f64).collect();
        let states = carried.states.iter().map(|StateValues { h, c }| {
            let c = c.as_ref().map(|c| numbers(c.to_vec()));
            (h.shape().extent(0), numbers(h.to_vec()), c)
        });
        Self(states.collect())
    }

    pub(super) fn on<T: Real>(self, device: &Device<T>) -> Carried<T> {
        let tensor = |rows: usize, numbers: Vec<f64>| {
            let numbers: Vec<T> = numbers.into_iter().map(T::of).collect();
            device.tensor([rows, numbers.len() / rows.max(1)], &numbers)
        };
        let states = self.0.into_iter().map(|(rows, h, c)| StateValues {
            h: tensor(rows, h),
            c: c.map(|c| tensor(rows, c)),
        });
        Carried {
            states: states.collect(),
            steps: 0,
        }
    }
}
