//! A tensor cut into equal parts along an axis

use kernels::Real;

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `dx` is the gradients of the parts, joined; zero where a part has none.
struct Split {
    axis: usize,
    parts: usize,
}

impl<T: Real> Op<T> for Split {
    fn name(&self) -> &'static str {
        "split"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let extent = inputs[0].shape().extent(self.axis) / self.parts;
        let part = |i| inputs[0].slice(self.axis, i * extent..(i + 1) * extent);
        Forward {
            outputs: (0..self.parts).map(part).collect(),
            saved: vec![],
        }
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let extent = pass.input_shape(0).extent(self.axis) / self.parts;
        let mut dx = pass.device().empty(pass.input_shape(0));
        for i in 0..self.parts {
            dx.write(self.axis, i * extent, &pass.gradient_or_zeros(i));
        }
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// Cuts the tensor into `parts` of equal extent along an axis: gates `[B, 4H]` into four
    /// `[B, H]`.
    ///
    /// # Panics
    /// If there is no such axis, or its extent is no multiple of `parts`.
    #[track_caller]
    pub fn split(self, axis: usize, parts: usize) -> Vec<Self> {
        let shape = self.shape();
        check::axis("split", shape, axis);
        let extent = shape.extent(axis);
        assert!(
            parts > 0 && extent.is_multiple_of(parts),
            "split: axis {axis} of {shape} ({extent}) into {parts} equal parts; a divisor of \
             {extent} would fit"
        );
        self.tape().record(Split { axis, parts }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::testing::{check, value_of, zeros};

    #[test]
    fn split_value() {
        let second = value_of(&[1.0, 2.0, 3.0, 4.0], |x| x.reshape([2, 2]).split(1, 2)[1]);
        assert_eq!(second, [2.0, 4.0]);
    }

    #[test]
    fn split_gradcheck() {
        check(&[&[2, 6]], |_, x| x[0].split(1, 3));
        check(&[&[4, 3]], |_, x| x[0].split(0, 2));
        check(&[&[2, 4, 3]], |_, x| x[0].split(1, 2));
    }

    #[test]
    fn split_with_one_part_used_gradcheck() {
        check(&[&[2, 6]], |_, x| vec![x[0].split(1, 3)[1]]);
    }

    #[test]
    #[should_panic(expected = "split: axis 1 of [2, 6] (6) into 4 equal parts")]
    fn unequal_parts_panic() {
        zeros(&Device::reference(), &[&[2, 6]], |x| x[0].split(1, 4)[0]);
    }
}
