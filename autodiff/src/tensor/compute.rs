//! Tensor functions that compute, without a record on any tape.

use kernels::{Axis, Binary, Broadcast, Gemm, Real, Reduce, Unary};

use crate::{Shape, Tensor, check};

impl<T: Real> Tensor<T> {
    /// `f(self)`, elementwise.
    pub fn map(&self, f: Unary<T>) -> Self {
        let mut y = self.device().empty(self.shape);
        self.device().backend().map(f, self.view(), y.view_mut());
        y
    }

    /// `self = f(self)`, elementwise.
    pub fn map_in_place(&mut self, f: Unary<T>) {
        let device = self.device().clone();
        device.backend().map_in_place(f, self.view_mut());
    }

    /// `f(self, other)`, elementwise with broadcasting.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn zip(&self, f: Binary, other: &Self) -> Self {
        let (shape, dims) = check::broadcast("zip", self.shape, other.shape);
        let mut y = self.device().empty(shape);
        let backend = self.device().backend();
        backend.zip(f, &dims, self.view(), other.view(), y.view_mut());
        y
    }

    /// `self = f(self, other)`, elementwise; `other` is repeated to the shape of `self`.
    ///
    /// # Panics
    /// If `other` does not fit.
    #[track_caller]
    pub fn zip_in_place(&mut self, f: Binary, other: &Self) {
        let dims = check::broadcast_to("zip_in_place", other.shape, self.shape);
        let device = self.device().clone();
        let backend = device.backend();
        backend.zip_in_place(f, &dims, self.view_mut(), other.view());
    }

    /// `self += alpha · other`
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn add_scaled(&mut self, alpha: T, other: &Self) {
        check::same("add_scaled", self.shape, other.shape);
        let device = self.device().clone();
        let backend = device.backend();
        backend.axpy(alpha, other.view(), self.view_mut());
    }

    /// Reduces one axis and removes it; the only axis of a vector leaves `[1]`.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn reduce(&self, f: Reduce, axis: usize) -> Self {
        let dims = self.shape.around(axis);
        self.reduce_around(f, dims, self.shape.without(axis))
    }

    /// Sums the axes that a broadcast from `shape` has added or repeated.
    ///
    /// # Panics
    /// If `shape` cannot be broadcast to the shape of this tensor.
    #[track_caller]
    pub fn sum_to(&self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let dims = check::broadcast_to("sum_to", shape, self.shape);
        let mut sum = self.clone();
        let mut extents = dims.shape;
        // Neighbouring axes are summed in one go.
        while let Some(first) = (0..extents.len()).find(|&i| repeated(&dims, &extents, i)) {
            let mut end = first + 1;
            while end < extents.len() && repeated(&dims, &extents, end) {
                end += 1;
            }
            let around = Axis {
                outer: extents[..first].iter().product(),
                axis: extents[first..end].iter().product(),
                inner: extents[end..].iter().product(),
            };
            extents[first..end].fill(1);
            sum = sum.reduce_around(Reduce::Sum, around, Shape::from(extents));
        }
        sum.reshape(shape)
    }

    fn reduce_around(&self, f: Reduce, dims: Axis, shape: Shape) -> Self {
        let mut y = self.device().empty(shape);
        let backend = self.device().backend();
        backend.reduce(f, dims, self.view(), y.view_mut());
        y
    }

    /// A matrix product, see [`Gemm`]; the result has the given shape of `m · n` elements.
    pub(crate) fn product(&self, dims: Gemm, other: &Self, shape: Shape) -> Self {
        let mut y = self.device().empty(shape);
        let backend = self.device().backend();
        backend.gemm(dims, self.view(), other.view(), y.view_mut());
        y
    }
}

/// Whether the second operand repeats axis `i`, and it is not yet summed.
fn repeated(dims: &Broadcast, extents: &[usize; kernels::MAX_AXES], i: usize) -> bool {
    dims.b[i] == 0 && extents[i] != 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Device, values};

    #[test]
    fn sums_what_a_broadcast_repeats() {
        let device = Device::<f64>::reference();
        let x = device.tensor([2, 3, 2, 2], &values(1, 24));
        let elements = x.to_vec();
        let sum = x.sum_to([3, 1, 2]);
        assert_eq!(sum.shape(), Shape::from([3, 1, 2]));
        let sum = sum.to_vec();
        for (i, got) in sum.iter().enumerate() {
            let (row, column) = (i / 2, i % 2);
            let at = |a: usize, c: usize| elements[((a * 3 + row) * 2 + c) * 2 + column];
            let expected = at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1);
            // Four numbers of magnitude one, summed in another order.
            assert!((got - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn sums_of_nothing_are_zero() {
        let device = Device::<f32>::reference();
        let sum = device.zeros([0, 3]).sum_to([3]);
        assert_eq!(sum.to_vec(), [0.0; 3]);
        assert_eq!(device.zeros([0, 3]).sum_to([1]).to_vec(), [0.0]);
    }

    #[test]
    #[should_panic(expected = "zip: [2, 3] and [2, 4] differ at the last axis (3 and 4)")]
    fn shapes_must_fit() {
        let device = Device::<f32>::reference();
        device.zeros([2, 3]).zip(Binary::Add, &device.zeros([2, 4]));
    }
}
