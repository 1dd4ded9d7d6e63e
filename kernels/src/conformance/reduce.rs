//! Reductions along an axis.

use proptest::prelude::Strategy;
use proptest::sample::select;

use super::bound::{denormal, sum};
use super::host::{Case, Host, Outputs, check_all, check_one, oracle};
use super::values::{Kind, Values, size, values};
use crate::Real;
use crate::backend::Backend;
use crate::dims::Axis;
use crate::functions::Reduce;

/// Checks reductions.
///
/// The largest element is exact. The error of a sum must not grow linearly with the axis, see the
/// bound; a long axis of equal terms, where all roundings of a plain loop point the same way,
/// tells.
pub fn reduce<T: Real>(backend: &dyn Backend<T>) {
    let functions = || select(&[Reduce::Sum, Reduce::SumSquares, Reduce::Max][..]);
    let axis = select(&[0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 64, 129, 1000][..]);
    let cases = (functions(), (size(), axis, size()), values(&[Kind::Special]));
    let cases = cases.prop_map(|(f, (outer, axis, inner), values)| {
        // Elements enough for all tails, without hundreds of thousands of them in every case.
        let outer = if axis * inner > 1000 { outer.min(2) } else { outer };
        let dims = Axis { outer, axis, inner };
        Reduction {
            f,
            dims,
            values: Some(values),
        }
    });
    check_all(backend, 200, cases);
    for f in [Reduce::Sum, Reduce::SumSquares, Reduce::Max] {
        for (outer, inner) in [(1, 1), (2, 1), (1, 3), (1, 17)] {
            let dims = Axis {
                outer,
                axis: 100_000,
                inner,
            };
            check_one(
                backend,
                &Reduction {
                    f,
                    dims,
                    values: None,
                },
            );
        }
    }
}

#[derive(Debug)]
struct Reduction {
    f: Reduce,
    dims: Axis,
    /// All elements are 0.1 when missing.
    values: Option<Values>,
}

impl Reduction {
    fn reduce<E: Real>(&self, host: &Host<'_, E>, view: fn(f64) -> f64) -> Vec<f64> {
        let Axis { outer, axis, inner } = self.dims;
        let len = outer * axis * inner;
        let x = match self.values {
            Some(values) => values.take(0, len),
            None => vec![0.1; len],
        };
        let x = host.input(&x.into_iter().map(view).collect::<Vec<_>>());
        let mut y = host.output(outer * inner);
        host.backend.reduce(self.f, self.dims, x.view(), y.view_mut());
        host.values(&y)
    }
}

impl Case for Reduction {
    fn operation(&self) -> &'static str {
        "reduce"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        vec![("y", self.reduce(host, |x| x))]
    }

    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        let len = self.dims.axis;
        let (relative, absolute) = match self.f {
            Reduce::Max => return vec![vec![0.0; want[0].1.len()]],
            Reduce::Sum => (sum::<T>(len, 1.0), 0.0),
            // A square may underflow, with an error that is not relative to it.
            Reduce::SumSquares => (sum::<T>(len, 2.0), len as f64 * denormal::<T>()),
        };
        let magnitudes = self.reduce(&oracle::<T>(), f64::abs);
        vec![magnitudes.iter().map(|m| relative * m + absolute).collect()]
    }
}
