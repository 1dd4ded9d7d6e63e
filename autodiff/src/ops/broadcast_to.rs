//! `x` repeated to a larger shape

use kernels::Real;

use crate::{Backward, Device, Forward, Gradient, Op, Shape, Tensor, Var, check};

/// `dx = Σ dy` over the repetitions: the tape sums broadcast axes.
struct BroadcastTo {
    shape: Shape,
}

impl<T: Real> Op<T> for BroadcastTo {
    fn name(&self) -> &'static str {
        "broadcast_to"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        Forward::one(inputs[0].broadcast_to(self.shape), vec![])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        vec![Gradient::Whole(pass.dy().clone())]
    }
}

impl<T: Real> Var<'_, T> {
    /// The elements repeated to a larger shape, aligned at the last axis: a learned state `[H]`
    /// for a batch `[B, H]`.
    ///
    /// # Panics
    /// If an extent is neither 1 nor that of `shape`.
    #[track_caller]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        check::broadcast_to("broadcast_to", self.shape(), shape);
        self.tape().record_one(BroadcastTo { shape }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::Device;
    use crate::testing::{check, value_of, zeros};

    #[test]
    fn broadcast_to_value() {
        let repeated = value_of(&[1.0, -0.0], |x| x.reshape([2, 1]).broadcast_to([2, 2, 3]));
        assert_eq!(repeated.len(), 12);
        assert_eq!(repeated[6..9], [1.0; 3]);
        // Equality does not tell −0 from 0.
        assert!(repeated[9..].iter().all(|v| v.is_sign_negative()));
    }

    #[test]
    fn broadcast_to_gradcheck() {
        check(&[&[3]], |_, x| vec![x[0].broadcast_to([2, 4, 3])]);
        check(&[&[2, 1, 3]], |_, x| vec![x[0].broadcast_to([2, 4, 3])]);
        check(&[&[1]], |_, x| vec![x[0].broadcast_to([2, 2, 2, 2])]);
    }

    #[test]
    #[should_panic(expected = "broadcast_to: [2, 3] cannot be repeated to [4, 3]")]
    fn an_extent_that_is_not_one_panics() {
        zeros(&Device::reference(), &[&[2, 3]], |x| x[0].broadcast_to([4, 3]));
    }
}
