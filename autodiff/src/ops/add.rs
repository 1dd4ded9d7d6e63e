//! `y = a + b`

use kernels::{Binary, Real};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `da = dy, db = dy`
struct Add;

impl<T: Real> Op<T> for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let y = inputs[0].zip(Binary::Add, inputs[1]);
        Forward::one(y, vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let dy = pass.dy();
        vec![Gradient::Whole(dy.clone()), Gradient::Whole(dy.clone())]
    }
}

impl<T: Real> Var<'_, T> {
    /// `a + b`, elementwise; aligned at the last axis, an extent of 1 is repeated.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[expect(clippy::should_implement_trait, reason = "the operator is there as well")]
    #[track_caller]
    pub fn add(self, other: Self) -> Self {
        check::broadcast("add", self.shape(), other.shape());
        self.tape().record_one(Add, &[self, other])
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::testing::{check, zeros};

    #[test]
    fn add_gradcheck() {
        check(&[&[2, 3], &[2, 3]], |_, x| vec![x[0].add(x[1])]);
    }

    #[test]
    fn add_broadcast_gradcheck() {
        check(&[&[4, 2, 3], &[3]], |_, x| vec![x[0].add(x[1])]);
        check(&[&[1], &[2, 3]], |_, x| vec![x[0].add(x[1])]);
        check(&[&[2, 1, 3], &[4, 1]], |_, x| vec![x[0].add(x[1])]);
    }

    #[test]
    #[should_panic(expected = "add: [2, 3] and [4, 3] differ at the last axis but one (2 and 4)")]
    fn shapes_that_do_not_fit_panic() {
        zeros(&Device::reference(), &[&[2, 3], &[4, 3]], |x| x[0].add(x[1]));
    }
}
