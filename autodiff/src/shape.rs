//! Extents of a tensor's axes.

use std::fmt;

use kernels::{Axis, Broadcast, MAX_AXES, Rows};

/// Extents of one to four axes, in row-major order; a scalar has the shape `[1]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Extents, filled up with ones behind `rank`.
    extents: [usize; MAX_AXES],
    rank: usize,
}

impl Shape {
    /// A shape whose number of axes is known at run time only.
    ///
    /// # Panics
    /// If there is no axis, or more than four.
    #[track_caller]
    pub fn new(dims: &[usize]) -> Self {
        assert!(
            (1..=MAX_AXES).contains(&dims.len()),
            "shape: {dims:?} has {} axes; a tensor has 1 to {MAX_AXES}, a scalar is [1]",
            dims.len()
        );
        let mut extents = [1; MAX_AXES];
        extents[..dims.len()].copy_from_slice(dims);
        Self {
            extents,
            rank: dims.len(),
        }
    }

    /// Extents of all axes.
    pub fn dims(&self) -> &[usize] {
        &self.extents[..self.rank]
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.dims().iter().product()
    }

    /// Whether some axis has no extent, so that there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Extent of one axis.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn extent(&self, axis: usize) -> usize {
        self.check_axis(axis);
        self.extents[axis]
    }

    /// Extent of the last axis.
    pub fn last(&self) -> usize {
        self.extents[self.rank - 1]
    }

    /// The tensor seen around one axis, `[outer, axis, inner]`.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn around(&self, axis: usize) -> Axis {
        self.check_axis(axis);
        Axis {
            outer: self.extents[..axis].iter().product(),
            axis: self.extents[axis],
            inner: self.dims()[axis + 1..].iter().product(),
        }
    }

    /// The tensor seen as a matrix: the last axis as columns, all others folded into rows.
    pub fn rows(&self) -> Rows {
        Rows {
            rows: self.dims()[..self.rank - 1].iter().product(),
            columns: self.last(),
        }
    }

    /// The same shape with another extent of one axis.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn with(mut self, axis: usize, extent: usize) -> Self {
        self.check_axis(axis);
        self.extents[axis] = extent;
        self
    }

    /// The shape without one axis; without its only axis, a shape is `[1]`.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    pub fn without(&self, axis: usize) -> Self {
        self.check_axis(axis);
        if self.rank == 1 {
            return Self::from([1]);
        }
        let mut dims = self.dims().to_vec();
        dims.remove(axis);
        Self::new(&dims)
    }

    /// The shape with a new leading axis.
    ///
    /// # Panics
    /// If there are four axes already.
    #[track_caller]
    pub fn with_leading(&self, extent: usize) -> Self {
        let mut dims = vec![extent];
        dims.extend_from_slice(self.dims());
        Self::new(&dims)
    }

    /// The shape of an elementwise result, aligned at the last axis, where an extent of 1 is
    /// repeated; `None` when the shapes do not fit.
    pub fn broadcast(&self, other: &Self) -> Option<Self> {
        let dims = Broadcast::of(self.dims(), other.dims())?;
        let rank = self.rank.max(other.rank);
        Some(Self::new(&dims.shape[MAX_AXES - rank..]))
    }

    #[track_caller]
    fn check_axis(&self, axis: usize) {
        assert!(
            axis < self.rank,
            "shape: axis {axis} of {self}, whose axes are 0 to {}",
            self.rank - 1
        );
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Self {
        const { assert!(N >= 1 && N <= MAX_AXES, "a tensor has 1 to 4 axes") };
        Self::new(&dims)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_itself() {
        let shape = Shape::from([64, 100]);
        assert_eq!(shape.to_string(), "[64, 100]");
        assert_eq!((shape.len(), shape.rank(), shape.last()), (6400, 2, 100));
        assert!(Shape::from([3, 0, 2]).is_empty());
    }

    #[test]
    fn is_seen_around_an_axis() {
        let shape = Shape::from([2, 3, 4, 5]);
        let Axis { outer, axis, inner } = shape.around(1);
        assert_eq!((outer, axis, inner), (2, 3, 20));
        assert_eq!(shape.rows().rows, 24);
        assert_eq!(shape.without(2), Shape::from([2, 3, 5]));
        assert_eq!(Shape::from([7]).without(0), Shape::from([1]));
        assert_eq!(Shape::from([7]).with_leading(2), Shape::from([2, 7]));
    }

    #[test]
    fn broadcasts_at_the_last_axis() {
        let of = |a: Shape, b: Shape| a.broadcast(&b);
        assert_eq!(of([4, 3].into(), [3].into()), Some([4, 3].into()));
        assert_eq!(of([4, 1].into(), [2, 1, 3].into()), Some([2, 4, 3].into()));
        assert_eq!(of([0, 3].into(), [1, 3].into()), Some([0, 3].into()));
        assert_eq!(of([4].into(), [3].into()), None);
    }

    #[test]
    #[should_panic(expected = "axis 2 of [2, 3], whose axes are 0 to 1")]
    fn an_unknown_axis_panics() {
        Shape::from([2, 3]).extent(2);
    }

    #[test]
    #[should_panic(expected = "has 5 axes; a tensor has 1 to 4")]
    fn five_axes_panic() {
        Shape::new(&[1; 5]);
    }
}
