//! A device without its fused operations.

use crate::Real;
use crate::backend::Backend;
use crate::buffer::{Buffer, Indices, View, ViewMut};
use crate::dims::{Axis, Broadcast, CopyRows, Gemm, Rows};
use crate::functions::{Binary, Reduce, Unary};

/// Forwards the required operations of a device and leaves all others to [`crate::composed`].
///
/// With it the composed operations can be checked on top of any device, and compared in speed
/// with the device's own.
#[derive(Clone, Copy, Debug)]
pub struct Required<B>(pub B);

impl<T: Real, B: Backend<T>> Backend<T> for Required<B> {
    fn name(&self) -> String {
        format!("{}, composed operations", self.0.name())
    }

    fn allocate(&self, len: usize) -> Buffer<T> {
        self.0.allocate(len)
    }

    fn upload(&self, from: &[T], to: ViewMut<'_, T>) {
        self.0.upload(from, to);
    }

    fn download(&self, from: View<'_, T>, to: &mut [T]) {
        self.0.download(from, to);
    }

    fn upload_indices(&self, from: &[u32]) -> Indices {
        self.0.upload_indices(from)
    }

    fn fill(&self, value: T, to: ViewMut<'_, T>) {
        self.0.fill(value, to);
    }

    fn copy_rows(&self, dims: CopyRows, from: View<'_, T>, to: ViewMut<'_, T>) {
        self.0.copy_rows(dims, from, to);
    }

    fn gemm(&self, dims: Gemm, a: View<'_, T>, b: View<'_, T>, c: ViewMut<'_, T>) {
        self.0.gemm(dims, a, b, c);
    }

    fn map(&self, f: Unary<T>, x: View<'_, T>, y: ViewMut<'_, T>) {
        self.0.map(f, x, y);
    }

    fn map_in_place(&self, f: Unary<T>, x: ViewMut<'_, T>) {
        self.0.map_in_place(f, x);
    }

    fn zip(&self, f: Binary, dims: &Broadcast, a: View<'_, T>, b: View<'_, T>, y: ViewMut<'_, T>) {
        self.0.zip(f, dims, a, b, y);
    }

    fn zip_in_place(&self, f: Binary, dims: &Broadcast, a: ViewMut<'_, T>, b: View<'_, T>) {
        self.0.zip_in_place(f, dims, a, b);
    }

    fn reduce(&self, f: Reduce, dims: Axis, x: View<'_, T>, y: ViewMut<'_, T>) {
        self.0.reduce(f, dims, x, y);
    }

    fn gather_rows(&self, dims: Rows, table: View<'_, T>, indices: &Indices, y: ViewMut<'_, T>) {
        self.0.gather_rows(dims, table, indices, y);
    }

    fn scatter_add_rows(&self, dims: Rows, x: View<'_, T>, indices: &Indices, table: ViewMut<'_, T>) {
        self.0.scatter_add_rows(dims, x, indices, table);
    }

    fn required(&self) -> &dyn Backend<T> {
        self
    }
}
