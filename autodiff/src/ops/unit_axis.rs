//! `y = x / ‖x‖` along an axis

use kernels::{Binary, Real, Reduce, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `y = x / s` with `s = max(‖x‖, least)`:
///
/// ```text
/// dx = (dy − y Σ(y ⊙ dy)) / s   where ‖x‖ > least
/// dx = dy / s                    elsewhere, s being constant there
/// ```
struct UnitAxis<T> {
    axis: usize,
    least: T,
}

impl<T: Real> Op<T> for UnitAxis<T> {
    fn name(&self) -> &'static str {
        "unit_axis"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let x = inputs[0];
        let mut norm = x
            .reduce(Reduce::SumSquares, self.axis)
            .reshape(x.shape().with(self.axis, 1));
        norm.map_in_place(Unary::Sqrt);
        let mut has_unit_norm = norm.map(Unary::Shift(-self.least));
        has_unit_norm.map_in_place(Unary::Positive);
        let mut inverse = norm.zip(Binary::Max, &device.full([1], self.least));
        inverse.map_in_place(Unary::Recip);
        let y = x.zip(Binary::Mul, &inverse);
        Forward::one(y.clone(), vec![y, inverse, has_unit_norm])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (y, inverse, has_unit_norm) = (pass.saved(0), pass.saved(1), pass.saved(2));
        let mut along = y
            .zip(Binary::Mul, pass.dy())
            .reduce(Reduce::Sum, self.axis)
            .reshape(inverse.shape());
        along.zip_in_place(Binary::Mul, has_unit_norm);
        let mut dx = pass.dy().zip(Binary::Sub, &y.zip(Binary::Mul, &along));
        dx.zip_in_place(Binary::Mul, inverse);
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// `x / max(‖x‖, least)` with the Euclidean norms along an axis: of each column of a matrix for
    /// axis 0, of each row for axis 1.
    ///
    /// Vectors shorter than `least` are divided by `least`, so that what is zero stays zero and its
    /// gradient is at most `1 / least` times the one that arrives.
    ///
    /// # Panics
    /// If there is no such axis, or `least` is not positive and finite.
    #[track_caller]
    pub fn unit_axis(self, axis: usize, least: T) -> Self {
        check::axis("unit_axis", self.shape(), axis);
        assert!(
            least > T::zero() && least.is_finite(),
            "unit_axis: least norm {least}; a positive, finite one would fit"
        );
        self.tape().record_one(UnitAxis { axis, least }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, devices, zeros};
    use crate::{Device, Shape, Tape};

    #[test]
    fn unit_axis_values() {
        for device in devices() {
            let tape = Tape::inference(&device);
            let x = tape.constant(device.tensor([2, 2], &[3.0, 0.0, 4.0, -2.0]));
            let columns = x.unit_axis(0, 1e-6).value().to_vec();
            // 1/5 is rounded before it is multiplied.
            for (got, want) in columns.into_iter().zip([0.6, 0.0, 0.8, -1.0]) {
                assert!((got - want).abs() < 1e-15, "{got}, not {want}");
            }
            let row = x.unit_axis(1, 1e-6).value().to_vec();
            assert_eq!(row[..2], [1.0, 0.0]);
        }
    }

    #[test]
    fn unit_axis_gradcheck() {
        for axis in 0..3 {
            check(&[&[2, 3, 4]], |_, x| vec![x[0].unit_axis(axis, 1e-6)]);
        }
        // All norms are below the least one, where the operation is linear.
        check(&[&[3, 4]], |_, x| vec![x[0].unit_axis(0, 100.0)]);
    }

    #[test]
    fn zeros_stay_and_have_a_bounded_gradient() {
        for device in devices() {
            let tape = Tape::new(&device);
            let x = tape.leaf(device.tensor([2, 2], &[0.0, 3.0, 0.0, 4.0]));
            let y = x.unit_axis(0, 0.5);
            let cotangent = device.tensor([2, 2], &[1.0, 3.0, -2.0, 4.0]);
            let gradients = tape.backward_from(&[(y, cotangent)]);
            let got = gradients.get(x).unwrap().to_vec();
            assert_eq!(y.value().to_vec()[0], 0.0);
            // The second column's cotangent lies along it: nothing is left but rounding.
            for (got, want) in got.into_iter().zip([2.0, 0.0, -4.0, 0.0]) {
                assert!((got - want).abs() < 1e-15, "{got}, not {want}");
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        for device in devices() {
            let tape = Tape::inference(&device);
            let x = tape.constant(device.tensor([2, 2], &[f64::NAN, 1.0, 1.0, 0.0]));
            let y = x.unit_axis(0, 1e-6).value().to_vec();
            assert!(y[0].is_nan() && y[2].is_nan());
            assert_eq!([y[1], y[3]], [1.0, 0.0]);
        }
    }

    #[test]
    fn an_empty_axis_has_gradients() {
        for device in devices() {
            let shape = zeros(&device, &[&[0, 3]], |x| x[0].unit_axis(0, 1e-6));
            assert_eq!(shape, Shape::from([0, 3]));
        }
    }

    #[test]
    #[should_panic(expected = "unit_axis: axis 2 of [2, 3], whose axes are 0 to 1")]
    fn an_unknown_axis_panics() {
        zeros(&Device::reference(), &[&[2, 3]], |x| x[0].unit_axis(2, 1e-6));
    }

    #[test]
    #[should_panic(expected = "unit_axis: least norm 0; a positive, finite one would fit")]
    fn a_least_norm_of_zero_panics() {
        zeros(&Device::reference(), &[&[2, 3]], |x| x[0].unit_axis(0, 0.0));
    }
}
