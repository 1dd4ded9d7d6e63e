//! `y = Σ x` along an axis, and what is made of it: sums and means.

use kernels::{Real, Reduce};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `dx = dy`, repeated along the axis.
struct SumAxis {
    axis: usize,
}

impl<T: Real> Op<T> for SumAxis {
    fn name(&self) -> &'static str {
        "sum_axis"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        Forward::one(inputs[0].reduce(Reduce::Sum, self.axis), vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let shape = pass.input_shape(0);
        let dy = pass.dy().reshape(shape.with(self.axis, 1));
        vec![Gradient::Whole(dy.broadcast_to(shape))]
    }
}

impl<T: Real> Var<'_, T> {
    /// Sum along an axis, which is removed; the only axis of a vector leaves `[1]`.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn sum_axis(self, axis: usize) -> Self {
        check::axis("sum_axis", self.shape(), axis);
        self.tape().record_one(SumAxis { axis }, &[self])
    }

    /// Sum of all elements, `[1]`.
    pub fn sum(self) -> Self {
        self.reshape([self.shape().len()]).sum_axis(0)
    }

    /// Mean along an axis, which is removed. A mean of nothing is NaN.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn mean_axis(self, axis: usize) -> Self {
        check::axis("mean_axis", self.shape(), axis);
        let count = T::of(self.shape().extent(axis) as f64);
        self.sum_axis(axis).scale(T::one() / count)
    }

    /// Mean of all elements, `[1]`. A mean of nothing is NaN.
    pub fn mean(self) -> Self {
        let count = T::of(self.shape().len() as f64);
        self.sum().scale(T::one() / count)
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::testing::{check, value_of, zeros};

    #[test]
    fn sum_and_mean_values() {
        assert_eq!(value_of(&[1.0, 2.0, 6.0], |x| x.sum()), [9.0]);
        assert_eq!(value_of(&[1.0, 2.0, 6.0], |x| x.mean()), [3.0]);
        assert_eq!(
            value_of(&[1.0, 2.0, 6.0, 8.0], |x| x.reshape([2, 2]).mean_axis(1)),
            [1.5, 7.0]
        );
        assert_eq!(
            value_of(&[1.0, 2.0, 6.0, 8.0], |x| x.reshape([2, 2]).sum_axis(0)),
            [7.0, 10.0]
        );
    }

    #[test]
    fn a_mean_of_nothing_is_nan() {
        assert_eq!(value_of(&[], |x| x.sum()), [0.0]);
        assert!(value_of(&[], |x| x.mean())[0].is_nan());
    }

    #[test]
    fn sum_axis_gradcheck() {
        for axis in 0..3 {
            check(&[&[2, 3, 4]], |_, x| vec![x[0].sum_axis(axis)]);
            check(&[&[2, 3, 4]], |_, x| vec![x[0].mean_axis(axis)]);
        }
    }

    #[test]
    fn sum_gradcheck() {
        check(&[&[2, 3]], |_, x| vec![x[0].sum(), x[0].mean()]);
    }

    #[test]
    #[should_panic(expected = "sum_axis: axis 2 of [2, 3], whose axes are 0 to 1")]
    fn an_unknown_axis_panics() {
        zeros(&Device::reference(), &[&[2, 3]], |x| x[0].sum_axis(2));
    }
}
