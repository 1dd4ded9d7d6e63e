//! Normalization by given moments, with a backward pass that is controlled.

use autodiff::{Backward, Device, Forward, Gradient, Op, Tensor, Var};
use kernels::{Binary, Real, Reduce, Unary};

/// `y = (x − mean) / √(var + ε)` for `x [G, B, F]` and moments `[G, F]` that are constants, whose
/// gradient is moved towards what it would be if they were those of the data.
///
/// The controllers `e_y, e_1 [G, F]` come in as inputs and go out unchanged as outputs, for the next
/// operation that is to share them. What flows back along them is no gradient but how much they
/// have changed since the backward pass began, so that each operation finds what those after it
/// made of them, and the leaf in the end receives its increment:
///
/// ```text
/// dx̃ = dy − e_y ⊙ y,              e_y ← e_y + gain · mean_B(dx̃ ⊙ y) / max(1, gain · mean_B(y²))
/// dx = dx̃ / √(var + ε) − e_1,     e_1 ← e_1 + gain · mean_B(dx)
/// ```
struct Controlled<T: Real> {
    mean: Tensor<T>,
    var: Tensor<T>,
    epsilon: T,
    gain: T,
}

/// `e_y` and `e_1`, `[G, F]` each.
#[derive(Clone, Copy, Debug)]
pub(in crate::norm) struct Controllers<'t, T: Real> {
    pub scale: Var<'t, T>,
    pub shift: Var<'t, T>,
}

/// [`Controlled`] of `x [G, B, F]` or `[B, F]`, and the controllers for what comes next.
pub(super) fn controlled<'t, T: Real>(
    x: Var<'t, T>,
    (mean, var): (&Tensor<T>, &Tensor<T>),
    epsilon: T,
    controllers: Controllers<'t, T>,
    gain: T,
) -> (Var<'t, T>, Controllers<'t, T>) {
    let shape = x.shape();
    let [batch, features] = [2, 1].map(|axis| shape.extent(shape.rank() - axis));
    let groups = mean.shape().extent(0);
    let op = Controlled {
        mean: mean.clone(),
        var: var.clone(),
        epsilon,
        gain,
    };
    let inputs = [
        x.reshape([groups, batch, features]),
        controllers.scale,
        controllers.shift,
    ];
    let out = x.tape().record(op, &inputs);
    let next = Controllers {
        scale: out[1],
        shift: out[2],
    };
    (out[0].reshape(shape), next)
}

impl<T: Real> Op<T> for Controlled<T> {
    fn name(&self) -> &'static str {
        "online_norm"
    }

    fn forward(&self, _: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let (x, scale, shift) = (inputs[0], inputs[1], inputs[2]);
        let mut inverse_deviation = self.var.map(Unary::Shift(self.epsilon));
        inverse_deviation.map_in_place(Unary::Sqrt);
        inverse_deviation.map_in_place(Unary::Recip);
        let mut y = x.zip(Binary::Sub, &row(&self.mean));
        y.zip_in_place(Binary::Mul, &row(&inverse_deviation));
        Forward {
            saved: vec![y.clone(), inverse_deviation, scale.clone(), shift.clone()],
            outputs: vec![y, scale.clone(), shift.clone()],
        }
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let (mut changed_scale, mut changed_shift) = (pass.gradient_or_zeros(1), pass.gradient_or_zeros(2));
        let Some(dy) = pass.gradient(0) else {
            // Nothing depends on this step: it has nothing to learn from.
            let controllers = [changed_scale, changed_shift].map(Gradient::Whole);
            return [Gradient::None].into_iter().chain(controllers).collect();
        };
        let (y, inverse_deviation) = (pass.saved(0), pass.saved(1));
        let scale = pass.saved(2).zip(Binary::Add, &changed_scale);
        let shift = pass.saved(3).zip(Binary::Add, &changed_shift);

        let mut dx = y.zip(Binary::Mul, &row(&scale));
        dx.map_in_place(Unary::Neg);
        dx.zip_in_place(Binary::Add, dy);
        let mut scale_error = batch_mean(&dx.zip(Binary::Mul, y));
        scale_error.zip_in_place(Binary::Div, &self.damping(y));
        changed_scale.add_scaled(self.gain, &scale_error);
        dx.zip_in_place(Binary::Mul, &row(inverse_deviation));
        dx.zip_in_place(Binary::Sub, &row(&shift));
        changed_shift.add_scaled(self.gain, &batch_mean(&dx));
        [dx, changed_scale, changed_shift]
            .into_iter()
            .map(Gradient::Whole)
            .collect()
    }
}

impl<T: Real> Controlled<T> {
    /// `max(1, gain · mean_B(y²))`, `[G, F]`: what the correction of `e_y` is divided by.
    ///
    /// Example by example `e_y` would shrink by `1 − (1 − α_b) y²` each time; for all examples of a
    /// batch at once that is `1 − gain · mean_B(y²)`, which must not become negative while the
    /// estimates are still far from the data and `y` is large, or `e_y` would swing up without bound.
    fn damping(&self, y: &Tensor<T>) -> Tensor<T> {
        let mut damping = batch_mean(&y.zip(Binary::Mul, y)).map(Unary::Scale(self.gain));
        let one = damping.device().full([1], T::one());
        damping.zip_in_place(Binary::Max, &one);
        damping
    }
}

/// `mean_B` of `[G, B, F]`, `[G, F]`.
fn batch_mean<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let batch = T::of(x.shape().extent(1) as f64);
    x.reduce(Reduce::Sum, 1).map(Unary::Scale(T::one() / batch))
}

/// `[G, F]` as it is repeated along the batch of `[G, B, F]`.
fn row<T: Real>(table: &Tensor<T>) -> Tensor<T> {
    let shape = table.shape();
    table.reshape([shape.extent(0), 1, shape.extent(1)])
}
