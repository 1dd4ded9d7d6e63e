//! A backend together with the memory that waits for reuse.

mod pool;

use std::fmt;
use std::sync::Arc;

use kernels::{Backend, Buffer, Indices, Real};

use crate::{Shape, Tensor};
use pool::Pool;
pub use pool::PoolStatistics;

/// A backend and a pool of recycled buffers; a clone is the same device.
///
/// A tensor that is dropped gives its memory back to the pool, and the next tensor of that length
/// takes it from there: after its first step, a training loop allocates nothing.
pub struct Device<T: Real> {
    inner: Arc<Inner<T>>,
}

struct Inner<T: Real> {
    backend: Arc<dyn Backend<T>>,
    pool: Pool<T>,
}

impl<T: Real> Device<T> {
    /// A device that computes with `backend`.
    ///
    /// ```
    /// use autodiff::Device;
    /// use std::sync::Arc;
    ///
    /// let device = Device::<f32>::new(Arc::new(kernels::Reference));
    /// assert_eq!(device.zeros([2]).to_vec(), [0.0, 0.0]);
    /// ```
    pub fn new(backend: Arc<dyn Backend<T>>) -> Self {
        let pool = Pool::default();
        Self {
            inner: Arc::new(Inner { backend, pool }),
        }
    }

    /// A device that computes with plain sequential loops.
    pub fn reference() -> Self {
        Self::new(T::reference())
    }

    /// What computes.
    pub fn backend(&self) -> &dyn Backend<T> {
        self.inner.backend.as_ref()
    }

    /// Whether both are clones of one device, so that their tensors fit together.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// A tensor with unspecified contents, to be written before it is read.
    ///
    /// With debug assertions it holds NaN, so that a read before the write is seen.
    pub fn empty(&self, shape: impl Into<Shape>) -> Tensor<T> {
        let mut tensor = Tensor::on(self, shape.into());
        if cfg!(debug_assertions) {
            self.backend().fill(T::nan(), tensor.view_mut());
        }
        tensor
    }

    /// A tensor of zeros.
    pub fn zeros(&self, shape: impl Into<Shape>) -> Tensor<T> {
        self.full(shape, T::zero())
    }

    /// A tensor whose elements are all `value`.
    pub fn full(&self, shape: impl Into<Shape>, value: T) -> Tensor<T> {
        let mut tensor = Tensor::on(self, shape.into());
        self.backend().fill(value, tensor.view_mut());
        tensor
    }

    /// A tensor with the given elements, in row-major order.
    ///
    /// # Panics
    /// If `shape` does not have as many elements as `values`.
    #[track_caller]
    pub fn tensor(&self, shape: impl Into<Shape>, values: &[T]) -> Tensor<T> {
        let shape = shape.into();
        assert!(
            shape.len() == values.len(),
            "tensor: {} values do not fill {shape}, which takes {}",
            values.len(),
            shape.len()
        );
        let mut tensor = Tensor::on(self, shape);
        self.backend().upload(values, tensor.view_mut());
        tensor
    }

    /// Row numbers or class labels in the device's memory.
    pub fn indices(&self, values: &[u32]) -> Arc<Indices> {
        Arc::new(self.backend().upload_indices(values))
    }

    /// What the pool has done and holds.
    pub fn pool(&self) -> PoolStatistics {
        self.inner.pool.statistics()
    }

    /// Frees the memory that waits for reuse, for example between phases of different sizes.
    pub fn release_unused(&self) {
        self.inner.pool.clear();
    }

    /// A buffer from the pool, or a new one.
    pub(crate) fn buffer(&self, len: usize) -> Buffer<T> {
        self.inner.pool.take(len, || self.backend().allocate(len))
    }

    /// Gives a buffer back.
    pub(crate) fn recycle(&self, buffer: Buffer<T>) {
        self.inner.pool.put(buffer);
    }
}

impl<T: Real> Clone for Device<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T: Real> fmt::Debug for Device<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Device").field(&self.inner.backend).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_tensor_is_reused() {
        let device = Device::<f32>::reference();
        drop(device.full([2, 3], 5.0));
        assert_eq!(device.pool().idle_elements, 6);
        let again = device.zeros([6]);
        assert_eq!(again.to_vec(), [0.0; 6]);
        let statistics = device.pool();
        assert_eq!((statistics.allocations, statistics.idle_elements), (1, 0));
    }

    #[test]
    fn unused_memory_can_be_released() {
        let device = Device::<f32>::reference();
        let kept = device.zeros([4]);
        drop(device.zeros([4]));
        device.release_unused();
        assert_eq!(device.pool().idle_elements, 0);
        assert_eq!(kept.to_vec(), [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "tensor: 5 values do not fill [2, 3], which takes 6")]
    fn too_few_values_panic() {
        Device::<f32>::reference().tensor([2, 3], &[0.0; 5]);
    }
}
