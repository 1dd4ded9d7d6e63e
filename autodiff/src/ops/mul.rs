//! `y = a ⊙ b`

use kernels::{Binary, Real};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `da = dy ⊙ b, db = dy ⊙ a`
struct Mul;

impl<T: Real> Op<T> for Mul {
    fn name(&self) -> &'static str {
        "mul"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let y = inputs[0].zip(Binary::Mul, inputs[1]);
        Forward::one(y, vec![inputs[0].clone(), inputs[1].clone()])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (a, b) = (pass.saved(0), pass.saved(1));
        let da = pass.of_input(0, || pass.dy().zip(Binary::Mul, b));
        let db = pass.of_input(1, || pass.dy().zip(Binary::Mul, a));
        vec![da, db]
    }
}

impl<T: Real> Var<'_, T> {
    /// `a ⊙ b`, elementwise; aligned at the last axis, an extent of 1 is repeated.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[expect(clippy::should_implement_trait, reason = "the operator is there as well")]
    #[track_caller]
    pub fn mul(self, other: Self) -> Self {
        check::broadcast("mul", self.shape(), other.shape());
        self.tape().record_one(Mul, &[self, other])
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::testing::{check, zeros};

    #[test]
    fn mul_gradcheck() {
        check(&[&[2, 3], &[2, 3]], |_, x| vec![x[0].mul(x[1])]);
    }

    #[test]
    fn mul_broadcast_gradcheck() {
        check(&[&[4, 2, 3], &[3]], |_, x| vec![x[0].mul(x[1])]);
        check(&[&[1], &[2, 3]], |_, x| vec![x[0].mul(x[1])]);
        check(&[&[2, 1, 3], &[4, 1]], |_, x| vec![x[0].mul(x[1])]);
    }

    #[test]
    fn both_operands_may_be_the_same_gradcheck() {
        check(&[&[4]], |_, x| vec![x[0].mul(x[0])]);
    }

    #[test]
    #[should_panic(expected = "mul: [2, 3] and [4, 3] differ at the last axis but one (2 and 4)")]
    fn shapes_that_do_not_fit_panic() {
        zeros(&Device::reference(), &[&[2, 3], &[4, 3]], |x| x[0].mul(x[1]));
    }
}
