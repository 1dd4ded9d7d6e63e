//! The suite on the oracle itself, on the composed operations, and on devices that are wrong.

use super::{Required, check};
use crate::Reference;

#[test]
fn reference_conforms_in_f32() {
    check::<f32>(&Reference);
}

#[test]
fn reference_conforms_in_f64() {
    check::<f64>(&Reference);
}

#[test]
fn composed_operations_conform_in_f32() {
    check::<f32>(&Required(Reference));
}

#[test]
fn composed_operations_conform_in_f64() {
    check::<f64>(&Required(Reference));
}
