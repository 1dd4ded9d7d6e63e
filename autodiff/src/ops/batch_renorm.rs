//! Batch renormalization

use kernels::{Binary, Real, Unary};

use super::batch_norm::{BatchNormalized, columns};
use crate::{Shape, Tensor, Var, check};

/// `min(max(x, low), high)`, elementwise; NaN stays.
fn clip<T: Real>(x: &Tensor<T>, low: T, high: T) -> Tensor<T> {
    let bound = |value: T| x.device().full([1], value);
    let mut y = x.zip(Binary::Max, &bound(low));
    y.map_in_place(Unary::Neg);
    y.zip_in_place(Binary::Max, &bound(-high));
    y.map_in_place(Unary::Neg);
    y
}

impl<'t, T: Real> Var<'t, T> {
    /// Batch renormalization (Ioffe 2017, algorithm 1) of `x [G, B, F]`, every group by its own
    /// moments over `B`, corrected towards those of a population, `mean, std [G, F]`; `[B, F]` is
    /// one group. With `s = √(var + ε)` and `limits = (r_max, d_max)`,
    ///
    /// ```text
    /// y = beta + gamma ⊙ ((x − mean_B) / s ⊙ r + d)
    /// r = clip(s / std, 1 / r_max, r_max),   d = clip((mean_B − mean) / std, −d_max, d_max)
    /// ```
    ///
    /// `r` and `d` count as constants: no gradient goes through them. `gamma [F]`, `beta [F]` or 0.
    /// With limits of 1 and 0 it is [`batch_norm`](Var::batch_norm).
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn batch_renorm(
        self,
        gamma: Self,
        beta: Option<Self>,
        epsilon: T,
        mean: &Tensor<T>,
        std: &Tensor<T>,
        limits: (T, T),
    ) -> BatchNormalized<'t, T> {
        let op = "batch_renorm";
        let (tape, x) = (self.tape(), self.shape());
        let dims = columns(op, x);
        let fits = Shape::from([dims.groups, dims.features]);
        for (name, statistic) in [("mean", mean.shape()), ("std", std.shape())] {
            assert!(
                statistic == fits,
                "{op}: {name} {statistic} for x {x}; {fits} would fit"
            );
        }
        check::per_column(op, "gamma", gamma.shape(), x);
        beta.inspect(|beta| check::per_column(op, "beta", beta.shape(), x));

        let ones = tape.constant(tape.device().full([dims.features], T::one()));
        let normalized = self.batch_norm(ones, None, epsilon);
        let mut deviation = normalized.var.value().map(Unary::Shift(epsilon));
        deviation.map_in_place(Unary::Sqrt);
        let moved = normalized.mean.value().zip(Binary::Sub, mean);
        let (r_max, d_max) = limits;
        let r = clip(&deviation.zip(Binary::Div, std), T::one() / r_max, r_max);
        let d = clip(&moved.zip(Binary::Div, std), -d_max, d_max);
        // [G, F] as it is repeated along the batch.
        let row = match x.rank() {
            2 => fits,
            _ => Shape::from([dims.groups, 1, dims.features]),
        };
        let [r, d] = [r, d].map(|correction| tape.constant(correction.reshape(row)));
        let y = gamma * (normalized.y * r + d);
        BatchNormalized {
            y: beta.map_or(y, |beta| y + beta),
            ..normalized
        }
    }
}

#[cfg(test)]
mod tests {
    use kernels::{Binary, Unary};

    use crate::testing::{check, devices, inputs, zeros};
    use crate::{Device, Shape, Tape};

    /// Columns with moments 2, 1 and 16, 64; `r` and `d` are 1/2 and 1/2 in the first, 4 and 8 in
    /// the second before they are clipped to 2 and 3.
    #[test]
    fn batch_renorm_value_and_gradient() {
        for device in devices() {
            let tape = Tape::new(&device);
            let columns = |values| device.tensor([4, 2], values);
            let x = tape.leaf(columns(&[1.0, 8.0, 1.0, 8.0, 3.0, 24.0, 3.0, 24.0]));
            let gamma = tape.leaf(device.tensor([2], &[3.0, 2.0]));
            let beta = tape.leaf(device.tensor([2], &[0.0, 5.0]));
            let mean = device.tensor([1, 2], &[1.0, 0.0]);
            let std = device.tensor([1, 2], &[2.0, 2.0]);
            let out = x.batch_renorm(gamma, Some(beta), 0.0, &mean, &std, (2.0, 3.0));
            let y = [0.0, 7.0, 0.0, 7.0, 3.0, 15.0, 3.0, 15.0];
            assert_eq!(out.y.value().to_vec(), y);
            assert_eq!(out.mean.value().to_vec(), [2.0, 16.0]);
            assert_eq!(out.var.value().to_vec(), [1.0, 64.0]);
            let dy = columns(&[1.0, 2.0, 2.0, 2.0, 5.0, 4.0, 4.0, 8.0]);
            let gradients = tape.backward_from(&[(out.y, dy)]);
            // γ r / s (dy − mean(dy) − x̂ mean(dy x̂)): 3/2 (dy − 3 ± 3/2) and 1/2 (dy − 4 ± 2)
            let dx = [-0.75, 0.0, 0.75, 0.0, 0.75, -1.0, -0.75, 1.0];
            assert_eq!(gradients.get(x).unwrap().to_vec(), dx);
            // Σ dy (r x̂ + d): 6/2 + 12/2 and 8 · 2 + 16 · 3
            assert_eq!(gradients.get(gamma).unwrap().to_vec(), [9.0, 64.0]);
            assert_eq!(gradients.get(beta).unwrap().to_vec(), [12.0, 16.0]);
        }
    }

    /// Far from the population, both corrections stay at their limits, where the constants that
    /// they count as are also what they are.
    #[test]
    fn batch_renorm_gradcheck() {
        for shape in [[2, 5, 3].as_slice(), &[5, 3]] {
            let groups = if shape.len() == 3 { 2 } else { 1 };
            check(&[shape, &[3], &[3]], |tape, x| {
                let mean = tape.device().full([groups, 3], 9.0);
                let std = tape.device().full([groups, 3], 0.01);
                let outputs = [Some(x[2]), None].map(|beta| {
                    let out = x[0].batch_renorm(x[1], beta, 1e-3, &mean, &std, (1.5, 0.5));
                    [out.y, out.mean, out.var]
                });
                outputs.concat()
            });
        }
    }

    /// Between the limits the moments of the batch cancel from the value, `(x − mean) / std` of the
    /// population, and not from the gradient, which is that of batch normalization times `r`.
    #[test]
    fn between_the_limits_values_are_those_of_the_population() {
        for device in devices() {
            let tape = Tape::new(&device);
            let given = inputs(&device, &[&[2, 5, 3], &[3], &[3], &[2, 5, 3]], |v| v);
            let [x, gamma, beta] = [0, 1, 2].map(|i| tape.leaf(given[i].clone()));
            let mean = device.tensor([2, 3], &[0.1, -0.2, 0.3, 0.4, 0.5, 0.6]);
            let std = mean.map(Unary::Shift(0.7));
            let epsilon = 1e-3;
            let out = x.batch_renorm(gamma, Some(beta), epsilon, &mean, &std, (1e3, 1e3));
            let var = std
                .map(Unary::Square)
                .zip(Binary::Sub, &device.full([1], epsilon));
            let fixed = x.batch_norm_fixed(gamma, Some(beta), &mean, &var, epsilon);
            // Values of magnitude one after a dozen roundings.
            let close = |got: Vec<f64>, want: Vec<f64>| {
                assert_eq!(got.len(), want.len());
                for (got, want) in got.into_iter().zip(want) {
                    assert!((got - want).abs() < 1e-13, "{got} for {want}");
                }
            };
            close(out.y.value().to_vec(), fixed.value().to_vec());

            let plain = x.batch_norm(gamma, Some(beta), epsilon);
            let dy = given[3].clone();
            let got = tape.backward_from(&[(out.y, dy.clone())]);
            let deviation = plain.var.value().map(Unary::Shift(epsilon)).map(Unary::Sqrt);
            let r = deviation.zip(Binary::Div, &std).reshape([2, 1, 3]);
            let want = tape.backward_from(&[(plain.y, dy.zip(Binary::Mul, &r))]);
            close(got.get(x).unwrap().to_vec(), want.get(x).unwrap().to_vec());
        }
    }

    #[test]
    fn an_empty_batch_has_gradients() {
        for device in devices() {
            let shape = zeros(&device, &[&[2, 0, 3], &[3], &[3]], |x| {
                let [mean, std] = [0.0, 1.0].map(|value| device.full([2, 3], value));
                let out = x[0].batch_renorm(x[1], Some(x[2]), 1e-3, &mean, &std, (3.0, 5.0));
                out.y
            });
            assert_eq!(shape, Shape::from([2, 0, 3]));
        }
    }

    #[test]
    #[should_panic(expected = "batch_renorm: std [2, 3] for x [4, 3]; [1, 3] would fit")]
    fn statistics_of_another_shape_panic() {
        let device = Device::<f64>::reference();
        let tape = Tape::new(&device);
        let x = tape.leaf(device.zeros([4, 3]));
        let gamma = tape.leaf(device.zeros([3]));
        let (mean, std) = (device.zeros([1, 3]), device.zeros([2, 3]));
        x.batch_renorm(gamma, None, 1e-3, &mean, &std, (3.0, 5.0));
    }
}
