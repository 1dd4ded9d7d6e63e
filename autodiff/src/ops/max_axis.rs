//! `y = max x` along an axis

use kernels::{Binary, Real, Reduce, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `dx = dy` where `x` is the largest, else 0; equal ones share it equally.
struct MaxAxis {
    axis: usize,
}

impl<T: Real> Op<T> for MaxAxis {
    fn name(&self) -> &'static str {
        "max_axis"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let y = inputs[0].reduce(Reduce::Max, self.axis);
        Forward::one(y.clone(), vec![inputs[0].clone(), y])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (x, y) = (pass.saved(0), pass.saved(1));
        let column = x.shape().with(self.axis, 1);
        // x − y is 0 at a largest element and negative elsewhere: its sign is one less than wanted.
        let mut share = x.zip(Binary::Sub, &y.reshape(column));
        share.map_in_place(Unary::Sign);
        share.map_in_place(Unary::Shift(T::one()));
        let count = share.reduce(Reduce::Sum, self.axis);
        let each = pass.dy().zip(Binary::Div, &count);
        share.zip_in_place(Binary::Mul, &each.reshape(column));
        vec![Gradient::Whole(share)]
    }
}

impl<T: Real> Var<'_, T> {
    /// Largest element along an axis, which is removed; the only axis of a vector leaves `[1]`.
    /// The largest of nothing is −∞. Equal largest elements share the gradient equally.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn max_axis(self, axis: usize) -> Self {
        check::axis("max_axis", self.shape(), axis);
        self.tape().record_one(MaxAxis { axis }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::Tape;
    use crate::testing::{check, devices};

    #[test]
    fn max_axis_gradcheck() {
        for axis in 0..3 {
            check(&[&[2, 3, 4]], |_, x| vec![x[0].max_axis(axis)]);
        }
    }

    #[test]
    fn equal_elements_share_the_gradient() {
        for device in devices() {
            let tape = Tape::new(&device);
            let x = tape.leaf(device.tensor([2, 3], &[1.0, 5.0, 5.0, 2.0, 0.0, -1.0]));
            let y = x.max_axis(1);
            assert_eq!(y.value().to_vec(), [5.0, 2.0]);
            let gradients = tape.backward(y.sum());
            assert_eq!(gradients.get(x).unwrap().to_vec(), [0.0, 0.5, 0.5, 1.0, 0.0, 0.0]);
        }
    }
}
