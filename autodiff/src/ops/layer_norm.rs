//! Layer normalization

use kernels::Real;
use kernels::backend::{self, LayerNormOutput, LayerNormSaved, NormGradients};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `y = beta + gamma ⊙ x̂` with `x̂ = (x − mean) / √(var + ε)` and the moments of every row: with
/// `u = gamma ⊙ dy`,
///
/// ```text
/// dx = (u − mean_F(u) − x̂ ⊙ mean_F(u ⊙ x̂)) / √(var + ε)
/// d_gamma = Σ dy ⊙ x̂,   d_beta = Σ dy
/// ```
struct LayerNorm<T> {
    epsilon: T,
}

impl<T: Real> Op<T> for LayerNorm<T> {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let (x, gamma, beta) = (inputs[0], inputs[1], inputs.get(2));
        let dims = x.shape().rows();
        let mut y = device.empty(x.shape());
        let mut mean = device.empty([dims.rows]);
        let mut inverse_deviation = device.empty([dims.rows]);
        let input = backend::LayerNorm {
            x: x.view(),
            gamma: gamma.view(),
            beta: beta.map(|beta| beta.view()),
        };
        let output = LayerNormOutput {
            y: y.view_mut(),
            mean: mean.view_mut(),
            inverse_deviation: inverse_deviation.view_mut(),
        };
        device.backend().layer_norm(dims, self.epsilon, input, output);
        Forward::one(y, vec![x.clone(), gamma.clone(), mean, inverse_deviation])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (x, gamma) = (pass.saved(0), pass.saved(1));
        let device = pass.device();
        let mut dx = device.empty(x.shape());
        let mut d_gamma = device.empty(gamma.shape());
        let mut d_beta = (pass.inputs() == 3).then(|| device.empty(gamma.shape()));
        let saved = LayerNormSaved {
            x: x.view(),
            mean: pass.saved(2).view(),
            inverse_deviation: pass.saved(3).view(),
            gamma: gamma.view(),
        };
        let gradients = NormGradients {
            dx: dx.view_mut(),
            d_gamma: d_gamma.view_mut(),
            d_beta: d_beta.as_mut().map(Tensor::view_mut),
        };
        let backend = device.backend();
        backend.layer_norm_backward(x.shape().rows(), saved, pass.dy().view(), gradients);
        let gradients = [Some(dx), Some(d_gamma), d_beta].into_iter().flatten();
        gradients.map(Gradient::Whole).collect()
    }
}

impl<T: Real> Var<'_, T> {
    /// Layer normalization (Ba et al. 2016) of every row of `x [.., F]` by its own mean and biased
    /// variance; `gamma [F]`, `beta [F]` or 0; `epsilon` is added to the variance.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn layer_norm(self, gamma: Self, beta: Option<Self>, epsilon: T) -> Self {
        let x = self.shape();
        check::per_column("layer_norm", "gamma", gamma.shape(), x);
        let mut inputs = vec![self, gamma];
        if let Some(beta) = beta {
            check::per_column("layer_norm", "beta", beta.shape(), x);
            inputs.push(beta);
        }
        self.tape().record_one(LayerNorm { epsilon }, &inputs)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, devices, zeros};
    use crate::{Device, Shape, Tape};

    #[test]
    fn layer_norm_value() {
        for device in devices() {
            let tape = Tape::inference(&device);
            let x = tape.constant(device.tensor([2, 2], &[1.0, 3.0, 10.0, 30.0]));
            let gamma = tape.constant(device.tensor([2], &[1.0, 2.0]));
            let beta = tape.constant(device.tensor([2], &[0.0, 5.0]));
            let y = x.layer_norm(gamma, Some(beta), 0.0);
            assert_eq!(y.value().to_vec(), [-1.0, 7.0, -1.0, 7.0]);
        }
    }

    #[test]
    fn layer_norm_gradcheck() {
        check(&[&[4, 5], &[5]], |_, x| vec![x[0].layer_norm(x[1], None, 1e-3)]);
        check(&[&[2, 3, 5], &[5], &[5]], |_, x| {
            vec![x[0].layer_norm(x[1], Some(x[2]), 1e-3)]
        });
    }

    #[test]
    fn an_empty_batch_has_gradients() {
        for device in devices() {
            let shape = zeros(&device, &[&[0, 3], &[3], &[3]], |x| {
                x[0].layer_norm(x[1], Some(x[2]), 1e-3)
            });
            assert_eq!(shape, Shape::from([0, 3]));
        }
    }

    #[test]
    #[should_panic(expected = "layer_norm: beta [4] for x [2, 3]; [3], one per column, would fit")]
    fn beta_of_another_length_panics() {
        zeros(&Device::reference(), &[&[2, 3], &[3], &[4]], |x| {
            x[0].layer_norm(x[1], Some(x[2]), 1e-3)
        });
    }
}
