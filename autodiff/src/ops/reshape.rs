//! The same elements under another shape

use kernels::Real;

use crate::{Backward, Device, Forward, Gradient, Op, Shape, Tensor, Var};

/// `dx = dy` under the shape of `x`.
struct Reshape {
    shape: Shape,
}

impl<T: Real> Op<T> for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        Forward::one(inputs[0].reshape(self.shape), vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        vec![Gradient::Whole(pass.dy().reshape(pass.input_shape(0)))]
    }
}

impl<T: Real> Var<'_, T> {
    /// The same elements under another shape, without a copy.
    ///
    /// # Panics
    /// If the number of elements differs.
    #[track_caller]
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        let (from, shape) = (self.shape(), shape.into());
        assert!(
            shape.len() == from.len(),
            "reshape: {from} has {} elements, {shape} takes {}",
            from.len(),
            shape.len()
        );
        self.tape().record_one(Reshape { shape }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::testing::{check, zeros};

    #[test]
    fn reshape_gradcheck() {
        check(&[&[2, 6]], |_, x| vec![x[0].reshape([3, 2, 2])]);
    }

    #[test]
    #[should_panic(expected = "reshape: [2, 6] has 12 elements, [5, 2] takes 10")]
    fn another_number_of_elements_panics() {
        zeros(&Device::reference(), &[&[2, 6]], |x| x[0].reshape([5, 2]));
    }
}
