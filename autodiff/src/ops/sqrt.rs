//! `y = √x`

use kernels::{Binary, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = dy / (2 y)`
struct Sqrt;

impl<T: Real> Op<T> for Sqrt {
    fn name(&self) -> &'static str {
        "sqrt"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let y = inputs[0].map(Unary::Sqrt);
        Forward::one(y.clone(), vec![y])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass
            .dy()
            .zip(Binary::Div, &pass.saved(0).map(Unary::Scale(T::of(2.0))));
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// `√x`, elementwise; the slope at 0 is infinite.
    pub fn sqrt(self) -> Self {
        self.tape().record_one(Sqrt, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_positive, value_of};

    #[test]
    fn sqrt_value() {
        assert_eq!(value_of(&[4.0, 0.25, 9.0], |x| x.sqrt()), [2.0, 0.5, 3.0]);
    }

    #[test]
    fn sqrt_gradcheck() {
        check_positive(&[&[3, 5]], |_, x| vec![x[0].sqrt()]);
    }
}
