//! The operations that every backend must bring itself.

use crate::Real;
use crate::dims::{Axis, Broadcast, CopyRows, Gemm, Rows};
use crate::functions::{Binary, Reduce};

pub(super) fn copy_rows<T: Real>(dims: CopyRows, from: &[T], to: &mut [T]) {
    for row in 0..dims.rows {
        for column in 0..dims.columns {
            to[row * dims.to_stride + column] = from[row * dims.from_stride + column];
        }
    }
}

/// `c[i, j] = Σ_p a[i, p] · b[p, j]`
pub(super) fn gemm<T: Real>(dims: Gemm, a: &[T], b: &[T], c: &mut [T]) {
    let Gemm { m, k, n, .. } = dims;
    let a = |i: usize, p: usize| match dims.transpose_a {
        false => a[i * k + p].as_f64(),
        true => a[p * m + i].as_f64(),
    };
    let b = |p: usize, j: usize| match dims.transpose_b {
        false => b[p * n + j].as_f64(),
        true => b[j * k + p].as_f64(),
    };
    for i in 0..m {
        for j in 0..n {
            let start = match dims.accumulate {
                false => 0.0,
                true => c[i * n + j].as_f64(),
            };
            let mut sum = 0.0;
            for p in 0..k {
                sum += a(i, p) * b(p, j);
            }
            c[i * n + j] = T::of(start + sum);
        }
    }
}

/// Calls `visit` with the offsets in `a`, `b` and the result, in the order of the result.
fn for_each(dims: &Broadcast, mut visit: impl FnMut(usize, usize, usize)) {
    let offset = |index: [usize; 4], strides: [usize; 4]| -> usize {
        (0..4).map(|axis| index[axis] * strides[axis]).sum()
    };
    let mut y = 0;
    for i in 0..dims.shape[0] {
        for j in 0..dims.shape[1] {
            for k in 0..dims.shape[2] {
                for l in 0..dims.shape[3] {
                    let index = [i, j, k, l];
                    visit(offset(index, dims.a), offset(index, dims.b), y);
                    y += 1;
                }
            }
        }
    }
}

pub(super) fn zip<T: Real>(f: Binary, dims: &Broadcast, a: &[T], b: &[T], y: &mut [T]) {
    for_each(dims, |i, j, k| y[k] = f.apply(a[i], b[j]));
}

pub(super) fn zip_in_place<T: Real>(f: Binary, dims: &Broadcast, a: &mut [T], b: &[T]) {
    for_each(dims, |_, j, k| a[k] = f.apply(a[k], b[j]));
}

pub(super) fn reduce<T: Real>(f: Reduce, dims: Axis, x: &[T], y: &mut [T]) {
    for outer in 0..dims.outer {
        for inner in 0..dims.inner {
            let element = |i: usize| x[(outer * dims.axis + i) * dims.inner + inner];
            let elements = (0..dims.axis).map(element);
            y[outer * dims.inner + inner] = match f {
                Reduce::Sum => T::of(elements.fold(0.0, |sum, x| sum + x.as_f64())),
                Reduce::SumSquares => T::of(elements.fold(0.0, |sum, x| sum + x.as_f64() * x.as_f64())),
                Reduce::Max => elements.fold(T::neg_infinity(), |a, b| Binary::Max.apply(a, b)),
            };
        }
    }
}

pub(super) fn gather_rows<T: Real>(dims: Rows, table: &[T], indices: &[u32], y: &mut [T]) {
    for (n, &index) in indices.iter().enumerate() {
        for column in 0..dims.columns {
            y[n * dims.columns + column] = table[index as usize * dims.columns + column];
        }
    }
}

/// The sum of a table's row is rounded with every row that is added, in the order of `indices`.
pub(super) fn scatter_add_rows<T: Real>(dims: Rows, x: &[T], indices: &[u32], table: &mut [T]) {
    for (n, &index) in indices.iter().enumerate() {
        for column in 0..dims.columns {
            table[index as usize * dims.columns + column] += x[n * dims.columns + column];
        }
    }
}
