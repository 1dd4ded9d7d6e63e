//! A shape and the memory behind it.

mod compute;
mod layout;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use kernels::{Buffer, Real, View, ViewMut};

use crate::{Device, Shape};

/// A contiguous, row-major array of 1 to 4 axes.
///
/// A clone, a [`reshape`](Tensor::reshape) and the leading [`rows`](Tensor::rows) share memory.
/// Writing through [`view_mut`](Tensor::view_mut) copies shared memory first, so it never changes
/// another tensor. The last owner gives the memory back to the device's pool.
pub struct Tensor<T: Real> {
    storage: Arc<Storage<T>>,
    offset: usize,
    shape: Shape,
}

struct Storage<T: Real> {
    buffer: Buffer<T>,
    device: Device<T>,
}

impl<T: Real> Drop for Storage<T> {
    fn drop(&mut self) {
        // A buffer without elements or memory takes the place for the last moment.
        let buffer = std::mem::replace(&mut self.buffer, Buffer::new((), 0));
        self.device.recycle(buffer);
    }
}

impl<T: Real> Tensor<T> {
    /// A tensor whose contents are whatever the memory held.
    pub(crate) fn on(device: &Device<T>, shape: Shape) -> Self {
        let storage = Storage {
            buffer: device.buffer(shape.len()),
            device: device.clone(),
        };
        Self {
            storage: Arc::new(storage),
            offset: 0,
            shape,
        }
    }

    /// Extents of the axes.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.shape.is_empty()
    }

    /// Where the elements are.
    pub fn device(&self) -> &Device<T> {
        &self.storage.device
    }

    /// The elements, for a kernel to read.
    pub fn view(&self) -> View<'_, T> {
        let range = self.offset..self.offset + self.len();
        self.storage.buffer.view().part(range)
    }

    /// The elements, for a kernel to write; copied first where the memory is shared.
    pub fn view_mut(&mut self) -> ViewMut<'_, T> {
        if !self.is_unique() {
            *self = self.copy();
        }
        let (offset, len) = (self.offset, self.len());
        let storage = Arc::get_mut(&mut self.storage).expect("the only owner, or a fresh copy");
        ViewMut {
            buffer: &mut storage.buffer,
            offset,
            len,
        }
    }

    /// Whether no other tensor shares the memory.
    pub(crate) fn is_unique(&mut self) -> bool {
        Arc::get_mut(&mut self.storage).is_some()
    }

    /// The elements in row-major order, in the host's memory.
    pub fn to_vec(&self) -> Vec<T> {
        let mut values = vec![T::zero(); self.len()];
        self.device().backend().download(self.view(), &mut values);
        values
    }

    /// The one element.
    ///
    /// # Panics
    /// If there is not exactly one.
    #[track_caller]
    pub fn item(&self) -> T {
        assert!(
            self.len() == 1,
            "item: {} has {} elements; only a tensor of one element is a number",
            self.shape,
            self.len()
        );
        self.to_vec()[0]
    }

    /// The same elements in memory of their own.
    pub fn copy(&self) -> Self {
        let mut copy = Self::on(self.device(), self.shape);
        copy.write(0, 0, self);
        copy
    }

    /// The same elements under another shape, without a copy.
    ///
    /// # Panics
    /// If the number of elements differs.
    #[track_caller]
    pub fn reshape(&self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        assert!(
            shape.len() == self.len(),
            "reshape: {} has {} elements, {shape} takes {}",
            self.shape,
            self.len(),
            shape.len()
        );
        self.part(0, shape)
    }

    /// Entry `index` of the leading axis, without that axis and without a copy: time step `t` of
    /// `[T, B, H]` is `[B, H]`.
    ///
    /// # Panics
    /// If the leading axis is not that long.
    #[track_caller]
    pub fn row(&self, index: usize) -> Self {
        let extent = self.shape.extent(0);
        assert!(
            index < extent,
            "row: {index} of {}, whose leading axis has {extent}",
            self.shape
        );
        let shape = self.shape.without(0);
        self.part(index * shape.len(), shape)
    }

    /// Entries `range` of the leading axis, without a copy.
    ///
    /// # Panics
    /// If the leading axis is not that long.
    #[track_caller]
    pub fn rows(&self, range: Range<usize>) -> Self {
        let extent = self.shape.extent(0);
        assert!(
            range.start <= range.end && range.end <= extent,
            "rows: {range:?} of {}, whose leading axis has {extent}",
            self.shape
        );
        let inner = self.shape.around(0).inner;
        self.part(range.start * inner, self.shape.with(0, range.len()))
    }

    fn part(&self, start: usize, shape: Shape) -> Self {
        Self {
            storage: Arc::clone(&self.storage),
            offset: self.offset + start,
            shape,
        }
    }
}

impl<T: Real> Clone for Tensor<T> {
    fn clone(&self) -> Self {
        self.part(0, self.shape)
    }
}

impl<T: Real> fmt::Debug for Tensor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor<{}>{}", T::NAME, self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting() -> Tensor<f32> {
        Device::reference().tensor([3, 2], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    }

    #[test]
    fn rows_and_reshapes_share_memory() {
        let x = counting();
        let before = x.device().pool().allocations;
        assert_eq!(x.row(1).to_vec(), [2.0, 3.0]);
        assert_eq!(x.row(1).shape(), Shape::from([2]));
        assert_eq!(x.rows(1..3).row(1).to_vec(), [4.0, 5.0]);
        assert_eq!(x.rows(1..1).shape(), Shape::from([0, 2]));
        assert_eq!(x.reshape([2, 3]).row(1).to_vec(), [3.0, 4.0, 5.0]);
        assert_eq!(x.device().pool().allocations, before);
    }

    #[test]
    fn writing_never_changes_another_tensor() {
        let x = counting();
        let mut y = x.row(1);
        x.device().backend().fill(9.0, y.view_mut());
        assert_eq!(y.to_vec(), [9.0, 9.0]);
        assert_eq!(x.to_vec(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn the_only_owner_writes_in_place() {
        let mut x = counting().rows(1..2);
        let before = x.device().pool().allocations;
        let device = x.device().clone();
        device.backend().fill(9.0, x.view_mut());
        assert_eq!(x.to_vec(), [9.0, 9.0]);
        assert_eq!(device.pool().allocations, before);
    }

    #[test]
    fn can_move_between_threads() {
        fn check<X: Send + Sync>() {}
        check::<Tensor<f32>>();
        check::<Device<f64>>();
    }

    #[test]
    #[should_panic(expected = "reshape: [3, 2] has 6 elements, [4] takes 4")]
    fn a_reshape_keeps_the_number_of_elements() {
        counting().reshape([4]);
    }

    #[test]
    #[should_panic(expected = "row: 3 of [3, 2], whose leading axis has 3")]
    fn a_row_past_the_end_panics() {
        counting().row(3);
    }

    #[test]
    #[should_panic(expected = "item: [3, 2] has 6 elements")]
    fn an_item_is_one_element() {
        counting().item();
    }
}
