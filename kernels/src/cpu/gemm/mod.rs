//! Matrix products.
//!
//! `B`, unless very few rows are multiplied with it, is packed into panels of one register tile's width, so that the inner loop reads it in
//! order and aligned; `A` is read in place, one broadcast at a time. A block of the sum over `k`
//! stays in registers; blocks are added in order. So an element's value depends on its row of `A`
//! and its column of `B` alone: not on the tile that it falls in, nor on the number of threads.

mod pack;
mod skinny;
mod tile;

use super::threads::{PRODUCTS, Threads, tasks};
use crate::Real;
use crate::dims::Gemm;
use pack::Packed;
use tile::{Operand, multiply};

/// Vectors in a register tile's row, and rows in a tile: 24 sums in 32 registers with AVX-512, 12
/// in 16 with AVX2.
const TILE_VECTORS: usize = if cfg!(target_feature = "avx512f") { 3 } else { 2 };
const TILE_ROWS: usize = if cfg!(target_feature = "avx512f") { 8 } else { 6 };

/// Terms of a sum that are added up in registers, so that the result is read and written once for
/// so many. A panel of `B` (48 × 1024 `f32`) comes from the second cache, which keeps up: three
/// vectors are read for 24 multiply-adds.
const K_BLOCK: usize = 1024;
/// Rows of `A` that are multiplied with a panel before the next panel is read: 64 with AVX-512, so
/// that a batch of the usual size reads the weight once.
const M_BLOCK: usize = 8 * TILE_ROWS;

/// A right operand that is multiplied again and again, packed once; a recurrence has its weight as
/// such for all time steps.
///
/// ```
/// use kernels::{Gemm, PackedMatrix};
///
/// let b = [1.0_f32, 2.0, 3.0, 4.0];
/// let packed = PackedMatrix::new(Gemm::new(0, 2, 2), &b);
/// let mut c = [0.0; 2];
/// packed.multiply(Gemm::new(1, 2, 2), &[1.0, 10.0], &mut c);
/// assert_eq!(c, [31.0, 42.0]);
/// ```
pub struct PackedMatrix<T: Real> {
    packed: Packed<T>,
    dims: Gemm,
}

impl<T: Real> PackedMatrix<T> {
    /// Packs `B [k, n]` on the calling thread, stored as `[n, k]` if `dims.transpose_b`; `dims.m` is
    /// free.
    ///
    /// # Panics
    /// If `b` does not have `k · n` elements.
    #[track_caller]
    pub fn new(dims: Gemm, b: &[T]) -> Self {
        crate::check::gemm(&Gemm { m: 0, ..dims }, 0, b.len(), 0);
        let packed = Packed::shared(&Threads::new(1), dims, b);
        Self { packed, dims }
    }

    /// `C = op(A) · B`, or `C += …`, on the calling thread, with `m`, `transpose_a` and
    /// `accumulate` from `dims`.
    ///
    /// # Panics
    /// If a slice does not have as many elements as `dims` says, or `k` and `n` are not those of
    /// the packed matrix.
    #[track_caller]
    pub fn multiply(&self, dims: Gemm, a: &[T], c: &mut [T]) {
        let Gemm { k, n, .. } = self.dims;
        assert!(
            (dims.k, dims.n) == (k, n),
            "packed product: dims say B [{}, {}]; the packed matrix is [{k}, {n}]",
            dims.k,
            dims.n
        );
        crate::check::gemm(&dims, a.len(), k * n, c.len());
        if n == 0 {
            return;
        }
        let mut rows: Vec<&mut [T]> = c.chunks_exact_mut(n).collect();
        multiply(
            dims,
            operand(&dims, a),
            0,
            &self.packed,
            0..self.packed.panels(),
            &mut rows,
        );
    }

    /// Gives the memory back for the next packing on this thread.
    pub(super) fn recycle(self) {
        self.packed.recycle();
    }
}

impl<T: Real> std::fmt::Debug for PackedMatrix<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PackedMatrix")
            .field("dims", &self.dims)
            .finish_non_exhaustive()
    }
}

fn operand<'a, T>(dims: &Gemm, data: &'a [T]) -> Operand<'a, T> {
    Operand {
        data,
        stride: if dims.transpose_a { dims.m } else { dims.k },
        transposed: dims.transpose_a,
    }
}

pub(super) fn gemm<T: Real>(threads: &Threads, dims: Gemm, a: &[T], b: &[T], c: &mut [T]) {
    if dims.m == 0 || dims.n == 0 {
        return;
    }
    if dims.k == 0 {
        if !dims.accumulate {
            c.fill(T::zero());
        }
        return;
    }
    let a = operand(&dims, a);
    if dims.m <= skinny::ROWS && !dims.transpose_b {
        return skinny::multiply(threads, dims, a, b, c);
    }
    let packed = Packed::shared(threads, dims, b);
    let tasks = tasks(dims.m * dims.n * dims.k, PRODUCTS, threads.count());
    if tasks == 1 {
        let mut rows: Vec<&mut [T]> = c.chunks_exact_mut(dims.n).collect();
        multiply(dims, a, 0, &packed, 0..packed.panels(), &mut rows);
    } else if dims.m >= dims.n {
        by_rows(threads, tasks, dims, a, &packed, c);
    } else {
        by_columns(threads, tasks, dims, a, &packed, c);
    }
    packed.recycle();
}

fn by_rows<T: Real>(
    threads: &Threads,
    tasks: usize,
    dims: Gemm,
    a: Operand<'_, T>,
    b: &Packed<T>,
    c: &mut [T],
) {
    let part = dims.m.div_ceil(tasks).next_multiple_of(TILE_ROWS);
    let parts = c.chunks_mut(part * dims.n).enumerate().collect();
    threads.run(parts, |(i, c): (usize, &mut [T])| {
        let mut rows: Vec<&mut [T]> = c.chunks_exact_mut(dims.n).collect();
        multiply(dims, a, i * part, b, 0..b.panels(), &mut rows);
    });
}

fn by_columns<T: Real>(
    threads: &Threads,
    tasks: usize,
    dims: Gemm,
    a: Operand<'_, T>,
    b: &Packed<T>,
    c: &mut [T],
) {
    let panels = b.panels().div_ceil(tasks);
    let width = panels * Packed::<T>::PANEL;
    let parts = b.panels().div_ceil(panels);
    let mut columns: Vec<Vec<&mut [T]>> = (0..parts).map(|_| Vec::with_capacity(dims.m)).collect();
    for row in c.chunks_exact_mut(dims.n) {
        for (part, piece) in columns.iter_mut().zip(row.chunks_mut(width)) {
            part.push(piece);
        }
    }
    threads.run(columns.into_iter().enumerate().collect(), |(i, mut rows)| {
        let end = ((i + 1) * panels).min(b.panels());
        multiply(dims, a, 0, b, i * panels..end, &mut rows);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small integers: every sum is exact, so every path must give the same value.
    fn matrix(len: usize, seed: usize) -> Vec<f32> {
        (0..len)
            .map(|i| ((i * 7 + seed * 13) % 11) as f32 - 5.0)
            .collect()
    }

    fn naive(dims: Gemm, a: &[f32], b: &[f32], c: &mut [f32]) {
        let Gemm { m, k, n, .. } = dims;
        for i in 0..m {
            for j in 0..n {
                let mut sum = if dims.accumulate { c[i * n + j] } else { 0.0 };
                for p in 0..k {
                    let x = if dims.transpose_a {
                        a[p * m + i]
                    } else {
                        a[i * k + p]
                    };
                    let y = if dims.transpose_b {
                        b[j * k + p]
                    } else {
                        b[p * n + j]
                    };
                    sum += x * y;
                }
                c[i * n + j] = sum;
            }
        }
    }

    /// All four ways to store the operands, with and without accumulation.
    fn exact(threads: &Threads, dims: Gemm) {
        let Gemm { m, k, n, .. } = dims;
        for case in 0..8 {
            let dims = Gemm {
                transpose_a: case & 1 > 0,
                transpose_b: case & 2 > 0,
                accumulate: case & 4 > 0,
                ..dims
            };
            let (a, b) = (matrix(m * k, 1), matrix(k * n, 2));
            let mut got = matrix(m * n, 3);
            let mut want = got.clone();
            gemm(threads, dims, &a, &b, &mut got);
            naive(dims, &a, &b, &mut want);
            assert!(got == want, "{dims:?}");
        }
    }

    #[test]
    fn every_edge_of_the_tiles_and_row_blocks_is_exact() {
        for m in [1, 3, 4, 7, 8, 9, 63, 64, 65] {
            for n in [1, 15, 16, 17, 47, 48, 49, 100, 300] {
                for k in [1, 5, 100] {
                    exact(&Threads::new(1), Gemm::new(m, k, n));
                }
            }
        }
    }

    #[test]
    fn sums_longer_than_a_block_are_exact() {
        for k in [K_BLOCK - 1, K_BLOCK, K_BLOCK + 1, 2 * K_BLOCK + 3] {
            exact(&Threads::new(1), Gemm::new(9, k, 49));
            exact(&Threads::new(1), Gemm::new(2, k, 49));
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        for dims in [
            Gemm::new(300, 300, 90),
            Gemm::new(90, 300, 300),
            Gemm::new(64, 1000, 200),
            Gemm::new(1, 9000, 300),
        ] {
            let a: Vec<f64> = (0..dims.m * dims.k).map(|i| (i as f64).sin()).collect();
            let b: Vec<f64> = (0..dims.k * dims.n).map(|i| (i as f64).cos()).collect();
            let run = |threads| {
                let mut c = vec![0.0; dims.m * dims.n];
                gemm(&Threads::new(threads), dims, &a, &b, &mut c);
                c
            };
            let one = run(1);
            assert!(one == run(2) && one == run(3) && one == run(5), "{dims:?}");
        }
    }
}
