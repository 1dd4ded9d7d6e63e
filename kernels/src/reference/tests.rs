//! Values that can be computed by hand: the required operations here, the fused ones in `fused`.

mod fused;

use super::Reference;
use crate::backend::Backend;
use crate::buffer::Buffer;
use crate::dims::{Axis, Broadcast, CopyRows, Gemm, Rows};
use crate::functions::{Binary, Reduce, Unary};
use crate::optimizer::Sgd;

const DEVICE: &dyn Backend<f64> = &Reference;

fn put(values: &[f64]) -> Buffer<f64> {
    let mut buffer = DEVICE.allocate(values.len());
    DEVICE.upload(values, buffer.view_mut());
    buffer
}

fn get(buffer: &Buffer<f64>) -> Vec<f64> {
    let mut values = vec![0.0; buffer.len()];
    DEVICE.download(buffer.view(), &mut values);
    values
}

/// Equal but for the roundings of a handful of operations.
#[track_caller]
fn assert_close(got: &Buffer<f64>, want: &[f64]) {
    let got = get(got);
    let close = |(got, want): (&f64, &f64)| (got - want).abs() <= 1e-14 * (1.0 + want.abs());
    assert!(
        got.len() == want.len() && got.iter().zip(want).all(close),
        "{got:?} is not {want:?}"
    );
}

#[test]
fn gemm_in_all_four_transpositions_with_and_without_accumulation() {
    // [1 2 3; 4 5 6] · [1 0; 0 1; 1 1] = [4 5; 10 11]
    let a = [&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]].map(|a| put(a));
    let b = [&[1.0, 0.0, 0.0, 1.0, 1.0, 1.0], &[1.0, 0.0, 1.0, 0.0, 1.0, 1.0]].map(|b| put(b));
    for (transpose_a, transpose_b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for (accumulate, want) in [(false, [4.0, 5.0, 10.0, 11.0]), (true, [14.0, 25.0, 40.0, 51.0])] {
            let mut c = put(&[10.0, 20.0, 30.0, 40.0]);
            let dims = Gemm {
                transpose_a: transpose_a == 1,
                transpose_b: transpose_b == 1,
                accumulate,
                ..Gemm::new(2, 3, 2)
            };
            DEVICE.gemm(dims, a[transpose_a].view(), b[transpose_b].view(), c.view_mut());
            assert_eq!(get(&c), want);
        }
    }
}

#[test]
fn empty_sum_of_products_is_zero() {
    let (a, b) = (put(&[]), put(&[]));
    let mut c = put(&[f64::NAN; 6]);
    DEVICE.gemm(Gemm::new(2, 0, 3), a.view(), b.view(), c.view_mut());
    assert_eq!(get(&c), [0.0; 6]);
}

#[test]
fn zip_repeats_operands() {
    let (a, b) = (put(&[1.0, 2.0]), put(&[10.0, 20.0, 30.0]));
    let dims = Broadcast::of(&[2, 1], &[3]).expect("shapes fit");
    let mut y = put(&[0.0; 6]);
    DEVICE.zip(Binary::Add, &dims, a.view(), b.view(), y.view_mut());
    assert_eq!(get(&y), [11.0, 21.0, 31.0, 12.0, 22.0, 32.0]);
    DEVICE.zip_in_place(Binary::Sub, &Broadcast::rows(2, 3), y.view_mut(), b.view());
    assert_eq!(get(&y), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
}

#[test]
fn reductions_around_an_axis() {
    // [outer 2, axis 2, inner 2]
    let x = put(&[1.0, -2.0, 3.0, 4.0, 5.0, 6.0, -7.0, 8.0]);
    let dims = Axis {
        outer: 2,
        axis: 2,
        inner: 2,
    };
    let reduced = |f| {
        let mut y = put(&[0.0; 4]);
        DEVICE.reduce(f, dims, x.view(), y.view_mut());
        get(&y)
    };
    assert_eq!(reduced(Reduce::Sum), [4.0, 2.0, -2.0, 14.0]);
    assert_eq!(reduced(Reduce::SumSquares), [10.0, 20.0, 74.0, 100.0]);
    assert_eq!(reduced(Reduce::Max), [3.0, 4.0, 5.0, 8.0]);
}

#[test]
fn reductions_of_an_empty_axis() {
    let x = put(&[]);
    let dims = Axis {
        outer: 1,
        axis: 0,
        inner: 1,
    };
    for (f, want) in [
        (Reduce::Sum, 0.0),
        (Reduce::SumSquares, 0.0),
        (Reduce::Max, f64::NEG_INFINITY),
    ] {
        let mut y = put(&[f64::NAN]);
        DEVICE.reduce(f, dims, x.view(), y.view_mut());
        assert_eq!(get(&y), [want]);
    }
}

#[test]
fn f32_sums_are_rounded_once() {
    let device: &dyn Backend<f32> = &Reference;
    let len = 100_000;
    let (mut x, mut y) = (device.allocate(len), device.allocate(1));
    device.fill(0.1, x.view_mut());
    let dims = Axis {
        outer: 1,
        axis: len,
        inner: 1,
    };
    device.reduce(Reduce::Sum, dims, x.view(), y.view_mut());
    let mut sum = [0.0];
    device.download(y.view(), &mut sum);
    // In one chain of `f32` it would be 9998.6.
    assert_eq!(sum, [(f64::from(0.1_f32) * len as f64) as f32]);
}

#[test]
fn rows_are_gathered_and_added_back() {
    let mut table = put(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let dims = Rows { rows: 3, columns: 2 };
    let indices = DEVICE.upload_indices(&[2, 0, 2]);
    assert_eq!((indices.len(), indices.bound()), (3, 3));
    let mut y = put(&[0.0; 6]);
    DEVICE.gather_rows(dims, table.view(), &indices, y.view_mut());
    assert_eq!(get(&y), [5.0, 6.0, 1.0, 2.0, 5.0, 6.0]);
    DEVICE.scatter_add_rows(dims, y.view(), &indices, table.view_mut());
    assert_eq!(get(&table), [2.0, 4.0, 3.0, 4.0, 15.0, 18.0]);
}

#[test]
fn copied_rows_leave_the_gaps() {
    let from = put(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    let mut to = put(&[0.0; 6]);
    let dims = CopyRows {
        rows: 2,
        columns: 2,
        from_stride: 3,
        to_stride: 4,
    };
    DEVICE.copy_rows(dims, from.view(), to.view_mut());
    assert_eq!(get(&to), [1.0, 2.0, 0.0, 0.0, 4.0, 5.0]);
}

#[test]
fn axpy_and_maps() {
    let (x, mut y) = (put(&[1.0, -2.0]), put(&[10.0, 20.0]));
    DEVICE.axpy(0.5, x.view(), y.view_mut());
    assert_eq!(get(&y), [10.5, 19.0]);
    DEVICE.map(Unary::Relu, x.view(), y.view_mut());
    assert_eq!(get(&y), [1.0, 0.0]);
}

#[test]
#[should_panic(expected = "gemm: `b` has 5 elements, [k, n] = [3, 2] needs 6")]
fn misfit_names_operation_operand_and_lengths() {
    let (a, b, mut c) = (put(&[0.0; 6]), put(&[0.0; 5]), put(&[0.0; 4]));
    DEVICE.gemm(Gemm::new(2, 3, 2), a.view(), b.view(), c.view_mut());
}

#[test]
#[should_panic(expected = "gather_rows: `indices` has indices up to 3, only those below 3 fit")]
fn index_beyond_the_table() {
    let (table, mut y) = (put(&[0.0; 3]), put(&[0.0; 1]));
    let dims = Rows { rows: 3, columns: 1 };
    DEVICE.gather_rows(dims, table.view(), &DEVICE.upload_indices(&[3]), y.view_mut());
}

#[test]
#[should_panic(expected = "sgd: momentum 0.9 needs a `velocity` of 2 elements")]
fn momentum_needs_a_velocity() {
    let rule = Sgd {
        learning_rate: 0.1,
        momentum: 0.9,
    };
    let (g, mut p) = (put(&[0.0; 2]), put(&[0.0; 2]));
    DEVICE.sgd(rule, g.view(), p.view_mut(), None);
}

#[test]
#[should_panic(expected = "pieces of 3 overlap in `to` with stride 2, at least 3 fits")]
fn overlapping_destination() {
    let (from, mut to) = (put(&[0.0; 8]), put(&[0.0; 8]));
    let dims = CopyRows {
        rows: 2,
        columns: 3,
        from_stride: 2,
        to_stride: 2,
    };
    DEVICE.copy_rows(dims, from.view(), to.view_mut());
}
