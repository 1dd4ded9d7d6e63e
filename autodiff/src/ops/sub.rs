//! `y = a − b`

use kernels::{Binary, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `da = dy, db = −dy`
struct Sub;

impl<T: Real> Op<T> for Sub {
    fn name(&self) -> &'static str {
        "sub"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let y = inputs[0].zip(Binary::Sub, inputs[1]);
        Forward::one(y, vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dy = pass.dy();
        let db = pass.of_input(1, || dy.map(Unary::Neg));
        vec![Gradient::Whole(dy.clone()), db]
    }
}

impl<T: Real> Var<'_, T> {
    /// `a − b`, elementwise; aligned at the last axis, an extent of 1 is repeated.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[expect(clippy::should_implement_trait, reason = "the operator is there as well")]
    #[track_caller]
    pub fn sub(self, other: Self) -> Self {
        check::broadcast("sub", self.shape(), other.shape());
        self.tape().record_one(Sub, &[self, other])
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::testing::{check, zeros};

    #[test]
    fn sub_gradcheck() {
        check(&[&[2, 3], &[2, 3]], |_, x| vec![x[0].sub(x[1])]);
    }

    #[test]
    fn sub_broadcast_gradcheck() {
        check(&[&[4, 2, 3], &[3]], |_, x| vec![x[0].sub(x[1])]);
        check(&[&[1], &[2, 3]], |_, x| vec![x[0].sub(x[1])]);
        check(&[&[2, 1, 3], &[4, 1]], |_, x| vec![x[0].sub(x[1])]);
    }

    #[test]
    #[should_panic(expected = "sub: [2, 3] and [4, 3] differ at the last axis but one (2 and 4)")]
    fn shapes_that_do_not_fit_panic() {
        zeros(&Device::reference(), &[&[2, 3], &[4, 3]], |x| x[0].sub(x[1]));
    }
}
