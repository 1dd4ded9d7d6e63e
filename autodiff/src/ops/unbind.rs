//! The entries of the leading axis

use kernels::Real;

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx` is the gradients of the entries, stacked; zero where an entry has none.
struct Unbind;

impl<T: Real> Op<T> for Unbind {
    fn name(&self) -> &'static str {
        "unbind"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let x = inputs[0];
        Forward {
            outputs: (0..x.shape().extent(0)).map(|t| x.row(t)).collect(),
            saved: vec![],
        }
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let shape = pass.input_shape(0);
        let mut dx = pass.device().empty(shape);
        for t in 0..shape.extent(0) {
            dx.write(0, t, &pass.gradient_or_zeros(t).reshape(shape.with(0, 1)));
        }
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// The entries of the leading axis, without that axis and without a copy: `[T, B, H]` into `T`
    /// of `[B, H]`.
    pub fn unbind(self) -> Vec<Self> {
        self.tape().record(Unbind, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn unbind_value() {
        let second = value_of(&[1.0, 2.0, 3.0, 4.0], |x| x.reshape([2, 2]).unbind()[1]);
        assert_eq!(second, [3.0, 4.0]);
        let third = value_of(&[1.0, 2.0, 3.0, 4.0], |x| x.unbind()[2]);
        assert_eq!(third, [3.0]);
    }

    #[test]
    fn unbind_gradcheck() {
        check(&[&[3, 2, 2]], |_, x| x[0].unbind());
        check(&[&[3]], |_, x| x[0].unbind());
    }

    #[test]
    fn unbind_with_one_entry_used_gradcheck() {
        check(&[&[3, 2, 2]], |_, x| vec![x[0].unbind()[1]]);
    }
}
