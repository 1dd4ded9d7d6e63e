//! The register tile, and the loops around it.

use std::ops::Range;

use super::pack::{Packed, blocks};
use super::{M_BLOCK, TILE_ROWS};
use crate::Real;
use crate::dims::Gemm;
use crate::simd::Lanes;

/// The left operand, read in place.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a, T> {
    pub data: &'a [T],
    /// Elements from one stored row to the next.
    pub stride: usize,
    /// Stored as `[k, m]`.
    pub transposed: bool,
}

/// Where a tile lies: rows of `A` and terms of the sum.
struct Place {
    row: usize,
    terms: Range<usize>,
    add: bool,
}

/// Multiplies rows `first ..` of `A` with the given panels; `c` holds the matching pieces of the
/// result's rows.
pub(super) fn multiply<T: Real>(
    dims: Gemm,
    a: Operand<'_, T>,
    first: usize,
    b: &Packed<T>,
    panels: Range<usize>,
    c: &mut [&mut [T]],
) {
    for terms in blocks(dims.k) {
        let add = dims.accumulate || terms.start > 0;
        for (block, rows) in c.chunks_mut(M_BLOCK).enumerate() {
            for (j, panel) in panels.clone().enumerate() {
                let (b, width) = b.panel(terms.start, panel);
                for (i, c) in rows.chunks_mut(TILE_ROWS).enumerate() {
                    let row = first + block * M_BLOCK + i * TILE_ROWS;
                    let terms = terms.clone();
                    let place = Place { row, terms, add };
                    let columns = j * Packed::<T>::PANEL;
                    match width {
                        1 => rows_of::<T, 1>(a, place, b, columns, c),
                        2 => rows_of::<T, 2>(a, place, b, columns, c),
                        _ => rows_of::<T, 3>(a, place, b, columns, c),
                    }
                }
            }
        }
    }
}

/// Tiles for the rows of `c`: the full height, or powers of two for what is left.
fn rows_of<T: Real, const W: usize>(
    a: Operand<'_, T>,
    mut place: Place,
    b: &[T::Lanes],
    columns: usize,
    mut c: &mut [&mut [T]],
) {
    while !c.is_empty() {
        let height = match c.len() {
            TILE_ROWS => tile::<T, TILE_ROWS, W>(a, &place, b, columns, c),
            4.. => tile::<T, 4, W>(a, &place, b, columns, c),
            2.. => tile::<T, 2, W>(a, &place, b, columns, c),
            _ => tile::<T, 1, W>(a, &place, b, columns, c),
        };
        place.row += height;
        c = &mut c[height..];
    }
}

/// One tile of `M` rows and `W` vectors; returns `M`.
#[inline(always)]
fn tile<T: Real, const M: usize, const W: usize>(
    a: Operand<'_, T>,
    place: &Place,
    b: &[T::Lanes],
    columns: usize,
    c: &mut [&mut [T]],
) -> usize {
    let sums = if a.transposed {
        let lines = a.data[place.terms.start * a.stride..place.terms.end * a.stride].chunks_exact(a.stride);
        sums::<T::Lanes, M, W>(
            lines.map(|line| *line[place.row..].first_chunk::<M>().expect("rows of A")),
            b,
        )
    } else {
        let lines: [&[T]; M] =
            std::array::from_fn(|i| &a.data[(place.row + i) * a.stride..][place.terms.clone()]);
        let terms = place.terms.len();
        sums::<T::Lanes, M, W>((0..terms).map(|k| std::array::from_fn(|i| lines[i][k])), b)
    };
    for (sums, c) in sums.iter().zip(c) {
        store::<T, W>(sums, place.add, &mut c[columns..]);
    }
    M
}

/// `Σ_k a_k ⊗ b_k`, held in registers.
#[inline(always)]
fn sums<V: Lanes, const M: usize, const W: usize>(
    a: impl Iterator<Item = [V::Elem; M]>,
    b: &[V],
) -> [[V; W]; M] {
    let mut sums = [[V::constant(0.0); W]; M];
    let (b, _) = b.as_chunks::<W>();
    for (a, b) in a.zip(b) {
        for i in 0..M {
            let x = V::splat(a[i]);
            for j in 0..W {
                sums[i][j] = x.mul_add(b[j], sums[i][j]);
            }
        }
    }
    // Element by element, so that the array above is never addressed as a whole: it would then
    // live in memory instead of registers.
    std::array::from_fn(|i| std::array::from_fn(|j| sums[i][j]))
}

/// Writes or adds one row of a tile; columns past the end of the result are dropped.
#[inline(always)]
fn store<T: Real, const W: usize>(sums: &[T::Lanes; W], add: bool, c: &mut [T]) {
    let n = T::Lanes::N;
    for (j, &sum) in sums.iter().enumerate() {
        let rest = c.len().saturating_sub(j * n);
        if rest >= n {
            let c = &mut c[j * n..(j + 1) * n];
            let sum = if add { T::Lanes::load(c) + sum } else { sum };
            sum.store(c);
        } else if rest > 0 {
            let c = &mut c[j * n..];
            let sum = if add { T::Lanes::load_partial(c) + sum } else { sum };
            sum.store_partial(c);
        }
    }
}
