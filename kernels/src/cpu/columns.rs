//! Sums down the columns of a matrix, a few vectors of columns at a time.

use crate::simd::Lanes;

/// Vectors of columns that are summed side by side, so that their additions overlap.
pub(super) const WIDTH: usize = 4;

/// Rows that are added before their sum joins the total: the error of a long sum grows with the
/// number of blocks instead of the number of rows.
const BLOCK: usize = 128;

/// Gradients of a normalization as slices, see [`crate::backend::NormGradients`].
pub(super) struct NormSlices<'a, T> {
    pub dx: &'a mut [T],
    pub d_gamma: &'a mut [T],
    pub d_beta: Option<&'a mut [T]>,
}

/// `Σ_r f(r)` for several vectors at once.
#[inline(always)]
pub(super) fn sum_rows<V: Lanes, const S: usize>(rows: usize, f: impl Fn(usize) -> [V; S]) -> [V; S] {
    let mut total = [V::constant(0.0); S];
    for start in (0..rows).step_by(BLOCK) {
        let mut sum = [V::constant(0.0); S];
        for row in start..rows.min(start + BLOCK) {
            let term = f(row);
            for s in 0..S {
                sum[s] += term[s];
            }
        }
        for s in 0..S {
            total[s] += sum[s];
        }
    }
    total
}

/// First columns of the groups of [`WIDTH`] vectors in a row of `columns` elements.
pub(super) fn groups<V: Lanes>(columns: usize) -> impl Iterator<Item = usize> {
    (0..columns).step_by(WIDTH * V::N)
}

/// [`WIDTH`] neighbouring vectors of a row.
#[inline(always)]
pub(super) fn load<V: Lanes>(row: &[V::Elem], column: usize) -> [V; WIDTH] {
    match row.get(column..column + WIDTH * V::N) {
        Some(row) => std::array::from_fn(|j| V::load(&row[j * V::N..])),
        None => std::array::from_fn(|j| V::load_at(row, column + j * V::N)),
    }
}

/// Writes [`WIDTH`] neighbouring vectors of a row.
#[inline(always)]
pub(super) fn store<V: Lanes>(values: [V; WIDTH], row: &mut [V::Elem], column: usize) {
    match row.get_mut(column..column + WIDTH * V::N) {
        Some(row) => {
            for (value, row) in values.into_iter().zip(row.chunks_exact_mut(V::N)) {
                value.store(row);
            }
        }
        None => {
            for (j, value) in values.into_iter().enumerate() {
                value.store_at(row, column + j * V::N);
            }
        }
    }
}
