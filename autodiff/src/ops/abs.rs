//! `y = |x|`

use kernels::{Binary, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = dy sign(x)`
struct Abs;

impl<T: Real> Op<T> for Abs {
    fn name(&self) -> &'static str {
        "abs"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let x = inputs[0];
        Forward::one(x.map(Unary::Abs), vec![x.clone()])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass.saved(0).map(Unary::Sign).zip(Binary::Mul, pass.dy());
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// `|x|`, elementwise; the slope at 0 is 0.
    pub fn abs(self) -> Self {
        self.tape().record_one(Abs, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn abs_value() {
        assert_eq!(value_of(&[-1.0, 0.0, 2.0], |x| x.abs()), [1.0, 0.0, 2.0]);
    }

    #[test]
    fn abs_gradcheck() {
        check(&[&[3, 5]], |_, x| vec![x[0].abs()]);
    }
}
