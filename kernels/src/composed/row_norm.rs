//! Normalization of rows.

use super::Device;
use super::batch_norm::sum_of_rows;
use crate::Real;
use crate::backend::{Backend, NormGradients, RowNorm, RowNormOutput, RowNormSaved};
use crate::buffer::{Buffer, View};
use crate::check;
use crate::dims::{Axis, Broadcast, RowMoments, Rows};
use crate::functions::{Binary, Reduce};

/// The groups of all rows, as rows of their own.
#[derive(Clone, Copy)]
struct Groups {
    count: usize,
    size: usize,
}

impl Groups {
    fn new(dims: Rows, moments: RowMoments) -> Self {
        Self {
            count: dims.rows * moments.groups,
            size: dims.columns / moments.groups,
        }
    }

    fn features(self) -> Axis {
        Axis {
            outer: self.count,
            axis: self.size,
            inner: 1,
        }
    }

    /// One element for each group.
    fn each(self) -> Broadcast {
        Broadcast::columns(self.count, self.size)
    }
}

/// [`Backend::row_norm`]
pub fn forward<T: Real>(
    backend: &dyn Backend<T>,
    dims: Rows,
    moments: RowMoments,
    epsilon: T,
    input: RowNorm<'_, T>,
    output: RowNormOutput<'_, T>,
) {
    check::row_norm(&dims, moments, &input, &output);
    let device = Device(backend);
    let groups = Groups::new(dims, moments);
    let per_feature = Broadcast::rows(dims.rows, dims.columns);
    let (mut y, mut mean) = (output.y, output.mean);

    if moments.centered {
        backend.reduce(Reduce::Sum, groups.features(), input.x, mean.reborrow());
        device.divide(mean.reborrow(), groups.size);
        backend.zip(Binary::Sub, &groups.each(), input.x, mean.as_view(), y.reborrow());
    } else {
        backend.fill(T::zero(), mean);
        device.copy(input.x, y.reborrow());
    }
    let mut var = device.reduce(Reduce::SumSquares, groups.features(), y.as_view());
    device.divide(var.view_mut(), groups.size);
    let inverse = device.inverse_deviation(var.view(), epsilon);

    backend.zip_in_place(Binary::Mul, &groups.each(), y.reborrow(), inverse.view());
    backend.zip_in_place(Binary::Mul, &per_feature, y.reborrow(), input.gamma);
    if let Some(beta) = input.beta {
        backend.zip_in_place(Binary::Add, &per_feature, y, beta);
    }
    device.copy(inverse.view(), output.inverse_deviation);
}

/// `x̂ [R, F]`
fn standardized<T: Real>(device: Device<'_, T>, groups: Groups, saved: RowNormSaved<'_, T>) -> Buffer<T> {
    let mut x_hat = device.broadcast(Binary::Sub, &groups.each(), saved.x, saved.mean);
    let inverse = saved.inverse_deviation;
    device
        .0
        .zip_in_place(Binary::Mul, &groups.each(), x_hat.view_mut(), inverse);
    x_hat
}

/// [`Backend::row_norm_backward`]
pub fn backward<T: Real>(
    backend: &dyn Backend<T>,
    dims: Rows,
    moments: RowMoments,
    saved: RowNormSaved<'_, T>,
    dy: View<'_, T>,
    gradients: NormGradients<'_, T>,
) {
    check::row_norm_backward(&dims, moments, &saved, dy.len, &gradients);
    let device = Device(backend);
    let groups = Groups::new(dims, moments);
    let mut x_hat = standardized(device, groups, saved);

    let product = device.zip(Binary::Mul, dy, x_hat.view());
    sum_of_rows(backend, dims, product.view(), gradients.d_gamma);
    if let Some(d_beta) = gradients.d_beta {
        sum_of_rows(backend, dims, dy, d_beta);
    }

    // u = gamma ⊙ dy, and its means over the groups, plain and times x̂
    let per_feature = Broadcast::rows(dims.rows, dims.columns);
    let mut dx = gradients.dx;
    backend.zip(Binary::Mul, &per_feature, dy, saved.gamma, dx.reborrow());
    let product = device.zip(Binary::Mul, dx.as_view(), x_hat.view());
    let mut projected = device.reduce(Reduce::Sum, groups.features(), product.view());
    device.divide(projected.view_mut(), groups.size);
    if moments.centered {
        let mut mean_u = device.reduce(Reduce::Sum, groups.features(), dx.as_view());
        device.divide(mean_u.view_mut(), groups.size);
        backend.zip_in_place(Binary::Sub, &groups.each(), dx.reborrow(), mean_u.view());
    }
    let per_group = groups.each();
    backend.zip_in_place(Binary::Mul, &per_group, x_hat.view_mut(), projected.view());
    device.update(Binary::Sub, dx.reborrow(), x_hat.view());
    backend.zip_in_place(Binary::Mul, &per_group, dx, saved.inverse_deviation);
}
