//! Elementwise updates.

use super::Device;
use crate::Real;
use crate::backend::Backend;
use crate::buffer::{View, ViewMut};
use crate::check;
use crate::functions::{Binary, Unary};

/// [`Backend::axpy`]
pub fn axpy<T: Real>(backend: &dyn Backend<T>, alpha: T, x: View<'_, T>, y: ViewMut<'_, T>) {
    check::axpy(x.len, y.len);
    let device = Device(backend);
    let scaled = device.map(Unary::Scale(alpha), x);
    device.update(Binary::Add, y, scaled.view());
}
