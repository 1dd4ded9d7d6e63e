//! `y = eˣ`

use kernels::{Binary, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = dy y`
struct Exp;

impl<T: Real> Op<T> for Exp {
    fn name(&self) -> &'static str {
        "exp"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let y = inputs[0].map(Unary::Exp);
        Forward::one(y.clone(), vec![y])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass.dy().zip(Binary::Mul, pass.saved(0));
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// `eˣ`, elementwise.
    pub fn exp(self) -> Self {
        self.tape().record_one(Exp, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn exp_value() {
        assert_eq!(value_of(&[0.0], |x| x.exp()), [1.0]);
    }

    #[test]
    fn exp_gradcheck() {
        check(&[&[3, 5]], |_, x| vec![x[0].exp()]);
    }
}
