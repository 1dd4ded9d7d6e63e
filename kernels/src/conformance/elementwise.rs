//! Maps, zips with broadcasting, and `axpy`.

use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use super::bound::{denormal, function_ulps, roundings, ulp};
use super::host::{Case, Host, Outputs, check_all, oracle};
use super::values::{Kind, Values, values};
use crate::Real;
use crate::backend::Backend;
use crate::dims::{Broadcast, MAX_AXES};
use crate::functions::{Binary, Unary};

/// Checks `map`, `map_in_place`, `zip`, `zip_in_place` and `axpy`.
///
/// Arithmetic and the square root are rounded once; `exp`, `tanh`, `σ` and `ln` have 2 ulp in
/// `f32` and 3 ulp in `f64`, besides the oracle's own 1 or 2 ulp there, for all results down to
/// denormals.
pub fn elementwise<T: Real>(backend: &dyn Backend<T>) {
    let others = [Kind::Special, Kind::Extreme, Kind::Extreme];
    // The last ones are long enough for several threads.
    let lens = || select(&[0, 1, 2, 7, 8, 9, 15, 16, 17, 63, 100, 1001, 70_001][..]);
    let maps = (select(&UNARY[..]), lens(), values(&others));
    let maps = maps.prop_map(|(f, len, values)| Map { f, len, values });
    check_all(backend, 300, maps);
    check_all(backend, 200, zips(&others));
    let axpys = (lens(), values(&[Kind::Special]));
    let axpys = axpys.prop_map(|(len, values)| Axpy { len, values });
    check_all(backend, 40, axpys);
}

const UNARY: [Unary<f64>; 15] = [
    Unary::Neg,
    Unary::Abs,
    Unary::Square,
    Unary::Sqrt,
    Unary::Recip,
    Unary::Exp,
    Unary::Ln,
    Unary::Tanh,
    Unary::Sigmoid,
    Unary::Relu,
    Unary::Scale(-0.3),
    Unary::Shift(1.7),
    Unary::Positive,
    Unary::Sign,
    Unary::ClipFactor(0.8),
];

#[derive(Debug)]
struct Map {
    f: Unary<f64>,
    len: usize,
    values: Values,
}

fn function<E: Real>(host: &Host<'_, E>, f: Unary<f64>) -> Unary<E> {
    match f {
        Unary::Neg => Unary::Neg,
        Unary::Abs => Unary::Abs,
        Unary::Square => Unary::Square,
        Unary::Sqrt => Unary::Sqrt,
        Unary::Recip => Unary::Recip,
        Unary::Exp => Unary::Exp,
        Unary::Ln => Unary::Ln,
        Unary::Tanh => Unary::Tanh,
        Unary::Sigmoid => Unary::Sigmoid,
        Unary::Relu => Unary::Relu,
        Unary::Scale(s) => Unary::Scale(host.scalar(s)),
        Unary::Shift(s) => Unary::Shift(host.scalar(s)),
        Unary::Positive => Unary::Positive,
        Unary::Sign => Unary::Sign,
        Unary::ClipFactor(s) => Unary::ClipFactor(host.scalar(s)),
    }
}

/// Largest error of a function, in ulp of the exact result.
fn ulps<T: Real>(f: Unary<f64>) -> f64 {
    match f {
        Unary::Neg | Unary::Abs | Unary::Relu | Unary::Positive | Unary::Sign => 0.0,
        Unary::Exp | Unary::Ln | Unary::Tanh => function_ulps::<T>(false),
        Unary::Sigmoid => function_ulps::<T>(true),
        // Root, sum and quotient, and the constant 1e-6, rounded once each.
        Unary::ClipFactor(_) => 4.0,
        // One rounding; the oracle's own one, in `f64`, may lie on the other side of a tie.
        Unary::Square | Unary::Sqrt | Unary::Recip | Unary::Scale(_) | Unary::Shift(_) => ONE_ROUNDING,
    }
}

const ONE_ROUNDING: f64 = 0.5 + 1e-6;

impl Case for Map {
    fn operation(&self) -> &'static str {
        "map and map_in_place"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let f = function(host, self.f);
        let mut x = host.input(&self.values.take(0, self.len));
        let mut y = host.output(self.len);
        host.backend.map(f, x.view(), y.view_mut());
        host.backend.map_in_place(f, x.view_mut());
        vec![("y", host.values(&y)), ("x", host.values(&x))]
    }

    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        let ulps = ulps::<T>(self.f);
        let bound = |want: &Vec<f64>| want.iter().map(|&want| ulps * ulp::<T>(want)).collect();
        want.iter().map(|(_, want)| bound(want)).collect()
    }
}

#[derive(Debug)]
struct Zip {
    f: Binary,
    dims: Broadcast,
    /// Whether `a` has the shape of the result, so that it can be updated in place.
    whole: bool,
    values: Values,
}

/// Four axes, each of which any operand may repeat; and rows of a wider matrix.
fn zips(others: &[Kind]) -> impl Strategy<Value = Zip> + use<> {
    let functions = [
        Binary::Add,
        Binary::Sub,
        Binary::Mul,
        Binary::Div,
        Binary::Max,
        Binary::TanhGrad,
        Binary::SigmoidGrad,
    ];
    let extents = select(&[0, 1, 1, 2, 3, 5, 8, 9, 17, 33][..]);
    let axis = (extents, select(&["both", "both", "a", "b"][..]));
    let axes = [axis.clone(), axis.clone(), axis.clone(), axis];
    let case = (axes, select(functions.to_vec()), values(others), any::<bool>());
    case.prop_map(|(axes, f, values, strided)| {
        let extent = |operand: &str, axis: usize| match axes[axis] {
            (extent, of) if of == "both" || of == operand => extent,
            _ => 1,
        };
        let a: [usize; MAX_AXES] = std::array::from_fn(|axis| extent("a", axis));
        let b: [usize; MAX_AXES] = std::array::from_fn(|axis| extent("b", axis));
        let mut dims = Broadcast::of(&a, &b).expect("an extent is shared or 1");
        let whole = !strided && a == dims.shape;
        if strided && a[3] > 1 && a[2] > 1 {
            // Every row of `a` is a block of a row four times as wide.
            for stride in &mut dims.a[..3] {
                *stride *= 4;
            }
        }
        Zip {
            f,
            dims,
            whole,
            values,
        }
    })
}

impl Zip {
    /// The values of an operand; that of a gradient's function lies in the function's range.
    fn operand(&self, stream: u64, len: usize) -> Vec<f64> {
        let mut values = self.values.take(stream, len);
        for x in &mut values {
            match (self.f, stream) {
                (Binary::TanhGrad, 1) => *x = x.clamp(-1.0, 1.0),
                (Binary::SigmoidGrad, 1) => *x = x.clamp(0.0, 1.0),
                _ => {}
            }
        }
        values
    }

    /// Elements of `a`, and of `b`.
    fn lens(&self) -> (usize, usize) {
        (self.dims.extent(&self.dims.a), self.dims.extent(&self.dims.b))
    }
}

impl Case for Zip {
    fn operation(&self) -> &'static str {
        "zip and zip_in_place"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let (a, b) = self.lens();
        let mut a = host.input(&self.operand(0, a));
        let b = host.input(&self.operand(1, b));
        let mut y = host.output(self.dims.len());
        host.backend
            .zip(self.f, &self.dims, a.view(), b.view(), y.view_mut());
        let mut outputs = vec![("y", host.values(&y))];
        if self.whole {
            host.backend
                .zip_in_place(self.f, &self.dims, a.view_mut(), b.view());
            outputs.push(("a", host.values(&a)));
        }
        outputs
    }

    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        let bounds: Vec<f64> = match self.f {
            Binary::Max => vec![0.0; want[0].1.len()],
            Binary::TanhGrad => self.tanh_grad::<T>(),
            // Three roundings, each relative to the result.
            Binary::SigmoidGrad => {
                let bound = |want: &f64| roundings::<T>(4.0, 4.0) * want.abs() + denormal::<T>();
                want[0].1.iter().map(bound).collect()
            }
            _ => want[0]
                .1
                .iter()
                .map(|&want| ONE_ROUNDING * ulp::<T>(want))
                .collect(),
        };
        vec![bounds; want.len()]
    }
}

impl Zip {
    /// `a (1 − b²)`: the rounding of `b²` is one of `b² |a|`, the two others are ones of the
    /// result, and for `|b| ≤ 1` both together are below two of `|a|`.
    fn tanh_grad<T: Real>(&self) -> Vec<f64> {
        let host = oracle::<T>();
        let (a, b) = self.lens();
        let (a, b) = (host.input(&self.operand(0, a)), host.input(&vec![0.0; b]));
        let mut y = host.output(self.dims.len());
        host.backend
            .zip(self.f, &self.dims, a.view(), b.view(), y.view_mut());
        let bound = |a: &f64| roundings::<T>(2.0, 2.0) * a.abs() + denormal::<T>();
        host.values(&y).iter().map(bound).collect()
    }
}

#[derive(Debug)]
struct Axpy {
    len: usize,
    values: Values,
}

impl Axpy {
    const ALPHA: f64 = -0.7;
}

impl Case for Axpy {
    fn operation(&self) -> &'static str {
        "axpy"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let x = host.input(&self.values.take(0, self.len));
        let mut y = host.input(&self.values.take(1, self.len));
        host.backend
            .axpy(host.scalar(Self::ALPHA), x.view(), y.view_mut());
        vec![("y", host.values(&y))]
    }

    /// One rounding of the product, where it is rounded, and one of the sum.
    fn allowed<T: Real>(&self, _: &Outputs) -> Vec<Vec<f64>> {
        let x = self.values.rounded::<T>(0, self.len);
        let y = self.values.rounded::<T>(1, self.len);
        let magnitudes = x.iter().zip(&y).map(|(x, y)| (Self::ALPHA * x).abs() + y.abs());
        vec![
            magnitudes
                .map(|m| roundings::<T>(2.0, 2.0) * m + denormal::<T>())
                .collect(),
        ]
    }
}
