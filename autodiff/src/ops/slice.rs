//! A range of an axis

use std::ops::Range;

use kernels::Real;

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `dx = dy` inside the range, 0 outside; only the inside is touched.
struct Slice {
    axis: usize,
    range: Range<usize>,
}

impl<T: Real> Op<T> for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        Forward::one(inputs[0].slice(self.axis, self.range.clone()), vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        vec![Gradient::Part {
            axis: self.axis,
            start: self.range.start,
            part: pass.dy().clone(),
        }]
    }
}

impl<T: Real> Var<'_, T> {
    /// Elements `range` of an axis, which stays; of the leading axis without a copy.
    ///
    /// # Panics
    /// If there is no such axis, or it is not that long.
    #[track_caller]
    pub fn slice(self, axis: usize, range: Range<usize>) -> Self {
        check::range("slice", self.shape(), axis, &range);
        self.tape().record_one(Slice { axis, range }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::testing::{check, value_of, zeros};

    #[test]
    fn slice_value() {
        let columns = value_of(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], |x| {
            x.reshape([2, 3]).slice(1, 1..3)
        });
        assert_eq!(columns, [2.0, 3.0, 5.0, 6.0]);
    }

    #[test]
    fn slice_gradcheck() {
        for axis in 0..3 {
            check(&[&[3, 4, 3]], |_, x| vec![x[0].slice(axis, 1..3)]);
        }
    }

    #[test]
    fn overlapping_slices_gradcheck() {
        for axis in 0..3 {
            check(&[&[3, 4, 3]], |_, x| {
                vec![
                    x[0].slice(axis, 0..2),
                    x[0].slice(axis, 1..3),
                    x[0].square(),
                    x[0].slice(axis, 1..1),
                ]
            });
        }
    }

    #[test]
    #[should_panic(expected = "slice: 1..4 of axis 1 of [2, 3], which has 3")]
    fn a_range_past_the_end_panics() {
        zeros(&Device::reference(), &[&[2, 3]], |x| x[0].slice(1, 1..4));
    }
}
