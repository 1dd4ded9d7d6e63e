//! `y = max(x, 0)`

use kernels::{Binary, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = dy where x > 0, else 0`
struct Relu;

impl<T: Real> Op<T> for Relu {
    fn name(&self) -> &'static str {
        "relu"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let y = inputs[0].map(Unary::Relu);
        Forward::one(y.clone(), vec![y])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass.saved(0).map(Unary::Positive).zip(Binary::Mul, pass.dy());
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// `max(x, 0)`, elementwise; the slope at 0 is 0.
    pub fn relu(self) -> Self {
        self.tape().record_one(Relu, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn relu_value() {
        assert_eq!(value_of(&[-1.0, 0.0, 2.0], |x| x.relu()), [0.0, 0.0, 2.0]);
    }

    #[test]
    fn relu_gradcheck() {
        check(&[&[3, 5]], |_, x| vec![x[0].relu()]);
    }
}
