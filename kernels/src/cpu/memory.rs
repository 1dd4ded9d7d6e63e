//! Aligned host memory.

use crate::Real;
use crate::buffer::{Buffer, Indices, View, ViewMut};
use crate::simd::Lanes;

/// Elements in whole vectors, so that every buffer starts on a vector's boundary.
struct Memory<T: Real> {
    lanes: Vec<T::Lanes>,
}

pub(super) fn allocate<T: Real>(len: usize) -> Buffer<T> {
    let vectors = len.div_ceil(T::Lanes::N);
    let lanes = vec![<T::Lanes as bytemuck::Zeroable>::zeroed(); vectors];
    Buffer::new(Memory::<T> { lanes }, len)
}

pub(super) fn slice<T: Real>(view: View<'_, T>) -> &[T] {
    let memory: &Memory<T> = view.buffer.memory();
    &bytemuck::cast_slice(&memory.lanes)[view.offset..view.offset + view.len]
}

pub(super) fn slice_mut<T: Real>(view: ViewMut<'_, T>) -> &mut [T] {
    let range = view.offset..view.offset + view.len;
    let memory: &mut Memory<T> = view.buffer.memory_mut();
    &mut bytemuck::cast_slice_mut(&mut memory.lanes)[range]
}

pub(super) fn upload_indices(from: &[u32]) -> Indices {
    let bound = from.iter().max().map_or(0, |&index| index as usize + 1);
    Indices::new(from.to_vec(), from.len(), bound)
}

pub(super) fn indices(indices: &Indices) -> &[u32] {
    indices.memory::<Vec<u32>>()
}
