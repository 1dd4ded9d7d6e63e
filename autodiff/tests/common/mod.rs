//! A device that counts the elements it writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernels::{
    Axis, Backend, Binary, Broadcast, Buffer, CopyRows, Gemm, Indices, Reduce, Reference, Rows, Unary, View,
    ViewMut,
};

/// [`Reference`], with a count of all elements that its operations write.
#[derive(Debug, Default)]
pub struct Counting {
    written: Arc<AtomicUsize>,
}

impl Counting {
    pub fn new() -> (Self, Arc<AtomicUsize>) {
        let counting = Self::default();
        let written = Arc::clone(&counting.written);
        (counting, written)
    }

    fn count(&self, elements: usize) {
        self.written.fetch_add(elements, Ordering::Relaxed);
    }
}

impl Backend<f64> for Counting {
    fn name(&self) -> String {
        "counting".to_string()
    }

    fn allocate(&self, len: usize) -> Buffer<f64> {
        Reference.allocate(len)
    }

    fn upload(&self, from: &[f64], to: ViewMut<'_, f64>) {
        self.count(to.len);
        Reference.upload(from, to);
    }

    fn download(&self, from: View<'_, f64>, to: &mut [f64]) {
        Reference.download(from, to);
    }

    fn upload_indices(&self, from: &[u32]) -> Indices {
        Backend::<f64>::upload_indices(&Reference, from)
    }

    fn fill(&self, value: f64, to: ViewMut<'_, f64>) {
        self.count(to.len);
        Reference.fill(value, to);
    }

    fn copy_rows(&self, dims: CopyRows, from: View<'_, f64>, to: ViewMut<'_, f64>) {
        self.count(dims.rows * dims.columns);
        Reference.copy_rows(dims, from, to);
    }

    fn gemm(&self, dims: Gemm, a: View<'_, f64>, b: View<'_, f64>, c: ViewMut<'_, f64>) {
        self.count(c.len);
        Reference.gemm(dims, a, b, c);
    }

    fn map(&self, f: Unary<f64>, x: View<'_, f64>, y: ViewMut<'_, f64>) {
        self.count(y.len);
        Reference.map(f, x, y);
    }

    fn map_in_place(&self, f: Unary<f64>, x: ViewMut<'_, f64>) {
        self.count(x.len);
        Reference.map_in_place(f, x);
    }

    fn zip(&self, f: Binary, dims: &Broadcast, a: View<'_, f64>, b: View<'_, f64>, y: ViewMut<'_, f64>) {
        self.count(y.len);
        Reference.zip(f, dims, a, b, y);
    }

    fn zip_in_place(&self, f: Binary, dims: &Broadcast, a: ViewMut<'_, f64>, b: View<'_, f64>) {
        self.count(a.len);
        Reference.zip_in_place(f, dims, a, b);
    }

    fn reduce(&self, f: Reduce, dims: Axis, x: View<'_, f64>, y: ViewMut<'_, f64>) {
        self.count(y.len);
        Reference.reduce(f, dims, x, y);
    }

    fn gather_rows(&self, dims: Rows, table: View<'_, f64>, indices: &Indices, y: ViewMut<'_, f64>) {
        self.count(y.len);
        Reference.gather_rows(dims, table, indices, y);
    }

    fn scatter_add_rows(&self, dims: Rows, x: View<'_, f64>, indices: &Indices, table: ViewMut<'_, f64>) {
        self.count(x.len);
        Reference.scatter_add_rows(dims, x, indices, table);
    }

    fn required(&self) -> &dyn Backend<f64> {
        self
    }
}
