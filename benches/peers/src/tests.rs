//! All libraries against the definition of the product.

use super::*;

/// Small integers: every sum is exact, so any order of summation must give the same value.
fn matrix<T: Real>(len: usize, seed: usize) -> Vec<T> {
    (0..len)
        .map(|i| T::of(((i * 7 + seed * 13) % 11) as f64 - 5.0))
        .collect()
}

fn definition<T: Real>(dims: Gemm, a: &[T], b: &[T], c: &mut [T]) {
    let Gemm { m, k, n, .. } = dims;
    for i in 0..m {
        for j in 0..n {
            let mut sum = if dims.accumulate { c[i * n + j] } else { T::zero() };
            for p in 0..k {
                let x = if dims.transpose_a {
                    a[p * m + i]
                } else {
                    a[i * k + p]
                };
                let y = if dims.transpose_b {
                    b[j * k + p]
                } else {
                    b[p * n + j]
                };
                sum += x * y;
            }
            c[i * n + j] = sum;
        }
    }
}

/// All transposes, with and without accumulation, of shapes with three different extents.
fn every_case() -> impl Iterator<Item = Gemm> {
    let shapes = [(1, 1, 1), (3, 5, 7), (33, 17, 50), (70, 130, 90)];
    shapes.into_iter().flat_map(|(m, k, n)| {
        (0..8).map(move |case| Gemm {
            transpose_a: case & 1 > 0,
            transpose_b: case & 2 > 0,
            accumulate: case & 4 > 0,
            ..Gemm::new(m, k, n)
        })
    })
}

fn equals_the_definition<T: Element>(multiply: impl Fn(Gemm, &[T], &[T], &mut [T])) {
    for dims in every_case() {
        let (a, b) = (matrix(dims.m * dims.k, 1), matrix(dims.k * dims.n, 2));
        let mut got = matrix(dims.m * dims.n, 3);
        if !dims.accumulate {
            // What is replaced must not be read either.
            got.fill(T::nan());
        }
        let mut want = got.clone();
        multiply(dims, &a, &b, &mut got);
        definition(dims, &a, &b, &mut want);
        assert!(got == want, "{} {dims:?}", T::NAME);
    }
}

#[test]
fn gemm_equals_the_definition() {
    for threads in [1, 2] {
        equals_the_definition::<f32>(|dims, a, b, c| gemm(dims, threads, a, b, c));
        equals_the_definition::<f64>(|dims, a, b, c| gemm(dims, threads, a, b, c));
    }
}

#[test]
fn matrixmultiply_equals_the_definition() {
    equals_the_definition::<f32>(matrixmultiply);
    equals_the_definition::<f64>(matrixmultiply);
}

#[test]
#[should_panic(expected = "gemm: a has 5 elements; [2, 3] takes 6")]
fn a_short_operand_panics() {
    gemm(Gemm::new(2, 3, 4), 1, &[0f32; 5], &[0.0; 12], &mut [0.0; 8]);
}

#[test]
#[should_panic(expected = "matrixmultiply: c has 9 elements; [2, 4] takes 8")]
fn a_long_result_panics() {
    matrixmultiply(Gemm::new(2, 3, 4), &[0f32; 6], &[0.0; 12], &mut [0.0; 9]);
}

#[test]
#[should_panic(expected = "matrixmultiply: a has 4 elements")]
fn extents_whose_product_overflows_panic() {
    // Twice this wraps around to 4.
    let m = (1 << (usize::BITS - 1)) + 2;
    matrixmultiply(Gemm::new(m, 2, 1), &[0f32; 4], &[0.0; 2], &mut [0.0; 1]);
}

#[test]
#[should_panic(expected = "gemm: a is [0, 3]; an extent of at least 1 fits")]
fn an_empty_operand_panics() {
    gemm::<f32>(Gemm::new(0, 3, 4), 1, &[], &[0.0; 12], &mut []);
}

#[test]
#[should_panic(expected = "gemm: 0 threads; give at least 1")]
fn no_threads_panic() {
    gemm(Gemm::new(1, 1, 1), 0, &[0f32; 1], &[0.0; 1], &mut [0.0; 1]);
}

#[cfg(feature = "openblas")]
mod with_openblas {
    use super::*;

    #[test]
    fn openblas_equals_the_definition() {
        for threads in [1, 2] {
            equals_the_definition::<f32>(|dims, a, b, c| openblas(dims, threads, a, b, c));
            equals_the_definition::<f64>(|dims, a, b, c| openblas(dims, threads, a, b, c));
        }
    }

    #[test]
    #[should_panic(expected = "openblas: b has 11 elements; [3, 4] takes 12")]
    fn a_short_operand_panics() {
        openblas(Gemm::new(2, 3, 4), 1, &[0f32; 6], &[0.0; 11], &mut [0.0; 8]);
    }

    #[test]
    #[should_panic(expected = "openblas: 0 threads; give at least 1")]
    fn no_threads_panic() {
        openblas(Gemm::new(1, 1, 1), 0, &[0f32; 1], &[0.0; 1], &mut [0.0; 1]);
    }

    #[test]
    #[should_panic(expected = "openblas: threads is 2147483648; at most 2147483647 fits")]
    fn more_than_an_int_panics() {
        openblas(Gemm::new(1, 1, 1), 1 << 31, &[0f32; 1], &[0.0; 1], &mut [0.0; 1]);
    }
}
