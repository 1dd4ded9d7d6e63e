//! The gates and the cell of an LSTM.

use super::Device;
use crate::Real;
use crate::backend::{Backend, LstmGradients, LstmOutput, LstmSaved};
use crate::buffer::{Buffer, View, ViewMut};
use crate::check;
use crate::dims::{Cells, CopyRows};
use crate::functions::{Binary, Unary};

/// The block of one gate in `[B, 4H]`, counted in the order `f, i, o, g`: where it starts, and
/// how its rows are copied out.
fn block(dims: Cells, gate: usize) -> (usize, CopyRows) {
    let copy = CopyRows {
        rows: dims.batch,
        columns: dims.hidden,
        from_stride: 4 * dims.hidden,
        to_stride: dims.hidden,
    };
    // An empty batch has no row for the block to start in.
    let start = if dims.batch == 0 { 0 } else { gate * dims.hidden };
    (start, copy)
}

/// One gate `[B, H]` out of `[B, 4H]`.
fn gate_of<T: Real>(device: Device<'_, T>, dims: Cells, gate: usize, from: View<'_, T>) -> Buffer<T> {
    let (start, copy) = block(dims, gate);
    let mut to = device.0.allocate(dims.batch * dims.hidden);
    device
        .0
        .copy_rows(copy, from.part(start..from.len), to.view_mut());
    to
}

/// All gates `[B, H]`, in the order `f, i, o, g`.
fn gates_of<T: Real>(device: Device<'_, T>, dims: Cells, from: View<'_, T>) -> [Buffer<T>; 4] {
    [0, 1, 2, 3].map(|gate| gate_of(device, dims, gate, from))
}

/// Puts a gate `[B, H]` back into `[B, 4H]`.
fn put_gate<T: Real>(
    device: Device<'_, T>,
    dims: Cells,
    gate: usize,
    from: View<'_, T>,
    mut to: ViewMut<'_, T>,
) {
    let (start, out) = block(dims, gate);
    let back = CopyRows {
        from_stride: out.to_stride,
        to_stride: out.from_stride,
        ..out
    };
    let end = to.len;
    device.0.copy_rows(back, from, to.part(start..end));
}

/// [`Backend::lstm_gates`]
pub fn forward<T: Real>(
    backend: &dyn Backend<T>,
    dims: Cells,
    z: View<'_, T>,
    c_previous: View<'_, T>,
    output: LstmOutput<'_, T>,
) {
    check::lstm_gates(&dims, z.len, c_previous.len, &output);
    let device = Device(backend);
    let mut gates = gates_of(device, dims, z);
    let functions = [Unary::Sigmoid, Unary::Sigmoid, Unary::Sigmoid, Unary::Tanh];
    let mut kept = output.gates;
    for (gate, (f, values)) in functions.into_iter().zip(&mut gates).enumerate() {
        backend.map_in_place(f, values.view_mut());
        put_gate(device, dims, gate, values.view(), kept.reborrow());
    }
    let [f, i, o, g] = &gates;
    device.copy(o.view(), output.o);
    let written = device.zip(Binary::Mul, i.view(), g.view());
    let mut c = output.c;
    device.copy(c_previous, c.reborrow());
    device.update(Binary::Mul, c.reborrow(), f.view());
    device.update(Binary::Add, c.reborrow(), written.view());
    flush(device, c);
}

/// [`Backend::lstm_gates_backward`]
pub fn backward<T: Real>(
    backend: &dyn Backend<T>,
    dims: Cells,
    saved: LstmSaved<'_, T>,
    dc: View<'_, T>,
    d_o: View<'_, T>,
    gradients: LstmGradients<'_, T>,
) {
    check::lstm_gates_backward(&dims, &saved, dc.len, d_o.len, &gradients);
    let device = Device(backend);
    let [f, i, o, g] = gates_of(device, dims, saved.gates);
    // The gradients of the gates' values first, then through σ and tanh.
    let through = [
        (
            device.zip(Binary::Mul, dc, saved.c_previous),
            Binary::SigmoidGrad,
            &f,
        ),
        (device.zip(Binary::Mul, dc, g.view()), Binary::SigmoidGrad, &i),
        (device.copied(d_o), Binary::SigmoidGrad, &o),
        (device.zip(Binary::Mul, dc, i.view()), Binary::TanhGrad, &g),
    ];
    let mut dz = gradients.dz;
    for (gate, (mut gradient, derivative, value)) in through.into_iter().enumerate() {
        device.update(derivative, gradient.view_mut(), value.view());
        flush(device, gradient.view_mut());
        put_gate(device, dims, gate, gradient.view(), dz.reborrow());
    }
    let mut dc_previous = gradients.dc_previous;
    device.copy(dc, dc_previous.reborrow());
    device.update(Binary::Mul, dc_previous.reborrow(), f.view());
    flush(device, dc_previous);
}

/// Multiplies by 0 what lies below [`Real::TINY`], and the rest, NaN as well, by 1.
fn flush<T: Real>(device: Device<'_, T>, x: ViewMut<'_, T>) {
    let below = [Unary::Neg, Unary::Shift(T::TINY), Unary::Positive];
    let not = [Unary::Neg, Unary::Shift(T::one())];
    let mut factor = device.map(Unary::Abs, x.as_view());
    for f in below.into_iter().chain(not) {
        device.0.map_in_place(f, factor.view_mut());
    }
    device.update(Binary::Mul, x, factor.view());
}
