//! Products with so few rows that packing `B` would cost more than the product.
//!
//! `B` is read in place; a group of columns stays close while all rows are multiplied with it. Sums are those of the tiles, block by block in the same order.

use super::pack::blocks;
use super::tile::Operand;
use crate::Real;
use crate::cpu::threads::{PRODUCTS, Threads, tasks};
use crate::dims::Gemm;
use crate::simd::Lanes;

/// Rows at most; a tile would still be mostly empty.
pub(super) const ROWS: usize = 3;
/// Vectors of a row of the result whose sums are in registers together.
const VECTORS: usize = 8;

/// `C = op(A) · B` for up to [`ROWS`] rows and `B` as it is stored.
pub(super) fn multiply<T: Real>(threads: &Threads, dims: Gemm, a: Operand<'_, T>, b: &[T], c: &mut [T]) {
    let width = VECTORS * T::Lanes::N;
    let groups = dims.n.div_ceil(width);
    let tasks = tasks(dims.m * dims.n * dims.k, PRODUCTS, threads.count());
    let share = groups.div_ceil(tasks) * width;
    let mut parts: Vec<(usize, Vec<&mut [T]>)> = (0..dims.n.div_ceil(share))
        .map(|part| (part * share, Vec::with_capacity(dims.m)))
        .collect();
    for row in c.chunks_exact_mut(dims.n) {
        for ((_, part), piece) in parts.iter_mut().zip(row.chunks_mut(share)) {
            part.push(piece);
        }
    }
    threads.run(parts, |(from, mut rows)| {
        for group in (0..share.min(dims.n - from)).step_by(width) {
            for (i, c) in rows.iter_mut().enumerate() {
                let end = c.len().min(group + width);
                row_of(dims, a, i, (b, from + group), &mut c[group..end]);
            }
        }
    });
}

/// A piece of row `row` of the result, from the columns of `B` that start at `b.1`.
fn row_of<T: Real>(dims: Gemm, a: Operand<'_, T>, row: usize, b: (&[T], usize), c: &mut [T]) {
    let (b, column) = b;
    let n = T::Lanes::N;
    for terms in blocks(dims.k) {
        let add = dims.accumulate || terms.start > 0;
        let mut sums = [T::Lanes::constant(0.0); VECTORS];
        for term in terms {
            let x = if a.transposed {
                a.data[term * a.stride + row]
            } else {
                a.data[row * a.stride + term]
            };
            let (x, line) = (T::Lanes::splat(x), &b[term * dims.n + column..][..c.len()]);
            if line.len() == VECTORS * n {
                for (j, sum) in sums.iter_mut().enumerate() {
                    *sum = x.mul_add(T::Lanes::load(&line[j * n..]), *sum);
                }
            } else {
                for (j, sum) in sums.iter_mut().enumerate().take(line.len().div_ceil(n)) {
                    *sum = x.mul_add(T::Lanes::load_at(line, j * n), *sum);
                }
            }
        }
        for (j, sum) in sums.into_iter().enumerate().take(c.len().div_ceil(n)) {
            let sum = if add {
                T::Lanes::load_at(c, j * n) + sum
            } else {
                sum
            };
            sum.store_at(c, j * n);
        }
    }
}
