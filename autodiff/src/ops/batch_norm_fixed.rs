//! Batch normalization with given statistics

use kernels::{Binary, Real, Unary, backend};

use super::batch_norm::columns;
use crate::{Backward, Device, Forward, Gradient, Op, Shape, Tensor, Var, check};

/// `y = beta + gamma ⊙ (x − mean) / √(var + ε)`, where `mean` and `var` are constants:
/// `dx = gamma / √(var + ε) ⊙ dy`, `d_gamma = Σ dy ⊙ (x − mean) / √(var + ε)`, `d_beta = Σ dy`.
struct BatchNormFixed<T: Real> {
    mean: Tensor<T>,
    var: Tensor<T>,
    epsilon: T,
}

impl<T: Real> Op<T> for BatchNormFixed<T> {
    fn name(&self) -> &'static str {
        "batch_norm_fixed"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let (x, gamma, beta) = (inputs[0], inputs[1], inputs.get(2));
        let mut y = device.empty(x.shape());
        let input = backend::BatchNorm {
            x: x.view(),
            mean: self.mean.view(),
            var: self.var.view(),
            gamma: gamma.view(),
            beta: beta.map(|beta| beta.view()),
        };
        let dims = columns("batch_norm_fixed", x.shape());
        device
            .backend()
            .batch_norm(dims, self.epsilon, input, y.view_mut());
        Forward::one(y, vec![x.clone(), gamma.clone()])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (x, gamma) = (pass.saved(0), pass.saved(1));
        let dims = columns("batch_norm_fixed", x.shape());
        // [G, F] as it is repeated along the batch of [G, B, F].
        let row = [dims.groups, 1, dims.features];
        let dy = pass.dy().reshape([dims.groups, dims.batch, dims.features]);

        let mut inverse_deviation = self.var.map(Unary::Shift(self.epsilon));
        inverse_deviation.map_in_place(Unary::Sqrt);
        inverse_deviation.map_in_place(Unary::Recip);
        let dx = pass.of_input(0, || {
            let slope = inverse_deviation.zip(Binary::Mul, gamma);
            dy.zip(Binary::Mul, &slope.reshape(row)).reshape(x.shape())
        });
        let d_gamma = pass.of_input(1, || {
            let mut normalized = x.reshape(dy.shape()).zip(Binary::Sub, &self.mean.reshape(row));
            normalized.zip_in_place(Binary::Mul, &inverse_deviation.reshape(row));
            normalized.zip_in_place(Binary::Mul, &dy);
            normalized
        });
        // The tape sums both to [F].
        let mut gradients = vec![dx, d_gamma, Gradient::Whole(dy)];
        gradients.truncate(pass.inputs());
        gradients
    }
}

impl<T: Real> Var<'_, T> {
    /// Batch normalization of `x [G, B, F]` or `[B, F]` with given statistics `mean, var [G, F]`,
    /// which have no gradient: the form for evaluation. `gamma [F]`, `beta [F]` or 0; `epsilon` is
    /// added to the variance.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn batch_norm_fixed(
        self,
        gamma: Self,
        beta: Option<Self>,
        mean: &Tensor<T>,
        var: &Tensor<T>,
        epsilon: T,
    ) -> Self {
        let x = self.shape();
        let dims = columns("batch_norm_fixed", x);
        let fits = Shape::from([dims.groups, dims.features]);
        for (name, statistic) in [("mean", mean.shape()), ("var", var.shape())] {
            assert!(
                statistic == fits,
                "batch_norm_fixed: {name} {statistic} for x {x}; {fits} would fit"
            );
        }
        check::per_column("batch_norm_fixed", "gamma", gamma.shape(), x);
        let mut inputs = vec![self, gamma];
        if let Some(beta) = beta {
            check::per_column("batch_norm_fixed", "beta", beta.shape(), x);
            inputs.push(beta);
        }
        let op = BatchNormFixed {
            mean: mean.clone(),
            var: var.clone(),
            epsilon,
        };
        self.tape().record_one(op, &inputs)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, devices, inputs};
    use crate::{Device, Tape};

    #[test]
    fn equals_batch_norm_with_the_moments_of_the_batch() {
        for device in devices() {
            let tape = Tape::inference(&device);
            let [x, gamma, beta] = [[2, 5, 3].as_slice(), &[3], &[3]];
            let inputs = inputs(&device, &[x, gamma, beta], |v| v);
            let [x, gamma, beta] = [0, 1, 2].map(|i| tape.constant(inputs[i].clone()));
            let out = x.batch_norm(gamma, Some(beta), 1e-3);
            let (mean, var) = (out.mean.value(), out.var.value());
            let fixed = x.batch_norm_fixed(gamma, Some(beta), &mean, &var, 1e-3);
            assert_eq!(fixed.value().to_vec(), out.y.value().to_vec());
        }
    }

    #[test]
    fn batch_norm_fixed_gradcheck() {
        for groups in [1, 2] {
            check(&[&[groups, 5, 3], &[3], &[3]], |tape, x| {
                let device = tape.device();
                let values = [0.1, -0.2, 0.3, 0.4, 0.5, 0.6];
                let mean = device.tensor([groups, 3], &values[..groups * 3]);
                let var = mean.map(kernels::Unary::Shift(0.5));
                vec![
                    x[0].batch_norm_fixed(x[1], Some(x[2]), &mean, &var, 1e-3),
                    x[0].batch_norm_fixed(x[1], None, &mean, &var, 1e-3),
                ]
            });
        }
    }

    #[test]
    #[should_panic(expected = "batch_norm_fixed: mean [2, 3] for x [4, 3]; [1, 3] would fit")]
    fn statistics_of_another_shape_panic() {
        let device = Device::<f64>::reference();
        let tape = Tape::new(&device);
        let x = tape.leaf(device.zeros([4, 3]));
        let gamma = tape.leaf(device.zeros([3]));
        x.batch_norm_fixed(gamma, None, &device.zeros([2, 3]), &device.zeros([1, 3]), 1e-3);
    }
}
