//! The error bounds that `math` states, measured.

use super::{F32, F64, Lanes, math};

/// Distance to `exact`, in units of the last place of the nearest `f32`.
fn ulp32(got: f32, exact: f64) -> f64 {
    let nearest = exact as f32;
    if !nearest.is_finite() {
        let right = got == nearest || got.is_nan() && nearest.is_nan();
        return if right { 0.0 } else { f64::MAX };
    }
    let exponent = exact.abs().log2().floor().max(-126.0);
    (f64::from(got) - exact).abs() / (exponent - 23.0).exp2()
}

/// Largest error over all `f32` arguments with a stride of 61 in their bits, 70 million of them.
fn sweep32(f: impl Fn(F32) -> F32, exact: impl Fn(f64) -> f64) -> f64 {
    let mut worst = 0.0_f64;
    let mut bits = 0_u64;
    while bits <= u64::from(u32::MAX) {
        let mut arguments = [0.0; 16];
        for x in &mut arguments {
            *x = f32::from_bits(bits as u32);
            bits += 61;
        }
        let mut values = [0.0; 16];
        for (x, y) in arguments.chunks(F32::N).zip(values.chunks_mut(F32::N)) {
            f(F32::load(x)).store(y);
        }
        for (&x, &got) in arguments.iter().zip(&values) {
            let want = exact(f64::from(x));
            assert_eq!(got.is_nan(), want.is_nan(), "at {x:e}: {got:e}");
            worst = worst.max(ulp32(got, want));
        }
    }
    worst
}

fn exact_sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

#[test]
fn f32_errors_stay_within_the_stated_bounds_over_the_whole_line() {
    for (name, error, bound) in [
        ("exp", sweep32(math::exp, f64::exp), 0.8),
        ("tanh", sweep32(math::tanh, f64::tanh), 1.4),
        ("sigmoid", sweep32(math::sigmoid, exact_sigmoid), 1.8),
    ] {
        assert!(error <= bound, "{name}: {error} ulp, stated are {bound}");
    }
}

/// Largest distance to the standard library's value, which itself is within 1 ulp.
fn sweep64(f: impl Fn(F64) -> F64, library: impl Fn(f64) -> f64) -> f64 {
    let mut worst = 0.0_f64;
    for i in 0..2_000_000_i64 {
        // Magnitudes from 2⁻⁶⁰ to 2¹⁰ on both sides, evenly in the exponent; 0 and the limits too.
        let exponent = (i % 70_001) as f64 / 1000.0 - 60.0;
        let x = if i % 2 == 0 {
            exponent.exp2()
        } else {
            -exponent.exp2()
        } * (1.0 + i as f64 * 1e-9);
        let mut got = [0.0; 8];
        f(F64::splat(x)).store(&mut got);
        let want = library(x);
        if want.is_infinite() {
            assert_eq!(got[0], want, "at {x:e}");
            continue;
        }
        let place = want.abs().log2().floor().max(-1022.0) - 52.0;
        // Two factors, as 2^place alone may be too small a number.
        let error = (got[0] - want).abs() * (-place / 2.0).exp2() * (-place / 2.0).exp2();
        worst = worst.max(error);
    }
    worst
}

#[test]
fn f64_errors_stay_within_the_stated_bounds() {
    for (name, error) in [
        ("exp", sweep64(math::exp, f64::exp)),
        ("tanh", sweep64(math::tanh, f64::tanh)),
        ("sigmoid", sweep64(math::sigmoid, exact_sigmoid)),
    ] {
        // The library's own error comes on top of the 2 ulp that are stated.
        assert!(error <= 3.0, "{name}: {error} ulp from the library");
    }
}

#[test]
fn limits_and_signs() {
    let value = |f: fn(F32) -> F32, x: f32| {
        let mut lanes = [0.0; 16];
        f(F32::splat(x)).store(&mut lanes);
        lanes[0]
    };
    let inf = f32::INFINITY;
    assert_eq!(value(math::exp, -inf), 0.0);
    assert_eq!(value(math::exp, inf), inf);
    assert_eq!(value(math::exp, 0.0), 1.0);
    assert_eq!(value(math::tanh, -inf), -1.0);
    assert_eq!(value(math::tanh, inf), 1.0);
    assert_eq!(value(math::tanh, -0.0).to_bits(), (-0.0_f32).to_bits());
    assert_eq!(value(math::tanh, 1e-42), 1e-42);
    assert_eq!(value(math::sigmoid, -inf), 0.0);
    assert_eq!(value(math::sigmoid, inf), 1.0);
    assert_eq!(value(math::sigmoid, 0.0), 0.5);
    for f in [math::exp, math::tanh, math::sigmoid] {
        assert!(value(f, f32::NAN).is_nan());
    }
}
