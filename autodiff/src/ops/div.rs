//! `y = a / b`

use kernels::{Binary, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `da = dy / b, db = −dy y / b`
struct Div;

impl<T: Real> Op<T> for Div {
    fn name(&self) -> &'static str {
        "div"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let y = inputs[0].zip(Binary::Div, inputs[1]);
        Forward::one(y.clone(), vec![inputs[1].clone(), y])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (b, y) = (pass.saved(0), pass.saved(1));
        let over_b = pass.dy().zip(Binary::Div, b);
        let db = pass.of_input(1, || over_b.map(Unary::Neg).zip(Binary::Mul, y));
        vec![Gradient::Whole(over_b), db]
    }
}

impl<T: Real> Var<'_, T> {
    /// `a / b`, elementwise; aligned at the last axis, an extent of 1 is repeated.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[expect(clippy::should_implement_trait, reason = "the operator is there as well")]
    #[track_caller]
    pub fn div(self, other: Self) -> Self {
        check::broadcast("div", self.shape(), other.shape());
        self.tape().record_one(Div, &[self, other])
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::testing::{check_positive, zeros};

    #[test]
    fn div_gradcheck() {
        check_positive(&[&[2, 3], &[2, 3]], |_, x| vec![x[0].div(x[1])]);
    }

    #[test]
    fn div_broadcast_gradcheck() {
        check_positive(&[&[4, 2, 3], &[3]], |_, x| vec![x[0].div(x[1])]);
        check_positive(&[&[1], &[2, 3]], |_, x| vec![x[0].div(x[1])]);
        check_positive(&[&[2, 1, 3], &[4, 1]], |_, x| vec![x[0].div(x[1])]);
    }

    #[test]
    #[should_panic(expected = "div: [2, 3] and [4, 3] differ at the last axis but one (2 and 4)")]
    fn shapes_that_do_not_fit_panic() {
        zeros(&Device::reference(), &[&[2, 3], &[4, 3]], |x| x[0].div(x[1]));
    }
}
