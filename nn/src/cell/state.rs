//! States of cells.

use autodiff::{Tape, Tensor, Var};
use kernels::Real;

/// The state of a cell between two time steps.
#[derive(Clone, Copy, Debug)]
pub struct State<'t, T: Real> {
    /// `h_t [B, H]`
    pub h: Var<'t, T>,
    /// `c_t [B, H]` of a cell that has it.
    pub c: Option<Var<'t, T>>,
}

impl<'t, T: Real> State<'t, T> {
    /// `c_t [B, H]`
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn cell(&self) -> Var<'t, T> {
        let h = self.h.shape();
        self.c
            .unwrap_or_else(|| panic!("state: h {h} without c, for a cell that carries one; both would fit"))
    }

    /// Its numbers, without what they were computed from.
    pub fn values(&self) -> StateValues<T> {
        StateValues {
            h: self.h.value(),
            c: self.c.map(|c| c.value()),
        }
    }

    /// Panics unless a step from `before` can lead here: a cell that carries none ignores a `c`.
    #[track_caller]
    pub(super) fn check_follows(&self, before: &Self) {
        assert!(
            self.c.is_some() || before.c.is_none(),
            "state: h {} with c, for a cell that carries none; h alone would fit",
            before.h.shape()
        );
    }
}

/// The numbers of a [`State`], which outlive its tape: with them a later pass can begin, on a tape of
/// its own, and no gradient flows back through them.
#[derive(Clone, Debug)]
pub struct StateValues<T: Real> {
    /// `h_t [B, H]`
    pub h: Tensor<T>,
    /// `c_t [B, H]` of a cell that has it.
    pub c: Option<Tensor<T>>,
}

impl<T: Real> StateValues<T> {
    /// The state as a constant of a tape.
    pub fn on<'t>(&self, tape: &'t Tape<T>) -> State<'t, T> {
        State {
            h: tape.constant(self.h.clone()),
            c: self.c.as_ref().map(|c| tape.constant(c.clone())),
        }
    }
}

/// The states of a recurrent layer over a sequence.
#[derive(Clone, Debug)]
pub struct States<'t, T: Real> {
    /// `h_1 … h_T`, `[T, B, H]`
    pub h: Var<'t, T>,
    /// `c_1 … c_T`, `[T, B, H]`, of a cell that has it.
    pub c: Option<Var<'t, T>>,
    /// The state after each sequence's own last step, `[B, H]`.
    pub last: Var<'t, T>,
    /// The state of every cell after each sequence's own last step: those of a stack from the lowest
    /// to the topmost, of both directions the forward one first. The next part of the sequences can
    /// [begin with them](super::Sequence::starting_at).
    pub ends: Vec<State<'t, T>>,
}

impl<'t, T: Real> States<'t, T> {
    /// `c_1 … c_T`, `[T, B, H]`.
    ///
    /// # Panics
    /// If the cell carries none.
    #[track_caller]
    pub fn cell(&self) -> Var<'t, T> {
        self.c.expect("states: this layer carries no cell")
    }

    /// The numbers of [`ends`](Self::ends), to be kept until the next part of the sequences is read.
    pub fn end_values(&self) -> Vec<StateValues<T>> {
        self.ends.iter().map(State::values).collect()
    }
}
