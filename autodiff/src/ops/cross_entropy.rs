//! Mean cross-entropy of logits and class labels

use std::sync::Arc;

use kernels::{Indices, Real};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `d_logits = (softmax(logits) − onehot(targets)) d_loss / N`
struct CrossEntropy {
    targets: Arc<Indices>,
}

impl<T: Real> Op<T> for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let logits = inputs[0];
        let mut log_probabilities = device.empty(logits.shape());
        let mut loss = device.empty([1]);
        device.backend().cross_entropy(
            logits.shape().rows(),
            logits.view(),
            &self.targets,
            log_probabilities.view_mut(),
            loss.view_mut(),
        );
        Forward::one(loss, vec![log_probabilities])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let log_probabilities = pass.saved(0);
        let mut d_logits = pass.device().empty(log_probabilities.shape());
        pass.device().backend().cross_entropy_backward(
            log_probabilities.shape().rows(),
            log_probabilities.view(),
            &self.targets,
            pass.dy().view(),
            d_logits.view_mut(),
        );
        vec![Gradient::Whole(d_logits)]
    }
}

impl<T: Real> Var<'_, T> {
    /// Mean cross-entropy in nats, `[1]`, of logits `[.., C]` and one class label per row, with
    /// the leading axes folded in row-major order. No rows give NaN.
    ///
    /// # Panics
    /// If there is not one target per row, or a target is not below `C`.
    #[track_caller]
    pub fn cross_entropy(self, targets: &Arc<Indices>) -> Self {
        let shape = self.shape();
        let rows = shape.rows().rows;
        assert!(
            targets.len() == rows,
            "cross_entropy: {} targets for logits {shape}; {rows}, one per row, would fit",
            targets.len()
        );
        check::indices(
            "cross_entropy",
            targets,
            shape.last(),
            &format!("the classes of logits {shape}"),
        );
        let targets = Arc::clone(targets);
        self.tape().record_one(CrossEntropy { targets }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, devices};
    use crate::{Device, Shape, Tape};

    #[test]
    fn equals_the_log_probability_of_the_targets() {
        for device in devices() {
            let tape = Tape::inference(&device);
            let logits = tape.constant(device.tensor([2, 2], &[0.0, 0.0, 3.0, 3.0]));
            let loss = logits.cross_entropy(&device.indices(&[0, 1]));
            assert_eq!(loss.shape(), Shape::from([1]));
            // One unit in the last place for the vectorized exponential.
            assert!((loss.value().item() - 2f64.ln()).abs() < 2e-16);
        }
    }

    #[test]
    fn cross_entropy_gradcheck() {
        check(&[&[3, 4]], |tape, x| {
            vec![x[0].cross_entropy(&tape.device().indices(&[3, 0, 1]))]
        });
        check(&[&[2, 2, 3]], |tape, x| {
            vec![x[0].cross_entropy(&tape.device().indices(&[2, 0, 1, 2]))]
        });
    }

    #[test]
    fn an_empty_batch_has_a_gradient() {
        for device in devices() {
            let tape = Tape::new(&device);
            let logits = tape.leaf(device.zeros([0, 3]));
            let loss = logits.cross_entropy(&device.indices(&[]));
            assert!(loss.value().item().is_nan());
            let gradients = tape.backward(loss);
            assert_eq!(gradients.get(logits).unwrap().shape(), Shape::from([0, 3]));
        }
    }

    #[test]
    #[should_panic(expected = "cross_entropy: 2 targets for logits [3, 4]; 3, one per row, would fit")]
    fn one_target_per_row() {
        let device = Device::<f64>::reference();
        let tape = Tape::new(&device);
        tape.leaf(device.zeros([3, 4]))
            .cross_entropy(&device.indices(&[0, 1]));
    }

    #[test]
    #[should_panic(
        expected = "cross_entropy: index 4 is too large for the classes of logits [2, 4], indices below 4 fit"
    )]
    fn targets_are_classes() {
        let device = Device::<f64>::reference();
        let tape = Tape::new(&device);
        tape.leaf(device.zeros([2, 4]))
            .cross_entropy(&device.indices(&[0, 4]));
    }
}
