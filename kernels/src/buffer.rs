//! Opaque device memory, and views of parts of it.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// `len` elements in the memory of one device.
///
/// Only the backend that allocated a buffer knows what is inside; everyone else copies in and out.
pub struct Buffer<T> {
    memory: Box<dyn Any + Send + Sync>,
    len: usize,
    element: PhantomData<T>,
}

impl<T> Buffer<T> {
    /// Wraps a backend's own `memory` of `len` elements.
    pub fn new<M: Any + Send + Sync>(memory: M, len: usize) -> Self {
        Self {
            memory: Box::new(memory),
            len,
            element: PhantomData,
        }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The backend's memory.
    ///
    /// # Panics
    /// If the buffer belongs to a backend with another kind of memory.
    pub fn memory<M: Any>(&self) -> &M {
        self.memory
            .downcast_ref()
            .expect("buffer: allocated by another kind of device; copy it out and in")
    }

    /// The backend's memory, for writing.
    ///
    /// # Panics
    /// If the buffer belongs to a backend with another kind of memory.
    pub fn memory_mut<M: Any>(&mut self) -> &mut M {
        self.memory
            .downcast_mut()
            .expect("buffer: allocated by another kind of device; copy it out and in")
    }

    /// All elements, for reading.
    pub fn view(&self) -> View<'_, T> {
        View {
            buffer: self,
            offset: 0,
            len: self.len,
        }
    }

    /// All elements, for writing.
    pub fn view_mut(&mut self) -> ViewMut<'_, T> {
        let len = self.len;
        ViewMut {
            buffer: self,
            offset: 0,
            len,
        }
    }
}

impl<T> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} elements)", self.len)
    }
}

/// A contiguous part of a buffer, for reading.
#[derive(Debug)]
pub struct View<'a, T> {
    /// The buffer that holds the part.
    pub buffer: &'a Buffer<T>,
    /// First element.
    pub offset: usize,
    /// Number of elements.
    pub len: usize,
}

impl<T> Clone for View<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<'_, T> {}

impl<'a, T> View<'a, T> {
    /// Elements `range` of this view.
    ///
    /// # Panics
    /// If `range` goes past the end.
    #[track_caller]
    pub fn part(self, range: Range<usize>) -> View<'a, T> {
        check_part(&range, self.len);
        View {
            buffer: self.buffer,
            offset: self.offset + range.start,
            len: range.len(),
        }
    }
}

/// A contiguous part of a buffer, for writing.
#[derive(Debug)]
pub struct ViewMut<'a, T> {
    /// The buffer that holds the part.
    pub buffer: &'a mut Buffer<T>,
    /// First element.
    pub offset: usize,
    /// Number of elements.
    pub len: usize,
}

impl<T> ViewMut<'_, T> {
    /// Elements `range` of this view.
    ///
    /// # Panics
    /// If `range` goes past the end.
    #[track_caller]
    pub fn part(&mut self, range: Range<usize>) -> ViewMut<'_, T> {
        check_part(&range, self.len);
        ViewMut {
            buffer: self.buffer,
            offset: self.offset + range.start,
            len: range.len(),
        }
    }

    /// The same elements, for reading.
    pub fn as_view(&self) -> View<'_, T> {
        View {
            buffer: self.buffer,
            offset: self.offset,
            len: self.len,
        }
    }

    /// The same view for a shorter time, so that it can be passed on and used again.
    pub fn reborrow(&mut self) -> ViewMut<'_, T> {
        let len = self.len;
        self.part(0..len)
    }
}

#[track_caller]
fn check_part(range: &Range<usize>, len: usize) {
    assert!(
        range.start <= range.end && range.end <= len,
        "view: elements {}..{} of a view of {len}",
        range.start,
        range.end
    );
}

/// Row numbers or class labels in the memory of one device.
pub struct Indices {
    memory: Box<dyn Any + Send + Sync>,
    len: usize,
    bound: usize,
}

impl Indices {
    /// Wraps a backend's own `memory` of `len` indices, all below `bound`.
    pub fn new<M: Any + Send + Sync>(memory: M, len: usize, bound: usize) -> Self {
        Self {
            memory: Box::new(memory),
            len,
            bound,
        }
    }

    /// Number of indices.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no index.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One more than the largest index, 0 when there is none: what a table must have as rows.
    pub fn bound(&self) -> usize {
        self.bound
    }

    /// The backend's memory.
    ///
    /// # Panics
    /// If the indices belong to a backend with another kind of memory.
    pub fn memory<M: Any>(&self) -> &M {
        self.memory
            .downcast_ref()
            .expect("indices: uploaded to another kind of device")
    }
}

impl fmt::Debug for Indices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Indices({} below {})", self.len, self.bound)
    }
}
