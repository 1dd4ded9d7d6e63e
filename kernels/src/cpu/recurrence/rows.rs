//! Normalization of rows over the features, whose columns several threads have.
//!
//! A row's moments are put together from those of its blocks: a block is one vector of units with
//! all of their gates. Blocks do not depend on how the units are cut among the threads, and are
//! added up in order, so neither do the moments.

use super::part::{Part, starts};
use super::team::Link;
use crate::Real;
use crate::simd::Lanes;

/// Two numbers of every row for every block, for one site or several.
pub(super) struct Blocks<T> {
    /// `B`, filled up to whole vectors.
    rows: usize,
    batch: usize,
    part: Part,
    /// `[sites, own blocks, 2, rows]`
    own: Vec<T>,
    /// `[sites, blocks, 2, rows]`
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

    /// Room for the numbers of `sites` sites.
    pub fn begin(&mut self, sites: usize) {
        let pair = 2 * self.rows;
        self.own
            .resize(sites * count::<T>(self.part.units()) * pair, T::zero());
        self.all
            .resize(sites * count::<T>(self.part.hidden) * pair, T::zero());
    }

    /// Mean and sum of squared deviations of the own blocks of `x [B, G·U]`.
    pub fn add_moments<const G: usize>(&mut self, site: usize, x: &[T]) {
        let units = self.part.units();
        let rows = || x.chunks_exact(G * units);
        self.fill(site, |place, first, second| {
            let elements = T::of((G * place.units) as f64);
            for ((x, mean), squares) in rows().zip(first).zip(second) {
                let x: [T::Lanes; G] = std::array::from_fn(|g| T::Lanes::load(&x[g * units + place.start..]));
                *mean = total(x.map(|x| x * place.live)).sum() / elements;
                let centred = x.map(|x| (x - T::Lanes::splat(*mean)) * place.live);
                *squares = total(centred.map(|d| d * d)).sum();
            }
        });
    }

    /// `Σ u` and `Σ u · n` of the own blocks, with `u = γ ⊙ dy` and `n` the normalized rows.
    pub fn add_gradients<const G: usize>(&mut self, site: usize, gamma: &[T], dy: &[T], normalized: &[T]) {
        let units = self.part.units();
        let rows = || dy.chunks_exact(G * units).zip(normalized.chunks_exact(G * units));
        self.fill(site, |place, first, second| {
            let at = |values: &[T], g: usize| T::Lanes::load(&values[g * units + place.start..]);
            let gamma: [T::Lanes; G] = std::array::from_fn(|g| at(gamma, g) * place.live);
            for (((dy, normalized), sum), product) in rows().zip(first).zip(second) {
                let u: [T::Lanes; G] = std::array::from_fn(|g| at(dy, g) * gamma[g]);
                *sum = total(u).sum();
                *product = total(std::array::from_fn::<_, G, _>(|g| u[g] * at(normalized, g))).sum();
            }
        });
    }

    /// Calls `f` with both rows of numbers of each own block of a site.
    fn fill(&mut self, site: usize, mut f: impl FnMut(Place<T::Lanes>, &mut [T], &mut [T])) {
        let units = self.part.units();
        let size = count::<T>(units) * 2 * self.rows;
        let own = &mut self.own[site * size..(site + 1) * size];
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

    /// Mean and variance `[B]` of the rows of a site with `gates` columns a unit.
    pub fn moments(&self, site: usize, gates: usize, mean: &mut [T], var: &mut [T]) {
        let hidden = self.part.hidden;
        let features = T::Lanes::splat(T::of((gates * hidden) as f64));
        for r in (0..self.batch).step_by(T::Lanes::N) {
            let blocks = || {
                self.site(site).enumerate().map(move |(index, (first, second))| {
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

    /// Means over the features `[B]` of both numbers of a site with `gates` columns a unit.
    pub fn means(&self, site: usize, gates: usize, first: &mut [T], second: &mut [T]) {
        let features = T::Lanes::splat(T::of((gates * self.part.hidden) as f64));
        for r in (0..self.batch).step_by(T::Lanes::N) {
            let load = |row: &[T]| T::Lanes::load(&row[r..]);
            let zero = [T::Lanes::constant(0.0); 2];
            let sums = self.site(site).fold(zero, |[a, b], (first, second)| {
                [a + load(first), b + load(second)]
            });
            (sums[0] / features).store_at(first, r);
            (sums[1] / features).store_at(second, r);
        }
    }

    /// Both rows of numbers of each block of a site.
    fn site(&self, site: usize) -> impl Iterator<Item = (&[T], &[T])> {
        let size = count::<T>(self.part.hidden) * 2 * self.rows;
        let blocks = self.all[site * size..(site + 1) * size].chunks_exact(2 * self.rows);
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

/// `x = (x − mean) · inverse`, row by row.
pub(super) fn normalize<T: Real>(x: &mut [T], mean: &[T], inverse: &[T]) {
    let width = x.len() / mean.len();
    let n = T::Lanes::N;
    for ((x, &mean), &inverse) in x.chunks_exact_mut(width).zip(mean).zip(inverse) {
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

/// Means over the features that the gradient of a row takes, `[B]` each.
#[derive(Clone, Copy)]
pub(super) struct RowGradient<'a, T> {
    pub inverse: &'a [T],
    /// Of `u = γ ⊙ dy`.
    pub sum: &'a [T],
    /// Of `u · n`.
    pub product: &'a [T],
}

/// `dx = inverse · (γ ⊙ dy − mean(u) − n · mean(u · n))`, row by row.
pub(super) fn backward<T: Real>(
    row: RowGradient<'_, T>,
    gamma: &[T],
    dy: &[T],
    normalized: &[T],
    dx: &mut [T],
) {
    let width = gamma.len();
    let moments = row.inverse.iter().zip(row.sum.iter().zip(row.product));
    let rows = dy.chunks_exact(width).zip(normalized.chunks_exact(width));
    for (((dy, normalized), dx), (&inverse, (&sum, &product))) in
        rows.zip(dx.chunks_exact_mut(width)).zip(moments)
    {
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

    /// Moments of rows of 53 units with four gates, put together by 1, 2 and 3 threads.
    #[test]
    fn moments_are_those_of_whole_rows_however_they_are_cut() {
        const HIDDEN: usize = 53;
        const BATCH: usize = 19;
        let x: Vec<f64> = (0..BATCH * 4 * HIDDEN)
            .map(|i| 100.0 + (i as f64).sin())
            .collect();
        let found: Vec<Vec<f64>> = [1, 2, 3].map(|members| moments(members, HIDDEN, &x)).into();
        assert!(found[0] == found[1] && found[0] == found[2]);
        for (r, row) in x.chunks_exact(4 * HIDDEN).enumerate() {
            let mean = row.iter().sum::<f64>() / row.len() as f64;
            let var = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64;
            // Rounding of a sum of 212 terms near 100.
            assert!((found[0][r] - mean).abs() < 1e-12);
            assert!((found[0][BATCH + r] - var).abs() < 1e-12);
        }
    }

    fn moments(members: usize, hidden: usize, x: &[f64]) -> Vec<f64> {
        let parts = Part::cut::<crate::simd::F64>(hidden, members);
        let team = Team::new(parts.len());
        let batch = x.len() / (4 * hidden);
        let found = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..parts.len())
                .map(|index| {
                    let (parts, team) = (&parts, &team);
                    scope.spawn(move || {
                        let mut own = vec![0.0; batch * parts[index].columns()];
                        parts[index].gather(x, &mut own);
                        let mut blocks = Blocks::new(parts[index], batch);
                        blocks.begin(1);
                        blocks.add_moments::<4>(0, &own);
                        blocks.exchange(parts, &mut Link::new(team, index));
                        let mut moments = vec![0.0; 2 * batch];
                        let (mean, var) = moments.split_at_mut(batch);
                        blocks.moments(0, 4, mean, var);
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
