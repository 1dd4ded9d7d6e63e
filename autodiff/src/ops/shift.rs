//! `y = x + s`

use kernels::{Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = dy`
struct Shift<T>(T);

impl<T: Real> Op<T> for Shift<T> {
    fn name(&self) -> &'static str {
        "shift"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        Forward::one(inputs[0].map(Unary::Shift(self.0)), vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass.dy().clone();
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// `x + offset`, elementwise.
    pub fn shift(self, offset: T) -> Self {
        self.tape().record_one(Shift(offset), &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn shift_value() {
        assert_eq!(value_of(&[-1.0, 0.0, 2.0], |x| x.shift(3.0)), [2.0, 3.0, 5.0]);
    }

    #[test]
    fn shift_gradcheck() {
        check(&[&[3, 5]], |_, x| vec![x[0].shift(0.7)]);
    }
}
