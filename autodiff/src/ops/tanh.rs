//! `y = tanh x`

use kernels::{Binary, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = dy (1 − y²)`
struct Tanh;

impl<T: Real> Op<T> for Tanh {
    fn name(&self) -> &'static str {
        "tanh"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let y = inputs[0].map(Unary::Tanh);
        Forward::one(y.clone(), vec![y])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass.dy().zip(Binary::TanhGrad, pass.saved(0));
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// Hyperbolic tangent, elementwise.
    pub fn tanh(self) -> Self {
        self.tape().record_one(Tanh, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn tanh_value() {
        assert_eq!(value_of(&[0.0], |x| x.tanh()), [0.0]);
    }

    #[test]
    fn tanh_gradcheck() {
        check(&[&[3, 5]], |_, x| vec![x[0].tanh()]);
    }
}
