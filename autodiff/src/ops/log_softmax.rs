//! `y = x − log Σ exp(x)` of every row

use kernels::Real;

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var};

/// `dx = dy − exp(y) Σ dy`
struct LogSoftmax;

impl<T: Real> Op<T> for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let x = inputs[0];
        let mut y = device.empty(x.shape());
        device
            .backend()
            .log_softmax(x.shape().rows(), x.view(), y.view_mut());
        Forward::one(y.clone(), vec![y])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (y, dy) = (pass.saved(0), pass.dy());
        let mut dx = pass.device().empty(y.shape());
        let backend = pass.device().backend();
        backend.log_softmax_backward(y.shape().rows(), y.view(), dy.view(), dx.view_mut());
        vec![Gradient::Whole(dx)]
    }
}

impl<T: Real> Var<'_, T> {
    /// Logarithm of the softmax along the last axis: logits `[.., C]` to log probabilities in nats.
    pub fn log_softmax(self) -> Self {
        self.tape().record_one(LogSoftmax, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, value_of};

    #[test]
    fn log_softmax_value() {
        // Two classes of equal logits, so large that their exponential would overflow.
        assert_eq!(
            value_of(&[1000.0, 1000.0], |x| x.log_softmax()),
            [-(2f64.ln()); 2]
        );
    }

    #[test]
    fn log_softmax_gradcheck() {
        check(&[&[3, 4]], |_, x| vec![x[0].log_softmax()]);
        check(&[&[2, 3, 4]], |_, x| vec![x[0].log_softmax()]);
    }
}
