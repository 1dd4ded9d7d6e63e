//! Matrix products.

use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use super::bound::{denormal, roundings};
use super::host::{Case, Host, Outputs, check_all, check_one, oracle};
use super::values::{Kind, Values, values};
use crate::Real;
use crate::backend::Backend;
use crate::dims::Gemm;

/// Extents around 0 and 1, vectors and register tiles (6×16, 8×24, 8×48), and blocks of `k`.
const EXTENTS: [usize; 30] = [
    0, 1, 1, 2, 3, 5, 6, 7, 8, 9, 11, 13, 15, 16, 17, 23, 24, 25, 31, 33, 47, 48, 49, 95, 97, 128, 255, 256,
    257, 513,
];

/// Multiplications of a random case; the sides of larger ones are halved.
const MOST: usize = 400_000;

/// Checks matrix products, transposed in all four ways, with and without accumulation.
///
/// Whatever the order of a sum of `k` products, its error is below `k + 2` roundings of
/// `Σ |a| |b|` (Higham, Accuracy and Stability of Numerical Algorithms, section 3.5), with one more
/// rounding where it is added to `c`.
pub fn gemm<T: Real>(backend: &dyn Backend<T>) {
    let extents = || select(&EXTENTS[..]);
    let shapes = (extents(), extents(), extents()).prop_map(limited);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let cases = (shapes, flags, values(&[Kind::Special]));
    let cases = cases.prop_map(|(shape, flags, values)| Product::new(shape, flags, values));
    check_all(backend, 200, cases);
    for all in 0..8 {
        let flags = (all & 1 != 0, all & 2 != 0, all & 4 != 0);
        let kind = Kind::Ordinary;
        let values = Values { kind, seed: all };
        // Each longer than any block or tile in one extent, and large enough for several threads.
        for shape in [(517, 70, 61), (67, 531, 50), (70, 61, 1031)] {
            check_one(backend, &Product::new(shape, flags, values));
        }
    }
}

fn limited((mut m, mut k, mut n): (usize, usize, usize)) -> (usize, usize, usize) {
    while m * k * n > MOST {
        if m >= n {
            m = m.div_ceil(2);
        } else {
            n = n.div_ceil(2);
        }
        if m.max(n) < k / 4 {
            k = k.div_ceil(2);
        }
    }
    (m, k, n)
}

#[derive(Debug)]
struct Product {
    dims: Gemm,
    values: Values,
}

impl Product {
    fn new((m, k, n): (usize, usize, usize), flags: (bool, bool, bool), values: Values) -> Self {
        let (transpose_a, transpose_b, accumulate) = flags;
        let dims = Gemm {
            m,
            k,
            n,
            transpose_a,
            transpose_b,
            accumulate,
        };
        Self { dims, values }
    }

    fn multiply<E: Real>(&self, host: &Host<'_, E>, view: fn(f64) -> f64) -> Vec<f64> {
        let Gemm { m, k, n, .. } = self.dims;
        let operand = |stream, len| {
            let values = self.values.take(stream, len);
            host.input(&values.into_iter().map(view).collect::<Vec<_>>())
        };
        let (a, b) = (operand(0, m * k), operand(1, k * n));
        let mut c = match self.dims.accumulate {
            true => operand(2, m * n),
            false => host.output(m * n),
        };
        host.backend.gemm(self.dims, a.view(), b.view(), c.view_mut());
        host.values(&c)
    }
}

impl Case for Product {
    fn operation(&self) -> &'static str {
        "gemm"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        vec![("c", self.multiply(host, |x| x))]
    }

    fn allowed<T: Real>(&self, _: &Outputs) -> Vec<Vec<f64>> {
        let k = self.dims.k as f64;
        let relative = roundings::<T>(k + 3.0, k + 3.0);
        // A product may underflow, with an error that is not relative to it.
        let absolute = (k + 1.0) * denormal::<T>();
        let magnitudes = self.multiply(&oracle::<T>(), f64::abs);
        vec![magnitudes.iter().map(|m| relative * m + absolute).collect()]
    }
}
