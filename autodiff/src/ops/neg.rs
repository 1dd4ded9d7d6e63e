//! `y = −x`

use kernels::{Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = −dy`
struct Neg;

impl<T: Real> Op<T> for Neg {
    fn name(&self) -> &'static str {
        "neg"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        Forward::one(inputs[0].map(Unary::Neg), vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass.dy().map(Unary::Neg);
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// `−x`, elementwise.
    #[expect(clippy::should_implement_trait, reason = "the operator is there as well")]
    pub fn neg(self) -> Self {
        self.tape().record_one(Neg, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn neg_value() {
        assert_eq!(value_of(&[-1.0, 0.0, 2.0], |x| x.neg()), [1.0, 0.0, -2.0]);
    }

    #[test]
    fn neg_gradcheck() {
        check(&[&[3, 5]], |_, x| vec![x[0].neg()]);
    }
}
