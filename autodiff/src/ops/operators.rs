//! `a + b`, `a − b`, `a · b`, `a / b` and `−a` as operators; see the methods of the same names.

use std::ops;

use kernels::Real;

use crate::Var;

impl<T: Real> ops::Add for Var<'_, T> {
    type Output = Self;

    #[track_caller]
    fn add(self, other: Self) -> Self {
        Var::add(self, other)
    }
}

impl<T: Real> ops::Sub for Var<'_, T> {
    type Output = Self;

    #[track_caller]
    fn sub(self, other: Self) -> Self {
        Var::sub(self, other)
    }
}

impl<T: Real> ops::Mul for Var<'_, T> {
    type Output = Self;

    #[track_caller]
    fn mul(self, other: Self) -> Self {
        Var::mul(self, other)
    }
}

impl<T: Real> ops::Div for Var<'_, T> {
    type Output = Self;

    #[track_caller]
    fn div(self, other: Self) -> Self {
        Var::div(self, other)
    }
}

impl<T: Real> ops::Neg for Var<'_, T> {
    type Output = Self;

    fn neg(self) -> Self {
        Var::neg(self)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Device, Tape};

    #[test]
    fn operators_are_the_methods() {
        let device = Device::<f64>::reference();
        let tape = Tape::inference(&device);
        let a = tape.constant(device.tensor([2], &[6.0, 8.0]));
        let b = tape.constant(device.tensor([2], &[2.0, -4.0]));
        assert_eq!((a + b).value().to_vec(), [8.0, 4.0]);
        assert_eq!((a - b).value().to_vec(), [4.0, 12.0]);
        assert_eq!((a * b).value().to_vec(), [12.0, -32.0]);
        assert_eq!((a / b).value().to_vec(), [3.0, -2.0]);
        assert_eq!((-a).value().to_vec(), [-6.0, -8.0]);
    }
}
