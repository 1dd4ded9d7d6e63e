//! Reductions along an axis.

use super::columns::{WIDTH, groups, load, store, sum_rows};
use super::threads::{ELEMENTS, Threads, tasks};
use crate::Real;
use crate::dims::Axis;
use crate::functions::{Binary, Reduce};
use crate::simd::Lanes;

pub(super) fn reduce<T: Real>(threads: &Threads, f: Reduce, dims: Axis, x: &[T], y: &mut [T]) {
    let Axis { outer, axis, inner } = dims;
    if y.is_empty() {
        return;
    }
    if inner == 1 {
        return threads.rows(x.len(), outer, y, |first, y| {
            for (r, y) in y.iter_mut().enumerate() {
                *y = row(f, &x[(first + r) * axis..][..axis]);
            }
        });
    }
    // Results are cut into pieces of whole column groups within one outer index.
    let width = WIDTH * T::Lanes::N;
    let tasks = tasks(x.len(), ELEMENTS, threads.count());
    let share = if outer >= tasks {
        inner
    } else {
        inner.div_ceil(tasks).next_multiple_of(width)
    };
    let mut pieces = Vec::new();
    for (o, y) in y.chunks_exact_mut(inner).enumerate() {
        let x = &x[o * axis * inner..][..axis * inner];
        pieces.extend(y.chunks_mut(share).enumerate().map(|(i, y)| (x, i * share, y)));
    }
    let work = |(x, start, y): (&[T], usize, &mut [T])| columns(f, dims, x, start, y);
    if tasks == 1 {
        pieces.into_iter().for_each(work);
    } else {
        threads.run(pieces, work);
    }
}

/// Columns `start ..` of `x [axis, inner]`, down the axis.
fn columns<T: Real>(f: Reduce, dims: Axis, x: &[T], start: usize, y: &mut [T]) {
    let end = start + y.len();
    for column in groups::<T::Lanes>(y.len()) {
        let at = |r: usize| load::<T::Lanes>(&x[r * dims.inner..][..end], start + column);
        let result = match f {
            Reduce::Sum => sum_rows(dims.axis, at),
            Reduce::SumSquares => sum_rows(dims.axis, |r| at(r).map(|x| x * x)),
            Reduce::Max => (0..dims.axis).fold([T::Lanes::splat(T::neg_infinity()); WIDTH], |max, r| {
                let x = at(r);
                std::array::from_fn(|j| larger(max[j], x[j]))
            }),
        };
        store(result, y, column);
    }
}

#[inline(always)]
fn larger<V: Lanes>(max: V, x: V) -> V {
    x.nan().choose(x, max.at_least(x))
}

/// Elements that are summed in one go; the sums of the blocks add up in double precision.
const BLOCK: usize = 4096;

fn row<T: Real>(f: Reduce, x: &[T]) -> T {
    if f == Reduce::Max {
        return x
            .iter()
            .fold(T::neg_infinity(), |max, &x| Binary::Max.apply(max, x));
    }
    let mut total = 0.0;
    for block in x.chunks(BLOCK) {
        let (whole, rest) = T::Lanes::split(block);
        let mut sum = square_if(f, T::Lanes::load_partial(rest));
        for x in whole {
            sum += square_if(f, x);
        }
        total += sum.sum().as_f64();
    }
    T::of(total)
}

#[inline(always)]
fn square_if<V: Lanes>(f: Reduce, x: V) -> V {
    if f == Reduce::SumSquares { x * x } else { x }
}
