//! The input term of one step, for the own columns.

use super::part::{Part, starts};
use crate::Real;
use crate::simd::Lanes;

/// Where the term comes from, see [`crate::sequence::InputTerm`]; weights are the own columns only.
pub(super) enum Source<'a, T> {
    Product(&'a [T]),
    Scalar { x: &'a [T], weight: Vec<T> },
    Lookup { table: Vec<T>, symbols: &'a [u32] },
}

/// Rows `[B, width]` of one step.
#[derive(Clone, Copy)]
pub(super) enum Block<'a, T> {
    /// One after another.
    Dense(&'a [T]),
    /// Rows of a table, one for each symbol.
    Lookup { table: &'a [T], symbols: &'a [u32] },
}

impl<'a, T> Block<'a, T> {
    /// The rows, `width` elements each.
    pub fn rows(self, width: usize) -> impl Iterator<Item = &'a [T]> {
        let count = match self {
            Block::Dense(values) => values.len() / width,
            Block::Lookup { symbols, .. } => symbols.len(),
        };
        (0..count).map(move |b| match self {
            Block::Dense(values) => &values[b * width..(b + 1) * width],
            Block::Lookup { table, symbols } => &table[symbols[b] as usize * width..][..width],
        })
    }
}

impl<T: Real> Source<'_, T> {
    /// What the term of step `t` is the product of, where an input is one number: `x [B]` and the
    /// weight `[4U]`.
    pub fn scalars(&self, t: usize, batch: usize) -> Option<(&[T], &[T])> {
        match self {
            Source::Scalar { x, weight } => Some((&x[t * batch..(t + 1) * batch], weight)),
            Source::Product(_) | Source::Lookup { .. } => None,
        }
    }

    /// The term of step `t`, `[B, 4U]`, where it need not be written anywhere for that.
    pub fn in_place(&self, t: usize, batch: usize) -> Option<Block<'_, T>> {
        match self {
            Source::Lookup { table, symbols } => Some(Block::Lookup {
                table,
                symbols: &symbols[t * batch..(t + 1) * batch],
            }),
            Source::Product(_) | Source::Scalar { .. } => None,
        }
    }

    /// The term of step `t`, `[B, 4U]`.
    pub fn fill(&self, t: usize, batch: usize, part: &Part, block: &mut [T]) {
        let width = part.columns();
        let rows = block.chunks_exact_mut(width);
        match self {
            Source::Product(product) => {
                let size = batch * 4 * part.hidden;
                part.gather(&product[t * size..(t + 1) * size], block);
            }
            Source::Scalar { x, weight } => {
                for (row, &x) in rows.zip(&x[t * batch..(t + 1) * batch]) {
                    let x = T::Lanes::splat(x);
                    for j in starts::<T::Lanes>(width) {
                        (x * T::Lanes::load(&weight[j..])).store(&mut row[j..]);
                    }
                }
            }
            Source::Lookup { table, symbols } => {
                for (row, &symbol) in rows.zip(&symbols[t * batch..(t + 1) * batch]) {
                    row.copy_from_slice(&table[symbol as usize * width..][..width]);
                }
            }
        }
    }

    /// Elements of the weight's gradient, for the own columns.
    pub fn gradient_len(&self) -> usize {
        match self {
            Source::Product(_) => 0,
            Source::Scalar { weight, .. } => weight.len(),
            Source::Lookup { table, .. } => table.len(),
        }
    }

    /// Adds what step `t` contributes to the weight's gradient, given that of the term `[B, 4U]`;
    /// the sums over the batch go through `sum [4U]`, so that one over all steps loses nothing to
    /// its own size.
    pub fn add_gradient(&self, t: usize, batch: usize, d_term: &[T], sum: &mut [T], d_weight: &mut [T]) {
        let width = sum.len();
        let rows = d_term.chunks_exact(width);
        match self {
            Source::Product(_) => {}
            Source::Scalar { x, .. } => {
                let x = &x[t * batch..(t + 1) * batch];
                sum.fill(T::zero());
                for (row, &x) in rows.zip(x) {
                    add_scaled(x, row, sum);
                }
                add_scaled(T::one(), sum, d_weight);
            }
            Source::Lookup { symbols, .. } => {
                for (row, &symbol) in rows.zip(&symbols[t * batch..(t + 1) * batch]) {
                    add_scaled(T::one(), row, &mut d_weight[symbol as usize * width..][..width]);
                }
            }
        }
    }
}

/// `to += factor · x`, for slices that may end in a partial vector.
fn add_scaled<T: Real>(factor: T, x: &[T], to: &mut [T]) {
    let factor = T::Lanes::splat(factor);
    for j in (0..x.len()).step_by(T::Lanes::N) {
        let sum = factor.mul_add(T::Lanes::load_at(x, j), T::Lanes::load_at(to, j));
        sum.store_at(to, j);
    }
}
