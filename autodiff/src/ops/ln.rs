//! `y = ln x`

use kernels::{Binary, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = dy / x`
struct Ln;

impl<T: Real> Op<T> for Ln {
    fn name(&self) -> &'static str {
        "ln"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let x = inputs[0];
        Forward::one(x.map(Unary::Ln), vec![x.clone()])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass.dy().zip(Binary::Div, pass.saved(0));
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// Natural logarithm, elementwise.
    pub fn ln(self) -> Self {
        self.tape().record_one(Ln, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_positive, value_of};

    #[test]
    fn ln_value() {
        assert_eq!(value_of(&[1.0], |x| x.ln()), [0.0]);
    }

    #[test]
    fn ln_gradcheck() {
        check_positive(&[&[3, 5]], |_, x| vec![x[0].ln()]);
    }
}
