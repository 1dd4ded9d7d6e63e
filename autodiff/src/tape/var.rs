//! The handle of a value on a tape.

use std::fmt;

use kernels::Real;

use crate::{Shape, Tape, Tensor};

/// A value on a tape: a small handle to copy around, with the operations as methods.
pub struct Var<'t, T: Real> {
    tape: &'t Tape<T>,
    index: usize,
}

impl<'t, T: Real> Var<'t, T> {
    pub(super) fn new(tape: &'t Tape<T>, index: usize) -> Self {
        Self { tape, index }
    }

    pub(super) fn index(self) -> usize {
        self.index
    }

    /// The tape that this value is on.
    pub fn tape(self) -> &'t Tape<T> {
        self.tape
    }

    /// The value; shares memory with the tape.
    pub fn value(self) -> Tensor<T> {
        self.tape.record.borrow().values[self.index].tensor.clone()
    }

    /// Shape of the value.
    pub fn shape(self) -> Shape {
        self.tape.record.borrow().values[self.index].tensor.shape()
    }

    /// Whether a leaf is among what this value was computed from.
    pub fn needs_gradient(self) -> bool {
        self.tape.record.borrow().values[self.index].needs_gradient
    }

    /// Has the backward passes to come keep the gradient of this value, as they do for leaves.
    ///
    /// Nothing happens to a value that no leaf is behind, which has no gradient.
    ///
    /// ```
    /// use autodiff::{Device, Tape};
    ///
    /// let device = Device::<f64>::reference();
    /// let tape = Tape::new(&device);
    /// let x = tape.leaf(device.full([1], 3.0));
    /// let h = x.square();
    /// h.keep_gradient();
    /// let gradients = tape.backward(h.square());
    /// assert_eq!(gradients.get(h).unwrap().item(), 18.0);
    /// ```
    pub fn keep_gradient(self) {
        self.tape.record.borrow_mut().values[self.index].keep = true;
    }
}

impl<T: Real> Clone for Var<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Real> Copy for Var<'_, T> {}

impl<T: Real> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Var({}){}", self.index, self.shape())
    }
}
