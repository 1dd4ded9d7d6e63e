//! Shape checks that say what was given and what would fit.

use std::ops::Range;

use kernels::{Broadcast, Indices, MAX_AXES};

use crate::Shape;

#[track_caller]
pub(crate) fn same(op: &str, a: Shape, b: Shape) {
    assert!(a == b, "{op}: {a} and {b} must be the same shape");
}

/// The shape of an elementwise result, and how its operands are read.
#[track_caller]
pub(crate) fn broadcast(op: &str, a: Shape, b: Shape) -> (Shape, Broadcast) {
    match (a.broadcast(&b), Broadcast::of(a.dims(), b.dims())) {
        (Some(shape), Some(dims)) => (shape, dims),
        _ => mismatch(op, a, b),
    }
}

/// How `from` is repeated to `to`: as the second operand of an operation on `to`.
#[track_caller]
pub(crate) fn broadcast_to(op: &str, from: Shape, to: Shape) -> Broadcast {
    if to.broadcast(&from) != Some(to) {
        panic!(
            "{op}: {from} cannot be repeated to {to}: aligned at the last axis, each extent must \
             be 1 or that of {to}"
        );
    }
    Broadcast::of(to.dims(), from.dims()).expect("the shapes broadcast")
}

#[track_caller]
fn mismatch(op: &str, a: Shape, b: Shape) -> ! {
    let back = |shape: Shape, i: usize| shape.dims().iter().rev().nth(i).copied().unwrap_or(1);
    let fits = |i: &usize| {
        let (x, y) = (back(a, *i), back(b, *i));
        x == y || x == 1 || y == 1
    };
    let i = (0..MAX_AXES).find(|i| !fits(i)).unwrap_or(0);
    let place = match i {
        0 => "the last axis".to_string(),
        1 => "the last axis but one".to_string(),
        _ => format!("the axis {i} before the last"),
    };
    panic!(
        "{op}: {a} and {b} differ at {place} ({} and {}); aligned at the last axis, extents must \
         be equal or 1",
        back(a, i),
        back(b, i)
    );
}

/// The shapes are equal everywhere but at `axis`.
#[track_caller]
pub(crate) fn same_but(op: &str, a: Shape, b: Shape, axis: usize) {
    assert!(
        a.rank() == b.rank() && a.with(axis, 1) == b.with(axis, 1),
        "{op}: {a} and {b} may differ at axis {axis} only"
    );
}

#[track_caller]
pub(crate) fn axis(op: &str, shape: Shape, axis: usize) {
    assert!(
        axis < shape.rank(),
        "{op}: axis {axis} of {shape}, whose axes are 0 to {}",
        shape.rank() - 1
    );
}

#[track_caller]
pub(crate) fn range(op: &str, shape: Shape, along: usize, range: &Range<usize>) {
    axis(op, shape, along);
    let extent = shape.extent(along);
    assert!(
        range.start <= range.end && range.end <= extent,
        "{op}: {range:?} of axis {along} of {shape}, which has {extent}"
    );
}

/// The two extents of a matrix.
#[track_caller]
pub(crate) fn matrix(op: &str, shape: Shape) -> [usize; 2] {
    match *shape.dims() {
        [rows, columns] => [rows, columns],
        _ => panic!("{op}: {shape} has {} axes; a matrix has 2", shape.rank()),
    }
}

/// A vector with one element per column of `x`.
#[track_caller]
pub(crate) fn per_column(op: &str, name: &str, vector: Shape, x: Shape) {
    assert!(
        vector == Shape::from([x.last()]),
        "{op}: {name} {vector} for x {x}; [{}], one per column, would fit",
        x.last()
    );
}

/// Groups that the features of `x` can be cut into.
#[track_caller]
pub(crate) fn groups(op: &str, groups: usize, x: Shape) {
    let features = x.last();
    if groups == 0 || !features.is_multiple_of(groups) {
        let divisors = (1..=features).filter(|&n| features.is_multiple_of(n));
        let divisors: Vec<String> = divisors.map(|n| n.to_string()).collect();
        let fits = if features == 0 {
            "any number but 0".to_string()
        } else {
            divisors.join(", ")
        };
        panic!("{op}: {groups} groups of the features of x {x}; {fits} would fit");
    }
}

/// Indices below `bound`, the extent of `what`.
#[track_caller]
pub(crate) fn indices(op: &str, indices: &Indices, bound: usize, what: &str) {
    assert!(
        indices.bound() <= bound,
        "{op}: index {} is too large for {what}, indices below {bound} fit",
        indices.bound() - 1
    );
}
