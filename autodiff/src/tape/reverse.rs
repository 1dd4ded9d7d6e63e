//! The walk back through a record.

use kernels::Real;

use super::{Gradients, Node, Record, Tape, Var, accumulate};
use crate::{Backward, Gradient, Shape, Tensor};

impl<T: Real> Tape<T> {
    /// Differentiates a number with respect to everything it was computed from.
    ///
    /// It may be called several times; every call starts from zero.
    ///
    /// # Panics
    /// If `loss` has not exactly one element, is of another tape, or the tape records nothing.
    #[track_caller]
    pub fn backward(&self, loss: Var<'_, T>) -> Gradients<T> {
        let shape = loss.shape();
        assert!(
            shape.len() == 1,
            "backward: {shape} has {} elements; reduce it to one with `sum` or `mean`, or give its \
             gradient to `backward_from`",
            shape.len()
        );
        self.backward_from(&[(loss, self.device().full(shape, T::one()))])
    }

    /// Pulls given gradients of some values back to everything they were computed from: the
    /// gradients of `Σ ⟨var, gradient⟩`.
    ///
    /// # Panics
    /// If a gradient has another shape than its value, a value is of another tape, or the tape
    /// records nothing.
    #[track_caller]
    pub fn backward_from(&self, seeds: &[(Var<'_, T>, Tensor<T>)]) -> Gradients<T> {
        assert!(
            self.is_recording(),
            "backward: the tape records nothing; use `Tape::new` instead of `Tape::inference`"
        );
        let record = self.record.borrow();
        let mut pending: Vec<Option<Tensor<T>>> = vec![None; record.values.len()];
        for (var, seed) in seeds {
            let index = self.index("backward", *var);
            let value = &record.values[index];
            crate::check::same(
                "backward: gradient of a value",
                seed.shape(),
                value.tensor.shape(),
            );
            if value.needs_gradient {
                let seed = Gradient::Whole(seed.clone());
                accumulate::add(&mut pending[index], value.tensor.shape(), seed);
            }
        }
        for node in record.nodes.iter().rev() {
            record.visit(self, node, &mut pending);
        }
        Gradients {
            id: record.id,
            tensors: pending,
        }
    }

    /// Identity of the present record.
    pub(super) fn record_id(&self) -> u64 {
        self.record.borrow().id
    }
}

impl<T: Real> Record<T> {
    /// Moves the gradients of a node's outputs on to its inputs.
    fn visit(&self, tape: &Tape<T>, node: &Node<T>, pending: &mut [Option<Tensor<T>>]) {
        if pending[node.outputs.clone()].iter().all(Option::is_none) {
            return;
        }
        // Whoever used these outputs came later and is done: their gradients are complete.
        let gradients: Vec<Option<Tensor<T>>> = node
            .outputs
            .clone()
            .map(|i| match self.values[i].keep {
                true => pending[i].clone(),
                false => pending[i].take(),
            })
            .collect();
        let outputs: Vec<Shape> = node.outputs.clone().map(|i| self.shape(i)).collect();
        let needs = |i: usize| self.values[i].needs_gradient;
        let inputs: Vec<(Shape, bool)> = node.inputs.iter().map(|&i| (self.shape(i), needs(i))).collect();
        let found = node.op.backward(&Backward {
            device: tape.device(),
            saved: &node.saved,
            gradients: &gradients,
            outputs: &outputs,
            inputs: &inputs,
        });
        // Dropped before they are passed on, so that an operation that hands one through leaves
        // its receiver the only owner, who can add in place.
        drop(gradients);

        let name = node.op.name();
        assert!(
            found.len() == node.inputs.len(),
            "{name}: its backward pass gives {} gradients for {} inputs",
            found.len(),
            node.inputs.len()
        );
        for (i, (gradient, &input)) in found.into_iter().zip(&node.inputs).enumerate() {
            accumulate::check(name, i, self.shape(input), &gradient);
            if needs(input) {
                accumulate::add(&mut pending[input], self.shape(input), gradient);
            }
        }
    }

    fn shape(&self, index: usize) -> Shape {
        self.values[index].tensor.shape()
    }
}
