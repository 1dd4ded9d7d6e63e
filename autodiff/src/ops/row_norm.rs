//! Normalization of rows: layer, group and RMS normalization

use kernels::backend::{self, NormGradients, RowNormOutput, RowNormSaved};
use kernels::{Real, RowMoments};

use crate::{Backward, Device, Forward, Gradient, Op, Tensor, Var, check};

/// `y = beta + gamma ⊙ x̂` with `x̂ = (x − mean) / √(var + ε)` and the moments of every group of a
/// row: with `u = gamma ⊙ dy` and means over the group,
///
/// ```text
/// dx = (u − mean(u) − x̂ ⊙ mean(u ⊙ x̂)) / √(var + ε)
/// d_gamma = Σ dy ⊙ x̂,   d_beta = Σ dy
/// ```
///
/// Not centered, `mean` is 0 and `mean(u)` is left out.
struct RowNorm<T> {
    epsilon: T,
    moments: RowMoments,
}

impl<T: Real> Op<T> for RowNorm<T> {
    fn name(&self) -> &'static str {
        "row_norm"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let (x, gamma, beta) = (inputs[0], inputs[1], inputs.get(2));
        let dims = x.shape().rows();
        let mut y = device.empty(x.shape());
        let mut mean = device.empty([dims.rows, self.moments.groups]);
        let mut inverse_deviation = device.empty([dims.rows, self.moments.groups]);
        let input = backend::RowNorm {
            x: x.view(),
            gamma: gamma.view(),
            beta: beta.map(|beta| beta.view()),
        };
        let output = RowNormOutput {
            y: y.view_mut(),
            mean: mean.view_mut(),
            inverse_deviation: inverse_deviation.view_mut(),
        };
        let backend = device.backend();
        backend.row_norm(dims, self.moments, self.epsilon, input, output);
        Forward::one(y, vec![x.clone(), gamma.clone(), mean, inverse_deviation])
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (x, gamma) = (pass.saved(0), pass.saved(1));
        let device = pass.device();
        let mut dx = device.empty(x.shape());
        let mut d_gamma = device.empty(gamma.shape());
        let mut d_beta = (pass.inputs() == 3).then(|| device.empty(gamma.shape()));
        let saved = RowNormSaved {
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
        let (backend, dims) = (device.backend(), x.shape().rows());
        backend.row_norm_backward(dims, self.moments, saved, pass.dy().view(), gradients);
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
        self.normalize_rows("layer_norm", (gamma, beta), epsilon, RowMoments::LAYER)
    }

    /// Normalization of the rows of `x [.., F]`, every one by its own moments:
    ///
    /// ```text
    /// y = beta + gamma ⊙ (x − mean) / √(var + ε)
    /// ```
    ///
    /// `moments.groups` groups of consecutive features have a mean and a biased variance each: one
    /// is layer normalization (Ba et al. 2016), several are group normalization (Wu and He 2018).
    /// Where they are not `centered`, `mean` is 0 and `var` the mean square: RMS normalization
    /// (Zhang and Sennrich 2019). `gamma [F]`, `beta [F]` or 0.
    ///
    /// # Panics
    /// If the shapes do not fit, or the groups do not divide `F`.
    #[track_caller]
    pub fn row_norm(self, gamma: Self, beta: Option<Self>, epsilon: T, moments: RowMoments) -> Self {
        self.normalize_rows("row_norm", (gamma, beta), epsilon, moments)
    }

    #[track_caller]
    fn normalize_rows(
        self,
        op: &str,
        (gamma, beta): (Self, Option<Self>),
        epsilon: T,
        moments: RowMoments,
    ) -> Self {
        let x = self.shape();
        check::groups(op, moments.groups, x);
        check::per_column(op, "gamma", gamma.shape(), x);
        let mut inputs = vec![self, gamma];
        if let Some(beta) = beta {
            check::per_column(op, "beta", beta.shape(), x);
            inputs.push(beta);
        }
        self.tape().record_one(RowNorm { epsilon, moments }, &inputs)
    }
}

#[cfg(test)]
mod tests {
    use kernels::RowMoments;

    use crate::testing::{check, devices, zeros};
    use crate::{Device, Shape, Tape};

    fn moments(groups: usize, centered: bool) -> RowMoments {
        RowMoments { groups, centered }
    }

    #[test]
    fn row_norm_value() {
        for device in devices() {
            let tape = Tape::inference(&device);
            // Mean squares of the halves: 25, 4, 100, 1.
            let x = [5.0, -5.0, 2.0, 2.0, 10.0, 10.0, -1.0, 1.0];
            let x = tape.constant(device.tensor([2, 4], &x));
            let gamma = tape.constant(device.tensor([4], &[1.0, 2.0, 3.0, 4.0]));
            let beta = tape.constant(device.tensor([4], &[0.0, 0.0, 5.0, 5.0]));
            let rms = x.row_norm(gamma, Some(beta), 0.0, moments(2, false));
            assert_eq!(rms.value().to_vec(), [1.0, -2.0, 8.0, 9.0, 1.0, 2.0, 2.0, 9.0]);
            // About the means 0, 2, 10 and 0, of which two leave nothing.
            let group = x.row_norm(gamma, Some(beta), 1e-300, moments(2, true));
            assert_eq!(group.value().to_vec(), [1.0, -2.0, 5.0, 5.0, 0.0, 0.0, 2.0, 9.0]);
            let alone = x.row_norm(gamma, None, 0.0, moments(4, false));
            assert_eq!(alone.value().to_vec(), [1.0, -2.0, 3.0, 4.0, 1.0, 2.0, -3.0, 4.0]);
        }
    }

    #[test]
    fn row_norm_gradcheck() {
        for groups in [1, 2, 5] {
            for centered in [true, false] {
                // Elements that are alone and centered have no gradient but that of beta.
                let features = if groups == 5 && centered { 15 } else { 10 };
                check(&[&[2, 3, features], &[features], &[features]], |_, x| {
                    vec![x[0].row_norm(x[1], Some(x[2]), 1e-3, moments(groups, centered))]
                });
            }
        }
        check(&[&[3, 5], &[5]], |_, x| {
            vec![x[0].row_norm(x[1], None, 0.1, moments(5, false))]
        });
    }

    #[test]
    #[should_panic(expected = "row_norm: 3 groups of the features of x [2, 4]; 1, 2, 4 would fit")]
    fn groups_that_do_not_divide_the_features_panic() {
        zeros(&Device::reference(), &[&[2, 4], &[4]], |x| {
            x[0].row_norm(x[1], None, 1e-3, moments(3, true))
        });
    }

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
            for groups in [1, 3] {
                let shape = zeros(&device, &[&[0, 3], &[3], &[3]], |x| {
                    x[0].row_norm(x[1], Some(x[2]), 1e-3, moments(groups, groups == 1))
                });
                assert_eq!(shape, Shape::from([0, 3]));
            }
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
