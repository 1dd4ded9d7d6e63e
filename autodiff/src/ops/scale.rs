//! `y = s x`

use kernels::{Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = s dy`
struct Scale<T>(T);

impl<T: Real> Op<T> for Scale<T> {
    fn name(&self) -> &'static str {
        "scale"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        Forward::one(inputs[0].map(Unary::Scale(self.0)), vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass.dy().map(Unary::Scale(self.0));
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// `factor · x`, elementwise.
    pub fn scale(self, factor: T) -> Self {
        self.tape().record_one(Scale(factor), &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn scale_value() {
        assert_eq!(value_of(&[-1.0, 0.0, 2.0], |x| x.scale(3.0)), [-3.0, 0.0, 6.0]);
    }

    #[test]
    fn scale_gradcheck() {
        check(&[&[3, 5]], |_, x| vec![x[0].scale(0.7)]);
    }
}
