//! Batch normalization with the moments of the batch

use kernels::backend::{self, NormGradients};
use kernels::{Binary, Columns, Real, Unary};

use crate::{Backward, Device, Forward, Gradient, Op, Shape, Tensor, Var, check};

/// `y = beta + gamma ⊙ (x − mean) / √(var + ε)` with the moments of `x` over `B`.
///
/// The outputs are `y`, `mean` and `var`, and a gradient may arrive at each. With
/// `x̂ = (x − mean) / √(var + ε)`,
///
/// ```text
/// dx = gamma / √(var + ε) ⊙ (dy − mean_B(dy) − x̂ ⊙ mean_B(dy ⊙ x̂))
///    + d_mean / B + 2 (x − mean) ⊙ d_var / B
/// d_gamma = Σ dy ⊙ x̂,   d_beta = Σ dy
/// ```
struct BatchNorm<T> {
    epsilon: T,
}

/// A batch-normalized value with the moments that it was normalized by.
#[derive(Clone, Copy, Debug)]
pub struct BatchNormalized<'t, T: Real> {
    /// Shape of `x`.
    pub y: Var<'t, T>,
    /// `[G, F]`
    pub mean: Var<'t, T>,
    /// `[G, F]`, biased
    pub var: Var<'t, T>,
}

/// `[G, B, F]`, or `[B, F]` as one group.
#[track_caller]
pub(super) fn columns(op: &str, x: Shape) -> Columns {
    let (groups, batch, features) = match *x.dims() {
        [batch, features] => (1, batch, features),
        [groups, batch, features] => (groups, batch, features),
        _ => panic!("{op}: x {x}; [G, B, F] or [B, F] would fit"),
    };
    Columns {
        groups,
        batch,
        features,
    }
}

impl<T: Real> Op<T> for BatchNorm<T> {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let (x, gamma, beta) = (inputs[0], inputs[1], inputs.get(2));
        let dims = columns("batch_norm", x.shape());
        let mut mean = device.empty([dims.groups, dims.features]);
        let mut var = device.empty([dims.groups, dims.features]);
        let mut y = device.empty(x.shape());
        let backend = device.backend();
        backend.moments(dims, x.view(), mean.view_mut(), var.view_mut());
        let input = backend::BatchNorm {
            x: x.view(),
            mean: mean.view(),
            var: var.view(),
            gamma: gamma.view(),
            beta: beta.map(|beta| beta.view()),
        };
        backend.batch_norm(dims, self.epsilon, input, y.view_mut());
        Forward {
            saved: vec![x.clone(), gamma.clone(), mean.clone(), var.clone()],
            outputs: vec![y, mean, var],
        }
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (mut dx, mut gradients) = match pass.gradient(0) {
            Some(dy) => self.through_y(pass, dy),
            None => (pass.device().zeros(pass.input_shape(0)), vec![]),
        };
        if pass.needs(0) {
            through_moments(pass, &mut dx);
        }
        gradients.insert(0, Gradient::Whole(dx));
        gradients.resize_with(pass.inputs(), || Gradient::None);
        gradients
    }
}

impl<T: Real> BatchNorm<T> {
    /// `dx`, and the gradients of `gamma` and `beta`.
    fn through_y(&self, pass: &Backward<'_, T>, dy: &Tensor<T>) -> (Tensor<T>, Vec<Gradient<T>>) {
        let (x, gamma) = (pass.saved(0), pass.saved(1));
        let device = pass.device();
        let mut dx = device.empty(x.shape());
        let mut d_gamma = device.empty(gamma.shape());
        let mut d_beta = (pass.inputs() == 3).then(|| device.empty(gamma.shape()));
        let input = backend::BatchNorm {
            x: x.view(),
            mean: pass.saved(2).view(),
            var: pass.saved(3).view(),
            gamma: gamma.view(),
            beta: None,
        };
        let gradients = NormGradients {
            dx: dx.view_mut(),
            d_gamma: d_gamma.view_mut(),
            d_beta: d_beta.as_mut().map(Tensor::view_mut),
        };
        let dims = columns("batch_norm", x.shape());
        let backend = device.backend();
        backend.batch_norm_backward(dims, self.epsilon, input, dy.view(), gradients);
        let parameters = [Some(d_gamma), d_beta].into_iter().flatten();
        (dx, parameters.map(Gradient::Whole).collect())
    }
}

/// Adds to `dx` what arrives at the mean and at the variance.
fn through_moments<T: Real>(pass: &Backward<'_, T>, dx: &mut Tensor<T>) {
    let (x, mean) = (pass.saved(0), pass.saved(2));
    let dims = columns("batch_norm", x.shape());
    let count = T::of(dims.batch as f64);
    // [G, F] as it is repeated along the batch of [G, B, F].
    let row = [dims.groups, 1, dims.features];
    let batch = [dims.groups, dims.batch, dims.features];
    let mut sum = dx.reshape(batch);
    if let Some(d_mean) = pass.gradient(1) {
        let share = d_mean.map(Unary::Scale(T::one() / count));
        sum.zip_in_place(Binary::Add, &share.reshape(row));
    }
    if let Some(d_var) = pass.gradient(2) {
        let share = d_var.map(Unary::Scale(T::of(2.0) / count));
        let mut centred = x.reshape(batch).zip(Binary::Sub, &mean.reshape(row));
        centred.zip_in_place(Binary::Mul, &share.reshape(row));
        sum.add_scaled(T::one(), &centred);
    }
    *dx = sum.reshape(x.shape());
}

impl<'t, T: Real> Var<'t, T> {
    /// Batch normalization (Ioffe and Szegedy 2015) of `x [G, B, F]`, every group by its own mean
    /// and biased variance over `B`; `[B, F]` is one group. `gamma [F]`, `beta [F]` or 0; `epsilon`
    /// is added to the variance.
    ///
    /// With `G = T`, one call normalizes all time steps of a sequence, each by its own moments.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn batch_norm(self, gamma: Self, beta: Option<Self>, epsilon: T) -> BatchNormalized<'t, T> {
        let x = self.shape();
        columns("batch_norm", x);
        check::per_column("batch_norm", "gamma", gamma.shape(), x);
        let mut inputs = vec![self, gamma];
        if let Some(beta) = beta {
            check::per_column("batch_norm", "beta", beta.shape(), x);
            inputs.push(beta);
        }
        let outputs = self.tape().record(BatchNorm { epsilon }, &inputs);
        BatchNormalized {
            y: outputs[0],
            mean: outputs[1],
            var: outputs[2],
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, devices, zeros};
    use crate::{Device, Shape, Tape};

    #[test]
    fn batch_norm_value() {
        for device in devices() {
            let tape = Tape::inference(&device);
            let x = tape.constant(device.tensor([2, 2], &[1.0, 10.0, 3.0, 30.0]));
            let gamma = tape.constant(device.tensor([2], &[1.0, 2.0]));
            let beta = tape.constant(device.tensor([2], &[0.0, 5.0]));
            let out = x.batch_norm(gamma, Some(beta), 0.0);
            assert_eq!(out.y.value().to_vec(), [-1.0, 3.0, 1.0, 7.0]);
            assert_eq!(out.mean.value().to_vec(), [2.0, 20.0]);
            assert_eq!(out.var.value().to_vec(), [1.0, 100.0]);
            assert_eq!(out.mean.shape(), Shape::from([1, 2]));
        }
    }

    #[test]
    fn batch_norm_gradcheck() {
        check(&[&[5, 3], &[3]], |_, x| vec![x[0].batch_norm(x[1], None, 1e-3).y]);
        check(&[&[2, 5, 3], &[3], &[3]], |_, x| {
            vec![x[0].batch_norm(x[1], Some(x[2]), 1e-3).y]
        });
    }

    #[test]
    fn moments_gradcheck() {
        check(&[&[2, 5, 3], &[3], &[3]], |_, x| {
            let out = x[0].batch_norm(x[1], Some(x[2]), 1e-3);
            vec![out.y, out.mean, out.var]
        });
    }

    #[test]
    fn moments_alone_gradcheck() {
        check(&[&[2, 5, 3]], |tape, x| {
            let gamma = tape.constant(tape.device().full([3], 1.0));
            let out = x[0].batch_norm(gamma, None, 1e-3);
            vec![out.mean, out.var]
        });
        check(&[&[4, 3]], |tape, x| {
            let gamma = tape.constant(tape.device().full([3], 1.0));
            vec![x[0].batch_norm(gamma, None, 1e-3).var]
        });
    }

    #[test]
    fn an_empty_batch_has_gradients() {
        for device in devices() {
            let shape = zeros(&device, &[&[2, 0, 3], &[3], &[3]], |x| {
                x[0].batch_norm(x[1], Some(x[2]), 1e-3).y
            });
            assert_eq!(shape, Shape::from([2, 0, 3]));
        }
    }

    #[test]
    #[should_panic(expected = "batch_norm: gamma [4] for x [2, 3]; [3], one per column, would fit")]
    fn gamma_of_another_length_panics() {
        zeros(&Device::reference(), &[&[2, 3], &[4]], |x| {
            x[0].batch_norm(x[1], None, 1e-3).y
        });
    }
}
