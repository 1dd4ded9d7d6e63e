//! `y = x²`

use kernels::{Binary, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = 2 x dy`
struct Square;

impl<T: Real> Op<T> for Square {
    fn name(&self) -> &'static str {
        "square"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let x = inputs[0];
        Forward::one(x.map(Unary::Square), vec![x.clone()])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dx = pass
            .saved(0)
            .map(Unary::Scale(T::of(2.0)))
            .zip(Binary::Mul, pass.dy());
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// `x²`, elementwise.
    pub fn square(self) -> Self {
        self.tape().record_one(Square, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn square_value() {
        assert_eq!(value_of(&[-1.0, 0.0, 2.0], |x| x.square()), [1.0, 0.0, 4.0]);
    }

    #[test]
    fn square_gradcheck() {
        check(&[&[3, 5]], |_, x| vec![x[0].square()]);
    }
}
