//! Elementwise functions over contiguous and broadcast operands.

use super::threads::Threads;
use crate::Real;
use crate::dims::Broadcast;
use crate::functions::{Binary, Unary};
use crate::simd::{Lanes, math};

/// `y = f(x)` on whole vectors and one partial one, so that a tail has the same bits.
#[inline(always)]
fn map_lanes<T: Real>(x: &[T], y: &mut [T], f: impl Fn(T::Lanes) -> T::Lanes) {
    let n = T::Lanes::N;
    let whole = x.len() - x.len() % n;
    let (xs, x_rest) = x.split_at(whole);
    let (ys, y_rest) = y.split_at_mut(whole);
    for (x, y) in xs.chunks_exact(n).zip(ys.chunks_exact_mut(n)) {
        f(T::Lanes::load(x)).store(y);
    }
    if !x_rest.is_empty() {
        f(T::Lanes::load_partial(x_rest)).store_partial(y_rest);
    }
}

#[inline(always)]
fn update_lanes<T: Real>(x: &mut [T], f: impl Fn(T::Lanes) -> T::Lanes) {
    let n = T::Lanes::N;
    let mut chunks = x.chunks_exact_mut(n);
    for x in &mut chunks {
        f(T::Lanes::load(x)).store(x);
    }
    let rest = chunks.into_remainder();
    if !rest.is_empty() {
        f(T::Lanes::load_partial(rest)).store_partial(rest);
    }
}

/// A way to run one function of a vector over memory; the function is chosen outside the loop.
trait Loop<T: Real> {
    fn run(self, f: impl Fn(T::Lanes) -> T::Lanes + Send + Sync);
}

struct Map<'a, T> {
    threads: &'a Threads,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> Loop<T> for Map<'_, T> {
    #[inline(always)]
    fn run(self, f: impl Fn(T::Lanes) -> T::Lanes + Send + Sync) {
        let x = self.x;
        self.threads.rows(x.len(), x.len(), self.y, |first, y| {
            map_lanes(&x[first..first + y.len()], y, &f);
        });
    }
}

struct Update<'a, T> {
    threads: &'a Threads,
    x: &'a mut [T],
}

impl<T: Real> Loop<T> for Update<'_, T> {
    #[inline(always)]
    fn run(self, f: impl Fn(T::Lanes) -> T::Lanes + Send + Sync) {
        let len = self.x.len();
        self.threads.rows(len, len, self.x, |_, x| update_lanes(x, &f));
    }
}

fn dispatch<T: Real>(f: Unary<T>, run: impl Loop<T>) {
    let zero = T::Lanes::constant(0.0);
    let one = T::Lanes::constant(1.0);
    match f {
        Unary::Neg => run.run(|x| -x),
        Unary::Abs => run.run(|x| x.abs()),
        Unary::Square => run.run(|x| x * x),
        Unary::Sqrt => run.run(|x| x.sqrt()),
        Unary::Recip => run.run(|x| one / x),
        Unary::Exp => run.run(math::exp),
        Unary::Tanh => run.run(math::tanh),
        Unary::Sigmoid => run.run(math::sigmoid),
        Unary::Relu => run.run(|x| x.at_least(zero)),
        Unary::Scale(s) => run.run(|x| x * T::Lanes::splat(s)),
        Unary::Shift(s) => run.run(|x| x + T::Lanes::splat(s)),
        Unary::Ln | Unary::Positive | Unary::Sign | Unary::ClipFactor(_) => {
            run.run(|x| x.each(|x| f.apply(x)))
        }
    }
}

pub(super) fn map<T: Real>(threads: &Threads, f: Unary<T>, x: &[T], y: &mut [T]) {
    dispatch(f, Map { threads, x, y });
}

pub(super) fn map_in_place<T: Real>(threads: &Threads, f: Unary<T>, x: &mut [T]) {
    dispatch(f, Update { threads, x });
}

pub(super) fn axpy<T: Real>(threads: &Threads, alpha: T, x: &[T], y: &mut [T]) {
    let alpha = T::Lanes::splat(alpha);
    threads.rows(x.len(), x.len(), y, |first, y| {
        combine(y, &x[first..first + y.len()], |y, x| alpha.mul_add(x, y));
    });
}

/// `a = f(a, b)` for operands of the same length.
#[inline(always)]
fn combine<T: Real>(a: &mut [T], b: &[T], f: impl Fn(T::Lanes, T::Lanes) -> T::Lanes) {
    let n = T::Lanes::N;
    let whole = a.len() - a.len() % n;
    let (a, a_rest) = a.split_at_mut(whole);
    let (b, b_rest) = b.split_at(whole);
    for (a, b) in a.chunks_exact_mut(n).zip(b.chunks_exact(n)) {
        f(T::Lanes::load(a), T::Lanes::load(b)).store(a);
    }
    if !a_rest.is_empty() {
        f(T::Lanes::load_partial(a_rest), T::Lanes::load_partial(b_rest)).store_partial(a_rest);
    }
}

/// Rows along the innermost axis that an operand or a result is cut into.
struct Lines {
    /// Elements of a line.
    width: usize,
    /// Number of lines.
    count: usize,
    dims: Broadcast,
}

impl Lines {
    fn new(dims: &Broadcast) -> Self {
        let dims = collapse(dims);
        assert!(
            dims.a[3] <= 1 && dims.b[3] <= 1,
            "zip: strides {:?} and {:?} of the last axis; 0 or 1 fits",
            dims.a,
            dims.b
        );
        let width = dims.shape[3];
        let count = dims.shape[..3].iter().product();
        Self { width, count, dims }
    }

    /// Where line `i` starts in an operand with these strides.
    fn start(&self, i: usize, strides: &[usize; 4]) -> usize {
        let [_, s1, s2, _] = self.dims.shape;
        let (i0, i1, i2) = (i / (s1 * s2), i / s2 % s1, i % s2);
        i0 * strides[0] + i1 * strides[1] + i2 * strides[2]
    }
}

/// Merges neighbouring axes that both operands walk through without a jump: fewer, longer lines.
fn collapse(dims: &Broadcast) -> Broadcast {
    let mut merged: Vec<[usize; 3]> = Vec::with_capacity(4);
    for axis in 0..4 {
        let (extent, a, b) = (dims.shape[axis], dims.a[axis], dims.b[axis]);
        if extent == 1 {
            continue;
        }
        match merged.last_mut() {
            Some(last) if last[1] == a * extent && last[2] == b * extent => *last = [last[0] * extent, a, b],
            _ => merged.push([extent, a, b]),
        }
    }
    let mut out = Broadcast {
        shape: [1; 4],
        a: [0; 4],
        b: [0; 4],
    };
    let skip = 4 - merged.len();
    for (i, [extent, a, b]) in merged.into_iter().enumerate() {
        out.shape[skip + i] = extent;
        out.a[skip + i] = a;
        out.b[skip + i] = b;
    }
    out
}

/// A way to run one function of two vectors over memory.
trait PairLoop<T: Real> {
    fn run(self, f: impl Fn(T::Lanes, T::Lanes) -> T::Lanes + Send + Sync);
}

fn dispatch_pair<T: Real>(f: Binary, run: impl PairLoop<T>) {
    let one = T::Lanes::constant(1.0);
    match f {
        Binary::Add => run.run(|a, b| a + b),
        Binary::Sub => run.run(|a, b| a - b),
        Binary::Mul => run.run(|a, b| a * b),
        Binary::Div => run.run(|a, b| a / b),
        Binary::Max => run.run(|a, b| b.nan().choose(b, a.at_least(b))),
        Binary::TanhGrad => run.run(|a, b| a * b.neg_mul_add(b, one)),
        Binary::SigmoidGrad => run.run(|a, b| a * (b * (one - b))),
    }
}

struct Zip<'a, T> {
    threads: &'a Threads,
    lines: Lines,
    a: &'a [T],
    b: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> PairLoop<T> for Zip<'_, T> {
    #[inline(always)]
    fn run(self, f: impl Fn(T::Lanes, T::Lanes) -> T::Lanes + Send + Sync) {
        let Zip {
            threads,
            lines,
            a,
            b,
            y,
        } = self;
        if y.is_empty() {
            return;
        }
        if lines.count == 1 {
            // One long line: cut it anywhere.
            let (sa, sb) = (lines.dims.a[3], lines.dims.b[3]);
            return threads.rows(y.len(), y.len(), y, |first, y| {
                line(&a[first * sa..], sa, &b[first * sb..], sb, y, &f);
            });
        }
        threads.rows(y.len(), lines.count, y, |first, y| {
            for (i, y) in y.chunks_exact_mut(lines.width).enumerate() {
                let a = &a[lines.start(first + i, &lines.dims.a)..];
                let b = &b[lines.start(first + i, &lines.dims.b)..];
                line(a, lines.dims.a[3], b, lines.dims.b[3], y, &f);
            }
        });
    }
}

/// One line of the result; a stride is 1, or 0 for an operand that repeats.
#[inline(always)]
fn line<T: Real>(
    a: &[T],
    a_stride: usize,
    b: &[T],
    b_stride: usize,
    y: &mut [T],
    f: impl Fn(T::Lanes, T::Lanes) -> T::Lanes,
) {
    let len = y.len();
    match (a_stride, b_stride) {
        (1, 1) => zip_lanes(&a[..len], &b[..len], y, f),
        (1, 0) => {
            let b = T::Lanes::splat(b[0]);
            map_lanes(&a[..len], y, |a| f(a, b));
        }
        (0, 1) => {
            let a = T::Lanes::splat(a[0]);
            map_lanes(&b[..len], y, |b| f(a, b));
        }
        _ => {
            let n = T::Lanes::N;
            let value = f(T::Lanes::splat(a[0]), T::Lanes::splat(b[0]));
            y.chunks_mut(n).for_each(|y| value.store_partial(y));
        }
    }
}

#[inline(always)]
fn zip_lanes<T: Real>(a: &[T], b: &[T], y: &mut [T], f: impl Fn(T::Lanes, T::Lanes) -> T::Lanes) {
    let n = T::Lanes::N;
    let whole = y.len() - y.len() % n;
    let (ys, y_rest) = y.split_at_mut(whole);
    let pairs = a.chunks_exact(n).zip(b.chunks_exact(n));
    for (y, (a, b)) in ys.chunks_exact_mut(n).zip(pairs) {
        f(T::Lanes::load(a), T::Lanes::load(b)).store(y);
    }
    if !y_rest.is_empty() {
        let (a, b) = (
            T::Lanes::load_partial(&a[whole..]),
            T::Lanes::load_partial(&b[whole..]),
        );
        f(a, b).store_partial(y_rest);
    }
}

pub(super) fn zip<T: Real>(threads: &Threads, f: Binary, dims: &Broadcast, a: &[T], b: &[T], y: &mut [T]) {
    let lines = Lines::new(dims);
    dispatch_pair(
        f,
        Zip {
            threads,
            lines,
            a,
            b,
            y,
        },
    );
}

struct ZipInPlace<'a, T> {
    threads: &'a Threads,
    lines: Lines,
    a: &'a mut [T],
    b: &'a [T],
}

impl<T: Real> PairLoop<T> for ZipInPlace<'_, T> {
    #[inline(always)]
    fn run(self, f: impl Fn(T::Lanes, T::Lanes) -> T::Lanes + Send + Sync) {
        let ZipInPlace { threads, lines, a, b } = self;
        if a.is_empty() {
            return;
        }
        let stride = lines.dims.b[3];
        let update = |a: &mut [T], b: &[T]| match stride {
            1 => combine(a, &b[..a.len()], &f),
            _ => {
                let b = T::Lanes::splat(b[0]);
                update_lanes(a, |a| f(a, b));
            }
        };
        if lines.count == 1 {
            return threads.rows(a.len(), a.len(), a, |first, a| update(a, &b[first * stride..]));
        }
        threads.rows(a.len(), lines.count, a, |first, a| {
            for (i, a) in a.chunks_exact_mut(lines.width).enumerate() {
                update(a, &b[lines.start(first + i, &lines.dims.b)..]);
            }
        });
    }
}

pub(super) fn zip_in_place<T: Real>(threads: &Threads, f: Binary, dims: &Broadcast, a: &mut [T], b: &[T]) {
    let lines = Lines::new(dims);
    dispatch_pair(f, ZipInPlace { threads, lines, a, b });
}
