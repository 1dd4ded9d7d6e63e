//! Tensor functions that move elements and compute nothing.

use std::ops::Range;

use kernels::{CopyRows, Real, View, ViewMut};

use crate::{Shape, Tensor, check};

impl<T: Real> Tensor<T> {
    /// Elements `range` of one axis; shares memory when they are contiguous.
    ///
    /// # Panics
    /// If there is no such axis, or it is not that long.
    #[track_caller]
    pub fn slice(&self, axis: usize, range: Range<usize>) -> Self {
        check::range("slice", self.shape, axis, &range);
        let dims = self.shape.around(axis);
        let shape = self.shape.with(axis, range.len());
        let start = range.start * dims.inner;
        if dims.outer == 1 {
            return self.part(start, shape);
        }
        let mut part = self.device().empty(shape);
        let copy = CopyRows {
            rows: dims.outer,
            columns: range.len() * dims.inner,
            from_stride: dims.axis * dims.inner,
            to_stride: range.len() * dims.inner,
        };
        copy_rows(copy, self, start, &mut part, 0);
        part
    }

    /// Writes `part` over the elements of one axis from `start` on.
    ///
    /// # Panics
    /// If `part` does not fit there.
    #[track_caller]
    pub fn write(&mut self, axis: usize, start: usize, part: &Self) {
        let range = start..start + part.shape.extent(axis);
        check::range("write", self.shape, axis, &range);
        check::same_but("write", self.shape, part.shape, axis);
        let dims = self.shape.around(axis);
        let columns = range.len() * dims.inner;
        let copy = CopyRows {
            rows: dims.outer,
            columns,
            from_stride: columns,
            to_stride: dims.axis * dims.inner,
        };
        copy_rows(copy, part, 0, self, start * dims.inner);
    }

    /// Adds `part` to the elements of one axis from `start` on, at the cost of the part only.
    ///
    /// # Panics
    /// If `part` does not fit there.
    #[track_caller]
    pub fn add_part(&mut self, axis: usize, start: usize, part: &Self) {
        let range = start..start + part.shape.extent(axis);
        check::range("add_part", self.shape, axis, &range);
        check::same_but("add_part", self.shape, part.shape, axis);
        let dims = self.shape.around(axis);
        if dims.outer == 1 {
            let device = self.device().clone();
            let first = start * dims.inner;
            let to = first..first + part.len();
            let mut view = self.view_mut();
            device.backend().axpy(T::one(), part.view(), view.part(to));
        } else {
            let mut sum = self.slice(axis, range);
            sum.add_scaled(T::one(), part);
            self.write(axis, start, &sum);
        }
    }

    /// `[N, M]` to `[M, N]`.
    ///
    /// # Panics
    /// If there are not two axes.
    #[track_caller]
    pub fn transpose(&self) -> Self {
        let [rows, columns] = check::matrix("transpose", self.shape);
        let mut transposed = self.device().empty([columns, rows]);
        // One call per line of the shorter side: a row becomes a column, or a column a row.
        if rows <= columns {
            let copy = lines(columns, 1, rows);
            (0..rows).for_each(|i| copy_rows(copy, self, i * columns, &mut transposed, i));
        } else {
            let copy = lines(rows, columns, 1);
            (0..columns).for_each(|i| copy_rows(copy, self, i, &mut transposed, i * rows));
        }
        transposed
    }

    /// The elements repeated to a larger shape, aligned at the last axis.
    ///
    /// # Panics
    /// If an extent is neither 1 nor that of `shape`.
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let mut dims = check::broadcast_to("broadcast_to", self.shape, shape);
        if self.shape.len() == shape.len() {
            return self.reshape(shape);
        }
        // A product with 1 is exact for every value, the sign of zero included.
        dims.a = dims.b;
        dims.b = [0; kernels::MAX_AXES];
        let one = self.device().full([1], T::one());
        let mut repeated = self.device().empty(shape);
        let backend = self.device().backend();
        let multiply = kernels::Binary::Mul;
        backend.zip(multiply, &dims, self.view(), one.view(), repeated.view_mut());
        repeated
    }
}

/// `rows` single elements.
fn lines(rows: usize, from_stride: usize, to_stride: usize) -> CopyRows {
    CopyRows {
        rows,
        columns: 1,
        from_stride,
        to_stride,
    }
}

/// Copies between elements `from_start..` and `to_start..`, with views of just the length that
/// the pieces span.
fn copy_rows<T: Real>(
    dims: CopyRows,
    from: &Tensor<T>,
    from_start: usize,
    to: &mut Tensor<T>,
    to_start: usize,
) {
    if dims.rows == 0 || dims.columns == 0 {
        return;
    }
    let span = |stride: usize| (dims.rows - 1) * stride + dims.columns;
    let device = from.device().clone();
    let source: View<'_, T> = from.view();
    let source = source.part(from_start..from_start + span(dims.from_stride));
    let mut target: ViewMut<'_, T> = to.view_mut();
    let target = target.part(to_start..to_start + span(dims.to_stride));
    device.backend().copy_rows(dims, source, target);
}
