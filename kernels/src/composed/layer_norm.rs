//! Layer normalization.

use super::Device;
use super::batch_norm::sum_of_rows;
use crate::Real;
use crate::backend::{Backend, LayerNorm, LayerNormOutput, LayerNormSaved, NormGradients};
use crate::buffer::{Buffer, View};
use crate::check;
use crate::dims::{Axis, Broadcast, Rows};
use crate::functions::{Binary, Reduce};

fn feature_axis(dims: Rows) -> Axis {
    Axis {
        outer: dims.rows,
        axis: dims.columns,
        inner: 1,
    }
}

/// [`Backend::layer_norm`]
pub fn forward<T: Real>(
    backend: &dyn Backend<T>,
    dims: Rows,
    epsilon: T,
    input: LayerNorm<'_, T>,
    output: LayerNormOutput<'_, T>,
) {
    check::layer_norm(&dims, &input, &output);
    let device = Device(backend);
    let per_row = Broadcast::columns(dims.rows, dims.columns);
    let per_feature = Broadcast::rows(dims.rows, dims.columns);
    let (mut y, mut mean) = (output.y, output.mean);

    backend.reduce(Reduce::Sum, feature_axis(dims), input.x, mean.reborrow());
    device.divide(mean.reborrow(), dims.columns);
    backend.zip(Binary::Sub, &per_row, input.x, mean.as_view(), y.reborrow());
    let mut var = device.reduce(Reduce::SumSquares, feature_axis(dims), y.as_view());
    device.divide(var.view_mut(), dims.columns);
    let inverse = device.inverse_deviation(var.view(), epsilon);

    backend.zip_in_place(Binary::Mul, &per_row, y.reborrow(), inverse.view());
    backend.zip_in_place(Binary::Mul, &per_feature, y.reborrow(), input.gamma);
    if let Some(beta) = input.beta {
        backend.zip_in_place(Binary::Add, &per_feature, y, beta);
    }
    device.copy(inverse.view(), output.inverse_deviation);
}

/// `x̂ [R, F]`
fn standardized<T: Real>(device: Device<'_, T>, dims: Rows, saved: LayerNormSaved<'_, T>) -> Buffer<T> {
    let per_row = Broadcast::columns(dims.rows, dims.columns);
    let mut x_hat = device.broadcast(Binary::Sub, &per_row, saved.x, saved.mean);
    let inverse = saved.inverse_deviation;
    device
        .0
        .zip_in_place(Binary::Mul, &per_row, x_hat.view_mut(), inverse);
    x_hat
}

/// [`Backend::layer_norm_backward`]
pub fn backward<T: Real>(
    backend: &dyn Backend<T>,
    dims: Rows,
    saved: LayerNormSaved<'_, T>,
    dy: View<'_, T>,
    gradients: NormGradients<'_, T>,
) {
    check::layer_norm_backward(&dims, &saved, dy.len, &gradients);
    let device = Device(backend);
    let per_row = Broadcast::columns(dims.rows, dims.columns);
    let mut x_hat = standardized(device, dims, saved);

    let product = device.zip(Binary::Mul, dy, x_hat.view());
    sum_of_rows(backend, dims, product.view(), gradients.d_gamma);
    if let Some(d_beta) = gradients.d_beta {
        sum_of_rows(backend, dims, dy, d_beta);
    }

    // u = gamma ⊙ dy, and its means over F, plain and times x̂
    let per_feature = Broadcast::rows(dims.rows, dims.columns);
    let mut dx = gradients.dx;
    backend.zip(Binary::Mul, &per_feature, dy, saved.gamma, dx.reborrow());
    let mut mean_u = device.reduce(Reduce::Sum, feature_axis(dims), dx.as_view());
    device.divide(mean_u.view_mut(), dims.columns);
    let product = device.zip(Binary::Mul, dx.as_view(), x_hat.view());
    let mut projected = device.reduce(Reduce::Sum, feature_axis(dims), product.view());
    device.divide(projected.view_mut(), dims.columns);

    backend.zip_in_place(Binary::Sub, &per_row, dx.reborrow(), mean_u.view());
    backend.zip_in_place(Binary::Mul, &per_row, x_hat.view_mut(), projected.view());
    device.update(Binary::Sub, dx.reborrow(), x_hat.view());
    backend.zip_in_place(Binary::Mul, &per_row, dx, saved.inverse_deviation);
}
