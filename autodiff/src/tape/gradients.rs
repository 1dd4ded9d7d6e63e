//! What a backward pass gives.

use kernels::Real;

use crate::{Tensor, Var};

/// Gradients of the leaves, and of the intermediate values that were to keep theirs.
///
/// They stay valid when the tape goes on or is cleared; only then they can no longer be asked for.
#[derive(Debug)]
pub struct Gradients<T: Real> {
    /// The record that they belong to.
    pub(super) id: u64,
    /// One per value of the record.
    pub(super) tensors: Vec<Option<Tensor<T>>>,
}

impl<T: Real> Gradients<T> {
    /// The gradient of a leaf or of a value that [keeps it](Var::keep_gradient), in its shape.
    ///
    /// `None` if the differentiated values do not depend on it, or it is neither.
    ///
    /// # Panics
    /// If `var` is of another tape, or of this one after it was cleared.
    #[track_caller]
    pub fn get(&self, var: Var<'_, T>) -> Option<&Tensor<T>> {
        self.tensors.get(self.place(var))?.as_ref()
    }

    /// Like [`get`](Gradients::get), but moves the gradient out.
    ///
    /// # Panics
    /// As [`get`](Gradients::get).
    #[track_caller]
    pub fn take(&mut self, var: Var<'_, T>) -> Option<Tensor<T>> {
        let place = self.place(var);
        self.tensors.get_mut(place)?.take()
    }

    #[track_caller]
    fn place(&self, var: Var<'_, T>) -> usize {
        assert!(
            self.id == var.tape().record_id(),
            "gradients: a Var of another tape, or of another record of this one"
        );
        var.index()
    }
}
