//! Dimensions of the operations, in shape letters.

/// `C [m, n] = op(A) · op(B)`, or `C += …` with `accumulate`.
///
/// `A` is `[m, k]`, or `[k, m]` when transposed; `B` is `[k, n]`, or `[n, k]` when transposed. All
/// are row-major and contiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gemm {
    /// Rows of the result.
    pub m: usize,
    /// Length of the sums.
    pub k: usize,
    /// Columns of the result.
    pub n: usize,
    /// `A` is stored as `[k, m]`.
    pub transpose_a: bool,
    /// `B` is stored as `[n, k]`.
    pub transpose_b: bool,
    /// Add to the result instead of replacing it.
    pub accumulate: bool,
}

impl Gemm {
    /// A plain product `[m, k] · [k, n]`.
    pub fn new(m: usize, k: usize, n: usize) -> Self {
        Self {
            m,
            k,
            n,
            transpose_a: false,
            transpose_b: false,
            accumulate: false,
        }
    }

    /// Floating-point operations of the product: a multiplication and an addition per term.
    pub fn flops(&self) -> f64 {
        2.0 * self.m as f64 * self.k as f64 * self.n as f64
    }
}

/// The largest number of axes.
pub const MAX_AXES: usize = 4;

/// How two operands are read while a contiguous result is written: a stride of 0 repeats an axis.
///
/// Shorter shapes are filled up with leading axes of extent 1. Strides of the last axis that has
/// more than one element are 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// Extents of the result.
    pub shape: [usize; MAX_AXES],
    /// Strides of the first operand, in elements.
    pub a: [usize; MAX_AXES],
    /// Strides of the second operand, in elements.
    pub b: [usize; MAX_AXES],
}

impl Broadcast {
    /// Two operands and a result of `len` elements each.
    pub fn same(len: usize) -> Self {
        Self {
            shape: [1, 1, 1, len],
            a: [0, 0, 0, 1],
            b: [0, 0, 0, 1],
        }
    }

    /// `a [rows, columns]` with `b [columns]` for every row.
    pub fn rows(rows: usize, columns: usize) -> Self {
        Self {
            shape: [1, 1, rows, columns],
            a: [0, 0, columns, 1],
            b: [0, 0, 0, 1],
        }
    }

    /// `a [rows, columns]` with one element of `b [rows]` for each row.
    pub fn columns(rows: usize, columns: usize) -> Self {
        Self {
            shape: [1, 1, rows, columns],
            a: [0, 0, columns, 1],
            b: [0, 0, 1, 0],
        }
    }

    /// `a [len]` with the one element of `b`.
    pub fn scalar(len: usize) -> Self {
        Self {
            shape: [1, 1, 1, len],
            a: [0, 0, 0, 1],
            b: [0; MAX_AXES],
        }
    }

    /// The broadcast of two shapes of at most four axes, aligned at the last axis; `None` when
    /// they do not fit.
    pub fn of(a: &[usize], b: &[usize]) -> Option<Self> {
        let (a, b) = (pad(a), pad(b));
        let mut shape = [1; MAX_AXES];
        for axis in 0..MAX_AXES {
            shape[axis] = match (a[axis], b[axis]) {
                (x, y) if x == y => x,
                (1, y) => y,
                (x, 1) => x,
                _ => return None,
            };
        }
        Some(Self {
            shape,
            a: strides(a),
            b: strides(b),
        })
    }

    /// Number of elements of the result.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the result has no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements that an operand with these `strides` must have.
    pub fn extent(&self, strides: &[usize; MAX_AXES]) -> usize {
        if self.is_empty() {
            return 0;
        }
        let last: usize = (0..MAX_AXES).map(|i| (self.shape[i] - 1) * strides[i]).sum();
        last + 1
    }
}

fn pad(shape: &[usize]) -> [usize; MAX_AXES] {
    let mut padded = [1; MAX_AXES];
    padded[MAX_AXES - shape.len()..].copy_from_slice(shape);
    padded
}

fn strides(shape: [usize; MAX_AXES]) -> [usize; MAX_AXES] {
    let mut strides = [0; MAX_AXES];
    let mut step = 1;
    for axis in (0..MAX_AXES).rev() {
        strides[axis] = if shape[axis] == 1 { 0 } else { step };
        step *= shape[axis];
    }
    strides
}

/// A tensor seen around one axis: `[outer, axis, inner]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Product of the extents before the axis.
    pub outer: usize,
    /// Extent of the axis.
    pub axis: usize,
    /// Product of the extents after the axis.
    pub inner: usize,
}

/// `groups` independent batches `[G, B, F]`, normalized per column over `B`.
///
/// With `G = T` one call serves all time steps of a sequence, each with statistics of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Independent batches, for example time steps.
    pub groups: usize,
    /// Examples per batch.
    pub batch: usize,
    /// Columns.
    pub features: usize,
}

/// A matrix `[rows, columns]`, handled row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Number of rows.
    pub rows: usize,
    /// Elements of a row.
    pub columns: usize,
}

/// The moments that a row of `F` elements is normalized with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowMoments {
    /// Equal pieces of consecutive elements that a row is cut into, each with moments of its own.
    pub groups: usize,
    /// Whether the mean is taken off; if not, it counts as 0, and the variance is the mean square.
    pub centered: bool,
}

impl RowMoments {
    /// Those of layer normalization (Ba et al. 2016): of the whole row, centered.
    pub const LAYER: Self = Self {
        groups: 1,
        centered: true,
    };

    /// Whether rows of so many elements can be cut like this.
    pub fn fits(&self, features: usize) -> bool {
        self.groups > 0 && features.is_multiple_of(self.groups)
    }
}

/// One step of an LSTM: `batch` examples of `hidden` units, so gates `[B, 4H]` in the order
/// `f, i, o, g`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    /// Examples.
    pub batch: usize,
    /// Hidden units.
    pub hidden: usize,
}

/// A copy of `rows` pieces of `columns` elements between two row-major matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyRows {
    /// Number of pieces.
    pub rows: usize,
    /// Elements of a piece.
    pub columns: usize,
    /// Elements from one piece of the source to the next.
    pub from_stride: usize,
    /// Elements from one piece of the destination to the next.
    pub to_stride: usize,
}
