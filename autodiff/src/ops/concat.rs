//! Tensors joined along an axis

use kernels::Real;

use crate::{Backward, Device, Forward, Gradient, Op, Shape, Tensor, Var, check};

/// Every input gets its part of `dy`.
struct Concat {
    axis: usize,
}

impl<T: Real> Op<T> for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let extent = inputs.iter().map(|x| x.shape().extent(self.axis)).sum();
        let mut y = device.empty(inputs[0].shape().with(self.axis, extent));
        let mut start = 0;
        for x in inputs {
            y.write(self.axis, start, x);
            start += x.shape().extent(self.axis);
        }
        Forward::one(y, vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let mut start = 0;
        let part = |i| {
            let range = start..start + pass.input_shape(i).extent(self.axis);
            start = range.end;
            pass.of_input(i, || pass.dy().slice(self.axis, range))
        };
        (0..pass.inputs()).map(part).collect()
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// Joins tensors along an axis, in the order given.
    ///
    /// # Panics
    /// If there is no tensor, no such axis, or the other extents differ.
    #[track_caller]
    pub fn concat(parts: &[Var<'t, T>], axis: usize) -> Self {
        let shapes: Vec<Shape> = parts.iter().map(|part| part.shape()).collect();
        assert!(!shapes.is_empty(), "concat: no tensors; at least one is needed");
        check::axis("concat", shapes[0], axis);
        for shape in &shapes {
            check::same_but("concat", shapes[0], *shape, axis);
        }
        parts[0].tape().record_one(Concat { axis }, parts)
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::Var;
    use crate::testing::{check, value_of, zeros};

    #[test]
    fn concat_value() {
        let columns = value_of(&[1.0, 2.0, 3.0, 4.0], |x| {
            let x = x.reshape([2, 2]);
            Var::concat(&[x, x.slice(1, 0..1)], 1)
        });
        assert_eq!(columns, [1.0, 2.0, 1.0, 3.0, 4.0, 3.0]);
    }

    #[test]
    fn concat_gradcheck() {
        check(&[&[2, 3], &[2, 1], &[2, 2]], |_, x| vec![Var::concat(x, 1)]);
        check(&[&[1, 3, 2], &[4, 3, 2]], |_, x| vec![Var::concat(x, 0)]);
        check(&[&[2, 1, 2], &[2, 3, 2]], |_, x| vec![Var::concat(x, 1)]);
    }

    #[test]
    #[should_panic(expected = "concat: [2, 3] and [4, 3] may differ at axis 1 only")]
    fn other_extents_must_be_equal() {
        zeros(&Device::reference(), &[&[2, 3], &[4, 3]], |x| Var::concat(x, 1));
    }
}
