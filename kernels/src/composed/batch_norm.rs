//! Moments over the batch axis and batch normalization.

use super::Device;
use crate::Real;
use crate::backend::{Backend, BatchNorm, NormGradients};
use crate::buffer::{Buffer, View, ViewMut};
use crate::check;
use crate::dims::{Axis, Broadcast, Columns, Rows};
use crate::functions::{Binary, Reduce};

/// `[G, B, F]` with one value for each `[G, F]`.
fn per_group(dims: Columns) -> Broadcast {
    let Columns {
        groups,
        batch,
        features,
    } = dims;
    Broadcast {
        shape: [1, groups, batch, features],
        a: [0, batch * features, features, 1],
        b: [0, features, 0, 1],
    }
}

/// `[G, B, F]` with one value for each `[F]`.
fn per_feature(dims: Columns) -> Broadcast {
    Broadcast::rows(dims.groups * dims.batch, dims.features)
}

fn batch_axis(dims: Columns) -> Axis {
    Axis {
        outer: dims.groups,
        axis: dims.batch,
        inner: dims.features,
    }
}

/// [`Backend::moments`]
pub fn moments<T: Real>(
    backend: &dyn Backend<T>,
    dims: Columns,
    x: View<'_, T>,
    mut mean: ViewMut<'_, T>,
    mut var: ViewMut<'_, T>,
) {
    check::moments(&dims, x.len, mean.len, var.len);
    let device = Device(backend);
    backend.reduce(Reduce::Sum, batch_axis(dims), x, mean.reborrow());
    device.divide(mean.reborrow(), dims.batch);
    let centred = device.broadcast(Binary::Sub, &per_group(dims), x, mean.as_view());
    backend.reduce(
        Reduce::SumSquares,
        batch_axis(dims),
        centred.view(),
        var.reborrow(),
    );
    device.divide(var, dims.batch);
}

/// `x̂ [G, B, F]`, and `1 / √(var + epsilon) [G, F]`.
fn standardized<T: Real>(
    backend: &dyn Backend<T>,
    dims: Columns,
    epsilon: T,
    input: BatchNorm<'_, T>,
) -> (Buffer<T>, Buffer<T>) {
    let device = Device(backend);
    let inverse = device.inverse_deviation(input.var, epsilon);
    let mut x_hat = device.broadcast(Binary::Sub, &per_group(dims), input.x, input.mean);
    backend.zip_in_place(Binary::Mul, &per_group(dims), x_hat.view_mut(), inverse.view());
    (x_hat, inverse)
}

/// [`Backend::batch_norm`]
pub fn forward<T: Real>(
    backend: &dyn Backend<T>,
    dims: Columns,
    epsilon: T,
    input: BatchNorm<'_, T>,
    mut y: ViewMut<'_, T>,
) {
    check::batch_norm(&dims, &input, y.len);
    let (x_hat, _) = standardized(backend, dims, epsilon, input);
    let each = per_feature(dims);
    backend.zip(Binary::Mul, &each, x_hat.view(), input.gamma, y.reborrow());
    if let Some(beta) = input.beta {
        backend.zip_in_place(Binary::Add, &each, y, beta);
    }
}

/// [`Backend::batch_norm_backward`]
pub fn backward<T: Real>(
    backend: &dyn Backend<T>,
    dims: Columns,
    epsilon: T,
    input: BatchNorm<'_, T>,
    dy: View<'_, T>,
    gradients: NormGradients<'_, T>,
) {
    check::batch_norm_backward(&dims, &input, dy.len, &gradients);
    let device = Device(backend);
    let (mut x_hat, inverse) = standardized(backend, dims, epsilon, input);

    // Σ dy and Σ dy ⊙ x̂ over the batch, [G, F]
    let mut sum = device.reduce(Reduce::Sum, batch_axis(dims), dy);
    let product = device.zip(Binary::Mul, dy, x_hat.view());
    let mut projected = device.reduce(Reduce::Sum, batch_axis(dims), product.view());
    let groups = Rows {
        rows: dims.groups,
        columns: dims.features,
    };
    sum_of_rows(backend, groups, projected.view(), gradients.d_gamma);
    if let Some(d_beta) = gradients.d_beta {
        sum_of_rows(backend, groups, sum.view(), d_beta);
    }

    device.divide(sum.view_mut(), dims.batch);
    device.divide(projected.view_mut(), dims.batch);
    let each = per_group(dims);
    let mut dx = gradients.dx;
    backend.zip(Binary::Sub, &each, dy, sum.view(), dx.reborrow());
    backend.zip_in_place(Binary::Mul, &each, x_hat.view_mut(), projected.view());
    device.update(Binary::Sub, dx.reborrow(), x_hat.view());
    backend.zip_in_place(Binary::Mul, &each, dx.reborrow(), inverse.view());
    backend.zip_in_place(Binary::Mul, &per_feature(dims), dx, input.gamma);
}

/// Sums `x [R, F]` over its rows.
pub(super) fn sum_of_rows<T: Real>(backend: &dyn Backend<T>, dims: Rows, x: View<'_, T>, y: ViewMut<'_, T>) {
    let axis = Axis {
        outer: 1,
        axis: dims.rows,
        inner: dims.columns,
    };
    backend.reduce(Reduce::Sum, axis, x, y);
}
