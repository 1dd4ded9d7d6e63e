//! Log-softmax and cross-entropy.

use super::Device;
use crate::Real;
use crate::backend::Backend;
use crate::buffer::{Buffer, Indices, View, ViewMut};
use crate::check;
use crate::dims::{Axis, Broadcast, Rows};
use crate::functions::{Binary, Reduce, Unary};

fn row_axis(dims: Rows) -> Axis {
    Axis {
        outer: dims.rows,
        axis: dims.columns,
        inner: 1,
    }
}

/// [`Backend::log_softmax`]
pub fn log_softmax<T: Real>(backend: &dyn Backend<T>, dims: Rows, x: View<'_, T>, mut y: ViewMut<'_, T>) {
    check::log_softmax(&dims, x.len, y.len);
    let device = Device(backend);
    let per_row = Broadcast::columns(dims.rows, dims.columns);
    // Less the largest element, so that nothing overflows.
    let largest = device.reduce(Reduce::Max, row_axis(dims), x);
    backend.zip(Binary::Sub, &per_row, x, largest.view(), y.reborrow());
    let exponentials = device.map(Unary::Exp, y.as_view());
    let mut sum = device.reduce(Reduce::Sum, row_axis(dims), exponentials.view());
    backend.map_in_place(Unary::Ln, sum.view_mut());
    backend.zip_in_place(Binary::Sub, &per_row, y, sum.view());
}

/// [`Backend::log_softmax_backward`]
pub fn log_softmax_backward<T: Real>(
    backend: &dyn Backend<T>,
    dims: Rows,
    y: View<'_, T>,
    dy: View<'_, T>,
    dx: ViewMut<'_, T>,
) {
    check::log_softmax_backward(&dims, y.len, dy.len, dx.len);
    let device = Device(backend);
    let sum = device.reduce(Reduce::Sum, row_axis(dims), dy);
    let mut share = device.map(Unary::Exp, y);
    let per_row = Broadcast::columns(dims.rows, dims.columns);
    backend.zip_in_place(Binary::Mul, &per_row, share.view_mut(), sum.view());
    backend.zip(Binary::Sub, &Broadcast::same(dx.len), dy, share.view(), dx);
}

/// [`Backend::cross_entropy`]
///
/// The log-probability of the target is picked out as the largest element of the row after adding
/// `ln onehot`, which is 0 for the target and −∞ for all others: a product with `onehot` would
/// make NaN out of a log-probability of −∞.
pub fn cross_entropy<T: Real>(
    backend: &dyn Backend<T>,
    dims: Rows,
    logits: View<'_, T>,
    targets: &Indices,
    mut log_probabilities: ViewMut<'_, T>,
    mut loss: ViewMut<'_, T>,
) {
    check::cross_entropy(&dims, logits.len, targets, log_probabilities.len, loss.len);
    let device = Device(backend);
    log_softmax(backend, dims, logits, log_probabilities.reborrow());
    let mut masked = onehot(device, dims, targets);
    backend.map_in_place(Unary::Ln, masked.view_mut());
    device.update(Binary::Add, masked.view_mut(), log_probabilities.as_view());
    let picked = device.reduce(Reduce::Max, row_axis(dims), masked.view());
    let all = Axis {
        outer: 1,
        axis: dims.rows,
        inner: 1,
    };
    backend.reduce(Reduce::Sum, all, picked.view(), loss.reborrow());
    backend.map_in_place(Unary::Neg, loss.reborrow());
    device.divide(loss, dims.rows);
}

/// [`Backend::cross_entropy_backward`]
pub fn cross_entropy_backward<T: Real>(
    backend: &dyn Backend<T>,
    dims: Rows,
    log_probabilities: View<'_, T>,
    targets: &Indices,
    d_loss: View<'_, T>,
    mut d_logits: ViewMut<'_, T>,
) {
    check::cross_entropy_backward(&dims, log_probabilities.len, targets, d_loss.len, d_logits.len);
    let device = Device(backend);
    let onehot = onehot(device, dims, targets);
    backend.map(Unary::Exp, log_probabilities, d_logits.reborrow());
    device.update(Binary::Sub, d_logits.reborrow(), onehot.view());
    let mut share = device.copied(d_loss);
    device.divide(share.view_mut(), dims.rows);
    let scalar = Broadcast::scalar(d_logits.len);
    backend.zip_in_place(Binary::Mul, &scalar, d_logits, share.view());
}

/// `[N, C]`: 1 where the column is the row's target, else 0, as `max(1 − |target − column|, 0)`.
///
/// The numbers of the columns are exact in `f32` up to 2²⁴.
fn onehot<T: Real>(device: Device<'_, T>, dims: Rows, targets: &Indices) -> Buffer<T> {
    let numbers = numbers(device, dims.columns);
    let column = Rows {
        rows: dims.columns,
        columns: 1,
    };
    let mut target = device.0.allocate(dims.rows);
    device
        .0
        .gather_rows(column, numbers.view(), targets, target.view_mut());
    let outer = Broadcast {
        shape: [1, 1, dims.rows, dims.columns],
        a: [0, 0, 1, 0],
        b: [0, 0, 0, 1],
    };
    let mut y = device.broadcast(Binary::Sub, &outer, target.view(), numbers.view());
    for f in [Unary::Abs, Unary::Neg, Unary::Shift(T::one()), Unary::Relu] {
        device.0.map_in_place(f, y.view_mut());
    }
    y
}

/// `0, 1, …, len − 1`: what is there, shifted by its length, is what follows.
fn numbers<T: Real>(device: Device<'_, T>, len: usize) -> Buffer<T> {
    let mut numbers = device.filled(T::zero(), len);
    let mut done = 1;
    while done < len {
        let more = done.min(len - done);
        let shift = Unary::Shift(T::of(done as f64));
        let next = device.map(shift, numbers.view().part(0..more));
        device.copy(next.view(), numbers.view_mut().part(done..done + more));
        done += more;
    }
    numbers
}
