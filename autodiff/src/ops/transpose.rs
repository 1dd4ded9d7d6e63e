//! `Y = Xᵀ`

use kernels::Real;

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `dX = dYᵀ`
struct Transpose;

impl<T: Real> Op<T> for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        Forward::one(inputs[0].transpose(), vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        vec![Gradient::Whole(pass.dy().transpose())]
    }
}

impl<T: Real> Var<'_, T> {
    /// `[N, M]` to `[M, N]`.
    ///
    /// # Panics
    /// If there are not two axes.
    #[track_caller]
    pub fn transpose(self) -> Self {
        check::matrix("transpose", self.shape());
        self.tape().record_one(Transpose, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of, zeros};
    use crate::{Device, Shape};

    #[test]
    fn transpose_value() {
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let wide = value_of(&x, |x| x.reshape([2, 3]).transpose());
        assert_eq!(wide, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        let tall = value_of(&x, |x| x.reshape([3, 2]).transpose());
        assert_eq!(tall, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
        let empty = zeros(&Device::reference(), &[&[0, 2]], |x| x[0].transpose());
        assert_eq!(empty, Shape::from([2, 0]));
    }

    #[test]
    fn transpose_gradcheck() {
        check(&[&[2, 3]], |_, x| vec![x[0].transpose()]);
        check(&[&[4, 3]], |_, x| vec![x[0].transpose()]);
    }

    #[test]
    #[should_panic(expected = "transpose: [2, 3, 4] has 3 axes; a matrix has 2")]
    fn three_axes_panic() {
        zeros(&Device::reference(), &[&[2, 3, 4]], |x| x[0].transpose());
    }
}
