//! Normalization of rows over the features, whose columns several threads have.
//!
//! A row's moments are put together from those of its blocks: a block is one vector of units with
//! all of their gates. Blocks do not depend on how the units are cut among the threads, and are
//! added up in order, so neither do the moments.

use super::part::{Part, starts};
use super::team::Link;
use crate::Real;
use crate::simd::Lanes;

/// Two numbers of every row for every block, for one group or several.
pub(super) struct Blocks<T> {
    /// `B`, filled up to whole vectors.
    rows: usize,
    batch: usize,
    part: Part,
    /// `[groups, own blocks, 2, rows]`
    own: Vec<T>,
    /// `[groups, blocks, 2, rows]`
    all: Vec<T>,
}

/// The vector of a block within the columns of a gate.
#[derive(Clone, Copy)]
struct Place<V> {
    start: usize,
    /// 1 in the lanes that belong to the block; the last vector overlaps the one before it.
    live: V,
    /// Number of such lanes.
    units: usize,
}

/// A group of a site's features: whole gates of every unit.
#[derive(Clone, Copy)]
pub(super) struct Group {
    /// Place among the groups whose blocks are exchanged together.
    pub place: usize,
    /// Columns of the group for each unit.
    pub gates: usize,
    /// Whether the mean is taken off.
    pub centered: bool,
    /// The own columns of the group within a row: `from .. to` of `width`.
    pub from: usize,
    pub to: usize,
    pub width: usize,
}

impl Group {
    /// All groups of a site with `all` columns for each unit, `gates` of them in a group; the first
    /// is at `place`.
    pub fn all(
        part: &Part,
        (all, gates): (usize, usize),
        centered: bool,
        place: usize,
    ) -> impl Iterator<Item = Self> + use<> {
        let units = part.units();
        (0..all / gates).map(move |group| Self {
            place: place + group,
            gates,
            centered,
            from: group * gates * units,
            to: (group + 1) * gates * units,
            width: all * units,
        })
    }

    /// The own columns of every row of `x [B, width]`.
    fn rows<'x, T>(&self, x: &'x [T]) -> impl Iterator<Item = &'x [T]> {
        let Self { from, to, width, .. } = *self;
        x.chunks_exact(width).map(move |row| &row[from..to])
    }

    fn rows_mut<'x, T>(&self, x: &'x mut [T]) -> impl Iterator<Item = &'x mut [T]> {
        let Self { from, to, width, .. } = *self;
        x.chunks_exact_mut(width).map(move |row| &mut row[from..to])
    }
}

/// Number of blocks of so many units.
fn count<T: Real>(units: usize) -> usize {
    units.div_ceil(T::Lanes::N)
}

/// Units of block `index`.
fn units_of<T: Real>(index: usize, units: usize) -> usize {
    T::Lanes::N.min(units - index * T::Lanes::N)
}

impl<T: Real> Blocks<T> {
    pub fn new(part: Part, batch: usize) -> Self {
        Self {
            rows: batch.next_multiple_of(T::Lanes::N),
            batch,
            part,
            own: Vec::new(),
            all: Vec::new(),
        }
    }

    /// Room for the numbers of so many groups.
    pub fn begin(&mut self, groups: usize) {
        let pair = 2 * self.rows;
        self.own
            .resize(groups * count::<T>(self.part.units()) * pair, T::zero());
        self.all
            .resize(groups * count::<T>(self.part.hidden) * pair, T::zero());
    }

    /// Mean and sum of squared deviations of the own blocks of `x [B, width]`; deviations from 0
    /// where no mean is taken off.
    pub fn add_moments(&mut self, group: Group, x: &[T]) {
        match (group.gates, group.centered) {
            (4, true) => self.add_centered::<4>(group, x),
            (2, true) => self.add_centered::<2>(group, x),
            (_, true) => self.add_centered::<1>(group, x),
            (4, false) => self.add_squares::<4>(group, x),
            (2, false) => self.add_squares::<2>(group, x),
            (_, false) => self.add_squares::<1>(group, x),
        }
    }

    fn add_centered<const G: usize>(&mut self, group: Group, x: &[T]) {
        let units = self.part.units();
        self.fill(group.place, |place, first, second| {
            let elements = T::of((G * place.units) as f64);
            for ((x, mean), squares) in group.rows(x).zip(first).zip(second) {
                let x: [T::Lanes; G] = std::array::from_fn(|g| T::Lanes::load(&x[g * units + place.start..]));
                *mean = total(x.map(|x| x * place.live)).sum() / elements;
                let centred = x.map(|x| (x - T::Lanes::splat(*mean)) * place.live);
                *squares = total(centred.map(|d| d * d)).sum();
            }
        });
    }

    fn add_squares<const G: usize>(&mut self, group: Group, x: &[T]) {
        let units = self.part.units();
        self.fill(group.place, |place, first, second| {
            first.fill(T::zero());
            for (x, squares) in group.rows(x).zip(second) {
                let x: [T::Lanes; G] = std::array::from_fn(|g| T::Lanes::load(&x[g * units + place.start..]));
                *squares = total(x.map(|x| x * x * place.live)).sum();
            }
        });
    }

    /// `Σ u` and `Σ u · n` of the own blocks, with `u = γ ⊙ dy` and `n` the normalized rows.
    pub fn add_gradients(&mut self, group: Group, gamma: &[T], dy: &[T], normalized: &[T]) {
        match group.gates {
            4 => self.add_products::<4>(group, gamma, dy, normalized),
            2 => self.add_products::<2>(group, gamma, dy, normalized),
            _ => self.add_products::<1>(group, gamma, dy, normalized),
        }
    }

    fn add_products<const G: usize>(&mut self, group: Group, gamma: &[T], dy: &[T], normalized: &[T]) {
        let units = self.part.units();
        let gamma = &gamma[group.from..group.to];
        self.fill(group.place, |place, first, second| {
            let at = |values: &[T], g: usize| T::Lanes::load(&values[g * units + place.start..]);
            let gamma: [T::Lanes; G] = std::array::from_fn(|g| at(gamma, g) * place.live);
            let rows = group.rows(dy).zip(group.rows(normalized));
            for (((dy, normalized), sum), product) in rows.zip(first).zip(second) {
                let u: [T::Lanes; G] = std::array::from_fn(|g| at(dy, g) * gamma[g]);
                *sum = total(u).sum();
                *product = total(std::array::from_fn::<_, G, _>(|g| u[g] * at(normalized, g))).sum();
            }
        });
    }

    /// Calls `f` with both rows of numbers of each own block of the group at `place`.
    fn fill(&mut self, place: usize, mut f: impl FnMut(Place<T::Lanes>, &mut [T], &mut [T])) {
        let units = self.part.units();
        let size = count::<T>(units) * 2 * self.rows;
        let own = &mut self.own[place * size..(place + 1) * size];
        for (index, pair) in own.chunks_exact_mut(2 * self.rows).enumerate() {
            let live = units_of::<T>(index, units);
            let (first, second) = pair.split_at_mut(self.rows);
            let mut lanes = [T::zero(); 16];
            lanes[T::Lanes::N - live..].fill(T::one());
            let place = Place {
                start: (index * T::Lanes::N).min(units - T::Lanes::N),
                live: T::Lanes::load(&lanes),
                units: live,
            };
            f(place, first, second);
        }
    }

    /// Puts the own blocks beside those of all other threads.
    pub fn exchange(&mut self, parts: &[Part], link: &mut Link<'_, T>) {
        let (own, all) = (&self.own, &mut self.all);
        let pair = 2 * self.rows;
        let every = count::<T>(self.part.hidden) * pair;
        let mut put = |part: &Part, from: &[T]| {
            let size = count::<T>(part.units()) * pair;
            let first = part.from / T::Lanes::N * pair;
            for (from, all) in from.chunks_exact(size).zip(all.chunks_exact_mut(every)) {
                all[first..first + size].copy_from_slice(from);
            }
        };
        put(&self.part, own);
        link.exchange(own, |other, from| put(&parts[other], from));
    }

    /// Mean and variance `[B]` of a group; the mean is 0 where none is taken off.
    pub fn moments(&self, group: Group, mean: &mut [T], var: &mut [T]) {
        let (hidden, gates) = (self.part.hidden, group.gates);
        let features = T::Lanes::splat(T::of((gates * hidden) as f64));
        for r in (0..self.batch).step_by(T::Lanes::N) {
            let blocks = || {
                self.blocks(group)
                    .enumerate()
                    .map(move |(index, (first, second))| {
                        let elements = T::of((gates * units_of::<T>(index, hidden)) as f64);
                        let load = |row: &[T]| T::Lanes::load(&row[r..]);
                        (T::Lanes::splat(elements), load(first), load(second))
                    })
            };
            let zero = T::Lanes::constant(0.0);
            let sum = blocks().fold(zero, |sum, (n, mean, _)| n.mul_add(mean, sum));
            let whole = sum / features;
            let squares = blocks().fold(zero, |sum, (n, mean, squares)| {
                let d = mean - whole;
                (n * d).mul_add(d, sum + squares)
            });
            whole.store_at(mean, r);
            (squares / features).store_at(var, r);
        }
    }

    /// Means `[B]` of both numbers over the features of a group; that of the first is 0 where no
    /// mean is taken off, so that none goes into the gradient either.
    pub fn means(&self, group: Group, first: &mut [T], second: &mut [T]) {
        let features = T::Lanes::splat(T::of((group.gates * self.part.hidden) as f64));
        for r in (0..self.batch).step_by(T::Lanes::N) {
            let load = |row: &[T]| T::Lanes::load(&row[r..]);
            let zero = [T::Lanes::constant(0.0); 2];
            let sums = self.blocks(group).fold(zero, |[a, b], (first, second)| {
                [a + load(first), b + load(second)]
            });
            (sums[0] / features).store_at(first, r);
            (sums[1] / features).store_at(second, r);
        }
        if !group.centered {
            first.fill(T::zero());
        }
    }

    /// Both rows of numbers of each block of a group.
    fn blocks(&self, group: Group) -> impl Iterator<Item = (&[T], &[T])> {
        let size = count::<T>(self.part.hidden) * 2 * self.rows;
        let blocks = self.all[group.place * size..(group.place + 1) * size].chunks_exact(2 * self.rows);
        blocks.map(|pair| pair.split_at(self.rows))
    }
}

#[inline(always)]
fn total<V: Lanes, const G: usize>(vectors: [V; G]) -> V {
    vectors.into_iter().fold(V::constant(0.0), |sum, x| sum + x)
}

/// `1 / √(var + ε)` of each row.
pub(super) fn inverse<T: Real>(var: &[T], epsilon: T, to: &mut [T]) {
    for (to, &var) in to.iter_mut().zip(var) {
        *to = T::one() / (var + epsilon).sqrt();
    }
}

/// `x = (x − mean) · inverse` in the columns of a group, row by row.
pub(super) fn normalize<T: Real>(group: Group, x: &mut [T], mean: &[T], inverse: &[T]) {
    let width = group.to - group.from;
    let n = T::Lanes::N;
    for ((x, &mean), &inverse) in group.rows_mut(x).zip(mean).zip(inverse) {
        let (mean, inverse) = (T::Lanes::splat(mean), T::Lanes::splat(inverse));
        let at = |x: &[T]| (T::Lanes::load(x) - mean) * inverse;
        // The last vector overlaps the one before it, so it is read before that one is written.
        let last = at(&x[width - n..]);
        for x in x.chunks_exact_mut(n) {
            at(x).store(x);
        }
        last.store(&mut x[width - n..]);
    }
}

/// Means over the features of a group that the gradient of a row takes, `[B]` each.
#[derive(Clone, Copy)]
pub(super) struct RowGradient<'a, T> {
    pub inverse: &'a [T],
    /// Of `u = γ ⊙ dy`.
    pub sum: &'a [T],
    /// Of `u · n`.
    pub product: &'a [T],
}

/// `dx = inverse · (γ ⊙ dy − mean(u) − n · mean(u · n))` in the columns of a group, row by row.
pub(super) fn backward<T: Real>(
    group: Group,
    row: RowGradient<'_, T>,
    gamma: &[T],
    dy: &[T],
    normalized: &[T],
    dx: &mut [T],
) {
    let gamma = &gamma[group.from..group.to];
    let width = gamma.len();
    let moments = row.inverse.iter().zip(row.sum.iter().zip(row.product));
    let rows = group.rows(dy).zip(group.rows(normalized));
    for (((dy, normalized), dx), (&inverse, (&sum, &product))) in rows.zip(group.rows_mut(dx)).zip(moments) {
        let [inverse, sum, product] = [inverse, sum, product].map(T::Lanes::splat);
        for j in starts::<T::Lanes>(width) {
            let [gamma, dy, normalized] = [gamma, dy, normalized].map(|x| T::Lanes::load(&x[j..]));
            let d = normalized.neg_mul_add(product, gamma.mul_add(dy, -sum));
            (d * inverse).store(&mut dx[j..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::team::Team;
    use super::*;

    const HIDDEN: usize = 53;
    const BATCH: usize = 19;

    /// Moments of rows of 53 units with four gates, put together by 1, 2 and 3 threads: of all
    /// gates, of two and of each, about the mean and about 0.
    #[test]
    fn moments_are_those_of_whole_rows_however_they_are_cut() {
        let x: Vec<f64> = (0..BATCH * 4 * HIDDEN)
            .map(|i| 100.0 + (i as f64).sin())
            .collect();
        for (gates, centered) in [
            (4, true),
            (2, true),
            (1, true),
            (4, false),
            (2, false),
            (1, false),
        ] {
            let found: Vec<Vec<f64>> = [1, 2, 3]
                .map(|members| moments(members, (gates, centered), &x))
                .into();
            assert!(found[0] == found[1] && found[0] == found[2]);
            let groups = 4 / gates;
            for (i, group) in x.chunks_exact(gates * HIDDEN).enumerate() {
                let (r, place) = (i / groups, i % groups);
                let center = if centered {
                    group.iter().sum::<f64>() / group.len() as f64
                } else {
                    0.0
                };
                let var = group.iter().map(|x| (x - center).powi(2)).sum::<f64>() / group.len() as f64;
                let at = 2 * place * BATCH + r;
                // Rounding of a sum of up to 212 terms near 100, or near 10000.
                assert!((found[0][at] - center).abs() < 1e-12);
                assert!((found[0][at + BATCH] - var).abs() < 1e-12 * var.max(1.0));
            }
        }
    }

    /// Mean and variance of every group, `[G, 2, B]`.
    fn moments(members: usize, (gates, centered): (usize, bool), x: &[f64]) -> Vec<f64> {
        let parts = Part::cut::<crate::simd::F64>(HIDDEN, members);
        let team = Team::new(parts.len());
        let found = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..parts.len())
                .map(|index| {
                    let (parts, team) = (&parts, &team);
                    scope.spawn(move || {
                        let mut own = vec![0.0; BATCH * parts[index].columns()];
                        parts[index].gather(x, &mut own);
                        let mut blocks = Blocks::new(parts[index], BATCH);
                        let groups = || Group::all(&parts[index], (4, gates), centered, 0);
                        blocks.begin(groups().count());
                        groups().for_each(|group| blocks.add_moments(group, &own));
                        blocks.exchange(parts, &mut Link::new(team, index));
                        let mut moments = vec![0.0; 2 * BATCH * groups().count()];
                        for (group, moments) in groups().zip(moments.chunks_exact_mut(2 * BATCH)) {
                            let (mean, var) = moments.split_at_mut(BATCH);
                            blocks.moments(group, mean, var);
                        }
                        moments
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect::<Vec<_>>()
        });
        for other in &found {
            assert_eq!(other, &found[0]);
        }
        found[0].clone()
    }
}
