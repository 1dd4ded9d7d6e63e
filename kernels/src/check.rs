//! Length checks, one function per operation, the same for every backend: the required operations
//! here, the fused ones in `fused`.
//!
//! Every function panics with the operation, the operand, its length and the length that would
//! fit. Dimensions saturate instead of overflowing, so that absurd ones never seem to fit.

mod fused;
mod sequence;

pub(crate) use fused::*;
pub(crate) use sequence::*;

use crate::buffer::Indices;
use crate::dims::{Axis, Broadcast, CopyRows, Gemm, MAX_AXES, Rows};

/// Requires that an operand has exactly the elements of its `shape`, named by `letters`.
#[track_caller]
fn shape(operation: &str, operand: &str, len: usize, letters: &str, shape: &[usize]) {
    let fits = shape.iter().fold(1_usize, |n, &extent| n.saturating_mul(extent));
    assert!(
        len == fits,
        "{operation}: `{operand}` has {len} elements, [{letters}] = {shape:?} needs {fits}"
    );
}

/// Requires that an operand has as many elements as another one.
#[track_caller]
fn same(operation: &str, operand: &str, len: usize, other: &str, fits: usize) {
    assert!(
        len == fits,
        "{operation}: `{operand}` has {len} elements, `{other}` has {fits}: they must be equal"
    );
}

#[track_caller]
pub(crate) fn upload(from: usize, to: usize) {
    same("upload", "from", from, "to", to);
}

#[track_caller]
pub(crate) fn download(from: usize, to: usize) {
    same("download", "to", to, "from", from);
}

/// The views may go on behind the last piece; the pieces of the destination must not overlap.
#[track_caller]
pub(crate) fn copy_rows(dims: &CopyRows, from: usize, to: usize) {
    if dims.rows == 0 || dims.columns == 0 {
        return;
    }
    let rows = dims.rows;
    let columns = dims.columns;
    for (operand, len, stride) in [("from", from, dims.from_stride), ("to", to, dims.to_stride)] {
        let fits = (rows - 1).saturating_mul(stride).saturating_add(columns);
        assert!(
            len >= fits,
            "copy_rows: `{operand}` has {len} elements, {rows} pieces of {columns} with stride \
             {stride} need at least {fits}"
        );
    }
    assert!(
        rows == 1 || dims.to_stride >= columns,
        "copy_rows: pieces of {columns} overlap in `to` with stride {}, at least {columns} fits",
        dims.to_stride
    );
}

#[track_caller]
pub(crate) fn gemm(dims: &Gemm, a: usize, b: usize, c: usize) {
    let Gemm { m, k, n, .. } = *dims;
    match dims.transpose_a {
        false => shape("gemm", "a", a, "m, k", &[m, k]),
        true => shape("gemm", "a", a, "k, m", &[k, m]),
    }
    match dims.transpose_b {
        false => shape("gemm", "b", b, "k, n", &[k, n]),
        true => shape("gemm", "b", b, "n, k", &[n, k]),
    }
    shape("gemm", "c", c, "m, n", &[m, n]);
}

#[track_caller]
pub(crate) fn map(x: usize, y: usize) {
    same("map", "y", y, "x", x);
}

/// An operand of a broadcast; any length fits an empty result, which reads nothing.
#[track_caller]
fn broadcast(operation: &str, operand: &str, len: usize, dims: &Broadcast, strides: &[usize; MAX_AXES]) {
    let fits = dims.extent(strides);
    assert!(
        dims.is_empty() || len == fits,
        "{operation}: `{operand}` has {len} elements, strides {strides:?} in a result {:?} need {fits}",
        dims.shape
    );
}

#[track_caller]
pub(crate) fn zip(dims: &Broadcast, a: usize, b: usize, y: usize) {
    broadcast("zip", "a", a, dims, &dims.a);
    broadcast("zip", "b", b, dims, &dims.b);
    shape("zip", "y", y, "result", &dims.shape);
}

#[track_caller]
pub(crate) fn zip_in_place(dims: &Broadcast, a: usize, b: usize) {
    shape("zip_in_place", "a", a, "result", &dims.shape);
    broadcast("zip_in_place", "b", b, dims, &dims.b);
    let mut step = 1;
    for axis in (0..MAX_AXES).rev() {
        assert!(
            dims.is_empty() || dims.shape[axis] == 1 || dims.a[axis] == step,
            "zip_in_place: `a` has stride {} along axis {axis}, but as the result {:?} it must be \
             contiguous: {step}",
            dims.a[axis],
            dims.shape
        );
        step *= dims.shape[axis];
    }
}

#[track_caller]
pub(crate) fn reduce(dims: &Axis, x: usize, y: usize) {
    let Axis { outer, axis, inner } = *dims;
    shape("reduce", "x", x, "outer, axis, inner", &[outer, axis, inner]);
    shape("reduce", "y", y, "outer, inner", &[outer, inner]);
}

/// Requires that all `indices` are rows of a table, or classes, of which there are `rows`.
#[track_caller]
fn indices(operation: &str, operand: &str, indices: &Indices, rows: usize) {
    assert!(
        indices.bound() <= rows,
        "{operation}: `{operand}` has indices up to {}, only those below {rows} fit",
        indices.bound() - 1
    );
}

#[track_caller]
pub(crate) fn gather_rows(dims: &Rows, table: usize, rows: &Indices, y: usize) {
    shape("gather_rows", "table", table, "V, D", &[dims.rows, dims.columns]);
    shape("gather_rows", "y", y, "N, D", &[rows.len(), dims.columns]);
    indices("gather_rows", "indices", rows, dims.rows);
}

#[track_caller]
pub(crate) fn scatter_add_rows(dims: &Rows, x: usize, rows: &Indices, table: usize) {
    shape("scatter_add_rows", "x", x, "N, D", &[rows.len(), dims.columns]);
    shape(
        "scatter_add_rows",
        "table",
        table,
        "V, D",
        &[dims.rows, dims.columns],
    );
    indices("scatter_add_rows", "indices", rows, dims.rows);
}

#[track_caller]
pub(crate) fn axpy(x: usize, y: usize) {
    same("axpy", "x", x, "y", y);
}
