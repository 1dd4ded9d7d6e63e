//! Every fused operation built from the required ones, so that a new device is complete early.
//!
//! These are the bodies of the provided methods of [`Backend`], and their definition for a device
//! that does not override them. Temporaries live on the device; nothing is copied to the host or
//! from it, so an asynchronous device never waits.

pub mod batch_norm;
pub mod elementwise;
pub mod loss;
pub mod lstm;
pub mod optimizer;
pub mod row_norm;

use crate::Real;
use crate::backend::Backend;
use crate::buffer::{Buffer, View, ViewMut};
use crate::dims::{Axis, Broadcast, CopyRows};
use crate::functions::{Binary, Reduce, Unary};

/// The required operations with results in new temporaries, which makes the formulas readable.
#[derive(Clone, Copy)]
struct Device<'a, T>(&'a dyn Backend<T>);

impl<T: Real> Device<'_, T> {
    fn map(self, f: Unary<T>, x: View<'_, T>) -> Buffer<T> {
        let mut y = self.0.allocate(x.len);
        self.0.map(f, x, y.view_mut());
        y
    }

    /// `y = f(a, b)` for operands of the same length.
    fn zip(self, f: Binary, a: View<'_, T>, b: View<'_, T>) -> Buffer<T> {
        self.broadcast(f, &Broadcast::same(a.len), a, b)
    }

    fn broadcast(self, f: Binary, dims: &Broadcast, a: View<'_, T>, b: View<'_, T>) -> Buffer<T> {
        let mut y = self.0.allocate(dims.len());
        self.0.zip(f, dims, a, b, y.view_mut());
        y
    }

    /// `a = f(a, b)` for operands of the same length.
    fn update(self, f: Binary, a: ViewMut<'_, T>, b: View<'_, T>) {
        self.0.zip_in_place(f, &Broadcast::same(a.len), a, b);
    }

    fn reduce(self, f: Reduce, dims: Axis, x: View<'_, T>) -> Buffer<T> {
        let mut y = self.0.allocate(dims.outer * dims.inner);
        self.0.reduce(f, dims, x, y.view_mut());
        y
    }

    fn copy(self, from: View<'_, T>, to: ViewMut<'_, T>) {
        let dims = CopyRows {
            rows: 1,
            columns: from.len,
            from_stride: from.len,
            to_stride: from.len,
        };
        self.0.copy_rows(dims, from, to);
    }

    fn copied(self, from: View<'_, T>) -> Buffer<T> {
        let mut to = self.0.allocate(from.len);
        self.copy(from, to.view_mut());
        to
    }

    fn filled(self, value: T, len: usize) -> Buffer<T> {
        let mut to = self.0.allocate(len);
        self.0.fill(value, to.view_mut());
        to
    }

    /// Divides by a number of elements; sums over nothing become NaN.
    fn divide(self, x: ViewMut<'_, T>, count: usize) {
        let count = self.filled(T::of(count as f64), 1);
        let dims = Broadcast::scalar(x.len);
        self.0.zip_in_place(Binary::Div, &dims, x, count.view());
    }

    /// `1 / √(var + epsilon)`
    fn inverse_deviation(self, var: View<'_, T>, epsilon: T) -> Buffer<T> {
        let mut y = self.map(Unary::Shift(epsilon), var);
        self.0.map_in_place(Unary::Sqrt, y.view_mut());
        self.0.map_in_place(Unary::Recip, y.view_mut());
        y
    }
}
