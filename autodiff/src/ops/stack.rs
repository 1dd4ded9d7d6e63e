//! Tensors of one shape along a new leading axis

use kernels::Real;

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// Every input gets its entry of `dy`.
struct Stack;

impl<T: Real> Op<T> for Stack {
    fn name(&self) -> &'static str {
        "stack"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let shape = inputs[0].shape().with_leading(inputs.len());
        let mut y = device.empty(shape);
        for (t, x) in inputs.iter().enumerate() {
            y.write(0, t, &x.reshape(shape.with(0, 1)));
        }
        Forward::one(y, vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let entry = |t| pass.of_input(t, || pass.dy().row(t));
        (0..pass.inputs()).map(entry).collect()
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// Joins tensors of one shape along a new leading axis: `T` of `[B, H]` to `[T, B, H]`.
    ///
    /// # Panics
    /// If there is no tensor, the shapes differ, or there are four axes already.
    #[track_caller]
    pub fn stack(entries: &[Var<'t, T>]) -> Self {
        assert!(!entries.is_empty(), "stack: no tensors; at least one is needed");
        let shape = entries[0].shape();
        assert!(
            shape.rank() < 4,
            "stack: {shape} has 4 axes, and a tensor has no more than 4"
        );
        for entry in entries {
            check::same("stack", shape, entry.shape());
        }
        entries[0].tape().record_one(Stack, entries)
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::Var;
    use crate::testing::{check, value_of, zeros};

    #[test]
    fn stack_value() {
        assert_eq!(
            value_of(&[1.0, 2.0], |x| Var::stack(&[x, -x])),
            [1.0, 2.0, -1.0, -2.0]
        );
    }

    #[test]
    fn stack_gradcheck() {
        check(&[&[2, 3], &[2, 3]], |_, x| vec![Var::stack(x)]);
        check(&[&[2]], |_, x| vec![Var::stack(&[x[0], x[0], x[0].tanh()])]);
    }

    #[test]
    #[should_panic(expected = "stack: [2, 3] and [3] must be the same shape")]
    fn shapes_must_be_equal() {
        zeros(&Device::reference(), &[&[2, 3], &[3]], |x| Var::stack(x));
    }
}
