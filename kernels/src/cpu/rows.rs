//! Copies, look-ups and scattered sums of rows.

use super::threads::{ELEMENTS, Threads, tasks};
use crate::Real;
use crate::dims::{CopyRows, Rows};

pub(super) fn copy<T: Real>(dims: CopyRows, from: &[T], to: &mut [T]) {
    if dims.columns == 0 {
        return;
    }
    for r in 0..dims.rows {
        let to = &mut to[r * dims.to_stride..][..dims.columns];
        to.copy_from_slice(&from[r * dims.from_stride..][..dims.columns]);
    }
}

pub(super) fn gather<T: Real>(threads: &Threads, columns: usize, table: &[T], indices: &[u32], y: &mut [T]) {
    if columns == 0 {
        return;
    }
    threads.rows(y.len(), indices.len(), y, |first, y| {
        for (y, &index) in y.chunks_exact_mut(columns).zip(&indices[first..]) {
            y.copy_from_slice(&table[index as usize * columns..][..columns]);
        }
    });
}

/// Each task owns some rows of the table and looks for them in all indices.
pub(super) fn scatter_add<T: Real>(threads: &Threads, dims: Rows, x: &[T], indices: &[u32], table: &mut [T]) {
    let Rows { rows, columns } = dims;
    if rows * columns == 0 {
        return;
    }
    let tasks = tasks(x.len(), ELEMENTS, threads.count());
    let share = rows.div_ceil(tasks);
    let parts = table.chunks_mut(share * columns).enumerate().collect();
    threads.run(parts, |(p, part): (usize, &mut [T])| {
        let first = p * share;
        for (x, &index) in x.chunks_exact(columns).zip(indices) {
            let row = (index as usize).wrapping_sub(first);
            if let Some(to) = part
                .get_mut(row.saturating_mul(columns)..)
                .and_then(|to| to.get_mut(..columns))
            {
                to.iter_mut().zip(x).for_each(|(to, &x)| *to += x);
            }
        }
    });
}
