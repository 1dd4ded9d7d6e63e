//! `y = σ(x) = 1 / (1 + e⁻ˣ)`

use kernels::{Binary, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = dy y (1 − y)`
struct Sigmoid;

impl<T: Real> Op<T> for Sigmoid {
    fn name(&self) -> &'static str {
        "sigmoid"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let y = inputs[0].map(Unary::Sigmoid);
        Forward::one(y.clone(), vec![y])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass.dy().zip(Binary::SigmoidGrad, pass.saved(0));
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// `σ(x) = 1 / (1 + e⁻ˣ)`, elementwise.
    pub fn sigmoid(self) -> Self {
        self.tape().record_one(Sigmoid, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn sigmoid_value() {
        assert_eq!(value_of(&[0.0], |x| x.sigmoid()), [0.5]);
    }

    #[test]
    fn sigmoid_gradcheck() {
        check(&[&[3, 5]], |_, x| vec![x[0].sigmoid()]);
    }
}
