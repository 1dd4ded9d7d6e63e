//! The hidden units that one thread owns, all four gates of each.

use crate::simd::Lanes;

/// Units `from .. to` of `hidden`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub hidden: usize,
    pub from: usize,
    pub to: usize,
}

impl Part {
    /// Cuts the units among at most `members`, in whole vectors but for the last part.
    pub fn cut<V: Lanes>(hidden: usize, members: usize) -> Vec<Self> {
        let vectors = hidden / V::N;
        let members = members.min(vectors).max(1);
        let bound = |p: usize| {
            if p == members {
                hidden
            } else {
                vectors * p / members * V::N
            }
        };
        (0..members)
            .map(|p| Self {
                hidden,
                from: bound(p),
                to: bound(p + 1),
            })
            .collect()
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.to - self.from
    }

    /// Number of gate columns.
    pub fn columns(&self) -> usize {
        4 * self.units()
    }

    /// The own columns of `[R, 4H]` rows, side by side: `[R, 4U]`.
    pub fn gather<T: Copy>(&self, rows: &[T], to: &mut [T]) {
        let units = self.units();
        for (row, to) in rows
            .chunks_exact(4 * self.hidden)
            .zip(to.chunks_exact_mut(4 * units))
        {
            for (gate, to) in to.chunks_exact_mut(units).enumerate() {
                to.copy_from_slice(&row[gate * self.hidden + self.from..][..units]);
            }
        }
    }

    /// The reverse of [`gather`](Self::gather): puts `[R, 4U]` into the own columns of `[R, 4H]`.
    pub fn scatter<T: Copy>(&self, from: &[T], rows: &mut [T]) {
        let units = self.units();
        for (row, from) in rows
            .chunks_exact_mut(4 * self.hidden)
            .zip(from.chunks_exact(4 * units))
        {
            for (gate, from) in from.chunks_exact(units).enumerate() {
                row[gate * self.hidden + self.from..][..units].copy_from_slice(from);
            }
        }
    }

    /// The own columns of `[R, H]` rows, side by side: `[R, U]`.
    pub fn gather_units<T: Copy>(&self, rows: &[T], to: &mut [T]) {
        let rows = rows.chunks_exact(self.hidden);
        for (row, to) in rows.zip(to.chunks_exact_mut(self.units())) {
            to.copy_from_slice(&row[self.from..self.to]);
        }
    }

    /// The reverse of [`gather_units`](Self::gather_units).
    pub fn scatter_units<T: Copy>(&self, from: &[T], rows: &mut [T]) {
        let rows = rows.chunks_exact_mut(self.hidden);
        for (row, from) in rows.zip(from.chunks_exact(self.units())) {
            row[self.from..self.to].copy_from_slice(from);
        }
    }
}

/// Where the vectors of `width ≥ N` elements start; the last one overlaps the one before it where
/// `width` is not a multiple of the lanes, so that none is partial. What is computed twice is the
/// same both times.
pub(super) fn starts<V: Lanes>(width: usize) -> impl Iterator<Item = usize> {
    (0..width).step_by(V::N).map(move |start| start.min(width - V::N))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::F32;

    #[test]
    fn parts_cover_all_units_in_whole_vectors() {
        for hidden in [F32::N, 100, 1000, 1001] {
            for members in 1..5 {
                let parts = Part::cut::<F32>(hidden, members);
                assert_eq!(parts[0].from, 0);
                assert_eq!(parts.last().unwrap().to, hidden);
                for pair in parts.windows(2) {
                    assert_eq!(pair[0].to, pair[1].from);
                    assert_eq!(pair[0].units() % F32::N, 0);
                }
                assert!(parts.iter().all(|part| part.units() >= F32::N));
            }
        }
    }

    #[test]
    fn gather_and_scatter_are_inverse() {
        let part = Part {
            hidden: 5,
            from: 1,
            to: 4,
        };
        let rows: Vec<usize> = (0..40).collect();
        let mut own = vec![0; 2 * 12];
        part.gather(&rows, &mut own);
        assert_eq!(own[..6], [1, 2, 3, 6, 7, 8]);
        let mut back = rows.clone();
        part.scatter(&own, &mut back);
        assert_eq!(back, rows);
    }
}
