//! Where the elements of a product's matrices are.

use kernels::Gemm;

/// Elements from one row, and from one column, to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Strides {
    pub row: isize,
    pub column: isize,
}

/// Extents and strides of a product whose slices have been checked: element `(i, j)` of each matrix
/// lies inside of its slice, at `i · row + j · column`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub m: usize,
    pub k: usize,
    pub n: usize,
    pub a_strides: Strides,
    pub b_strides: Strides,
    pub c_strides: Strides,
}

impl Layout {
    /// Checks the slices of the product that `operation` is to compute.
    #[track_caller]
    pub fn new<T>(operation: &str, dims: &Gemm, a: &[T], b: &[T], c: &[T]) -> Self {
        let &Gemm { m, k, n, .. } = dims;
        Self {
            m,
            k,
            n,
            a_strides: strides(operation, "a", [m, k], dims.transpose_a, a),
            b_strides: strides(operation, "b", [k, n], dims.transpose_b, b),
            c_strides: strides(operation, "c", [m, n], false, c),
        }
    }
}

/// Strides of a contiguous matrix `[rows, columns]`, stored the other way round if `transposed`.
#[track_caller]
fn strides<T>(operation: &str, name: &str, extents: [usize; 2], transposed: bool, slice: &[T]) -> Strides {
    let [rows, columns] = extents;
    assert!(
        rows > 0 && columns > 0,
        "{operation}: {name} is {extents:?}; an extent of at least 1 fits"
    );
    // Wide enough for any two extents.
    let takes = rows as u128 * columns as u128;
    assert!(
        takes == slice.len() as u128,
        "{operation}: {name} has {} elements; {extents:?} takes {takes}",
        slice.len()
    );
    // A slice has at most `isize::MAX` elements, and none of its extents is larger than their number.
    let stride = |extent: usize| isize::try_from(extent).expect("an extent of a slice");
    match transposed {
        false => Strides {
            row: stride(columns),
            column: 1,
        },
        true => Strides {
            row: 1,
            column: stride(rows),
        },
    }
}
