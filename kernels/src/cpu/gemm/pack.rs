//! The right operand of a product, rearranged into panels.

use std::cell::RefCell;
use std::ops::Range;

use super::{K_BLOCK, TILE_VECTORS};
use crate::Real;
use crate::cpu::threads::{ELEMENTS, Threads, tasks};
use crate::dims::Gemm;
use crate::simd::Lanes;

/// `B [k, n]` as blocks of [`K_BLOCK`] rows, a block as panels of [`TILE_VECTORS`] vectors, a panel
/// row by row. The last panel may be narrower; the lanes past column `n` are 0.
pub(super) struct Packed<T: Real> {
    k: usize,
    /// Vectors of a row.
    vectors: usize,
    data: Vec<T::Lanes>,
}

thread_local! {
    /// Memory of earlier packings by element type: a fresh one would cost page faults every time.
    static SPARE: RefCell<Vec<Box<dyn std::any::Any>>> = const { RefCell::new(Vec::new()) };
}

fn spare<V: Lanes>() -> Vec<V> {
    SPARE.with_borrow_mut(|spare| {
        let found = spare.iter().position(|memory| memory.is::<Vec<V>>());
        found
            .map(|i| *spare.swap_remove(i).downcast().expect("just checked"))
            .unwrap_or_default()
    })
}

impl<T: Real> Packed<T> {
    /// Columns of a full panel.
    pub const PANEL: usize = TILE_VECTORS * T::Lanes::N;

    /// Packs on several threads.
    pub fn shared(threads: &Threads, dims: Gemm, b: &[T]) -> Self {
        let Gemm { k, n, .. } = dims;
        let vectors = n.div_ceil(T::Lanes::N);
        let mut data: Vec<T::Lanes> = spare();
        data.resize(k * vectors, T::Lanes::constant(0.0));
        // Turning rows into columns goes element by element.
        let work = if dims.transpose_b { 4 * k * n } else { k * n };
        let tasks = tasks(work, ELEMENTS, threads.count());
        let source = Source { dims, b };
        let mut pieces = Vec::new();
        let mut rest = &mut data[..];
        for rows in blocks(k) {
            for panel in panels(vectors) {
                let (piece, behind) = rest.split_at_mut(rows.len() * panel.len());
                pieces.push((rows.clone(), panel, piece));
                rest = behind;
            }
        }
        let share = pieces.len().div_ceil(tasks);
        let mut shares = Vec::with_capacity(tasks);
        while !pieces.is_empty() {
            shares.push(pieces.split_off(pieces.len().saturating_sub(share)));
        }
        threads.run(shares, |share| {
            for (rows, panel, piece) in share {
                source.pack(rows, panel, piece);
            }
        });
        Self { k, vectors, data }
    }

    /// Gives the memory back for the next packing on this thread.
    pub fn recycle(self) {
        SPARE.with_borrow_mut(|spare| spare.push(Box::new(self.data)));
    }

    /// Number of panels.
    pub fn panels(&self) -> usize {
        self.vectors.div_ceil(TILE_VECTORS)
    }

    /// The part of panel `panel` in the block that starts with row `from`, row by row, and its
    /// width in vectors.
    pub fn panel(&self, from: usize, panel: usize) -> (&[T::Lanes], usize) {
        let rows = K_BLOCK.min(self.k - from);
        let first = panel * TILE_VECTORS;
        let width = TILE_VECTORS.min(self.vectors - first);
        let start = from * self.vectors + rows * first;
        (&self.data[start..start + rows * width], width)
    }
}

/// The blocks of the sum over `k`.
pub(super) fn blocks(k: usize) -> impl Iterator<Item = Range<usize>> {
    (0..k)
        .step_by(K_BLOCK)
        .map(move |from| from..k.min(from + K_BLOCK))
}

/// The panels of a row of `vectors`.
fn panels(vectors: usize) -> impl Iterator<Item = Range<usize>> {
    (0..vectors)
        .step_by(TILE_VECTORS)
        .map(move |from| from..vectors.min(from + TILE_VECTORS))
}

struct Source<'a, T> {
    dims: Gemm,
    b: &'a [T],
}

impl<T: Real> Source<'_, T> {
    fn pack(&self, rows: Range<usize>, vectors: Range<usize>, to: &mut [T::Lanes]) {
        if self.dims.transpose_b {
            self.pack_transposed(rows, vectors, to);
        } else {
            self.pack_plain(rows, vectors, to);
        }
    }

    fn pack_plain(&self, rows: Range<usize>, vectors: Range<usize>, to: &mut [T::Lanes]) {
        let n = self.dims.n;
        let lanes = T::Lanes::N;
        let columns = vectors.start * lanes..n.min(vectors.end * lanes);
        let lines = self.b[rows.start * n..rows.end * n].chunks_exact(n);
        for (line, to) in lines.zip(to.chunks_exact_mut(vectors.len())) {
            let (whole, rest) = T::Lanes::split(&line[columns.clone()]);
            let full = whole.len();
            to.iter_mut().zip(whole).for_each(|(to, x)| *to = x);
            if !rest.is_empty() {
                to[full] = T::Lanes::load_partial(rest);
            }
        }
    }

    /// `B` is stored as `[n, k]`: a column of the panel is a piece of one of its rows.
    fn pack_transposed(&self, rows: Range<usize>, vectors: Range<usize>, to: &mut [T::Lanes]) {
        let Gemm { k, n, .. } = self.dims;
        let lanes = T::Lanes::N;
        let width = vectors.len() * lanes;
        let columns = vectors.start * lanes..n.min(vectors.end * lanes);
        if columns.len() < width {
            to.fill(T::Lanes::constant(0.0));
        }
        let to: &mut [T] = bytemuck::cast_slice_mut(to);
        for (j, column) in columns.enumerate() {
            let line = &self.b[column * k..][rows.clone()];
            for (to, &x) in to.chunks_exact_mut(width).zip(line) {
                to[j] = x;
            }
        }
    }
}
