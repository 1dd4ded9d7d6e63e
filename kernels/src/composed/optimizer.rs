//! Parameter updates.

use super::Device;
use crate::Real;
use crate::backend::{AdamState, Backend, RmsPropState};
use crate::buffer::{Buffer, View, ViewMut};
use crate::check;
use crate::dims::Broadcast;
use crate::functions::{Binary, Unary};
use crate::optimizer::{Adam, Denominator, RmsProp, Sgd};

/// [`Backend::sgd`]
pub fn sgd<T: Real>(
    backend: &dyn Backend<T>,
    rule: Sgd<T>,
    gradient: View<'_, T>,
    parameter: ViewMut<'_, T>,
    velocity: Option<ViewMut<'_, T>>,
) {
    check::sgd(&rule, gradient.len, parameter.len, velocity.as_ref());
    descend(
        Device(backend),
        rule.momentum,
        rule.learning_rate,
        gradient,
        parameter,
        velocity,
    );
}

/// `v ← μ v + step`, `p ← p − learning_rate · v`; without a velocity `v = step`.
fn descend<T: Real>(
    device: Device<'_, T>,
    momentum: T,
    learning_rate: T,
    step: View<'_, T>,
    parameter: ViewMut<'_, T>,
    velocity: Option<ViewMut<'_, T>>,
) {
    let Some(mut v) = velocity else {
        return axpy(device, -learning_rate, step, parameter);
    };
    device.0.map_in_place(Unary::Scale(momentum), v.reborrow());
    device.update(Binary::Add, v.reborrow(), step);
    axpy(device, -learning_rate, v.as_view(), parameter);
}

fn axpy<T: Real>(device: Device<'_, T>, alpha: T, x: View<'_, T>, y: ViewMut<'_, T>) {
    super::elementwise::axpy(device.0, alpha, x, y);
}

/// `old ← weight · old + (1 − weight) · new`
fn average<T: Real>(device: Device<'_, T>, weight: T, mut old: ViewMut<'_, T>, new: View<'_, T>) {
    device.0.map_in_place(Unary::Scale(weight), old.reborrow());
    axpy(device, T::one() - weight, new, old);
}

/// [`Backend::rmsprop`]
pub fn rmsprop<T: Real>(
    backend: &dyn Backend<T>,
    rule: RmsProp<T>,
    gradient: View<'_, T>,
    parameter: ViewMut<'_, T>,
    state: RmsPropState<'_, T>,
) {
    check::rmsprop(&rule, gradient.len, parameter.len, &state);
    let device = Device(backend);
    let mut mean_square = state.mean_square;
    let squares = device.map(Unary::Square, gradient);
    average(device, rule.decay, mean_square.reborrow(), squares.view());

    let mut d = device.copied(mean_square.as_view());
    if let Some(mut a) = state.mean_gradient {
        average(device, rule.decay, a.reborrow(), gradient);
        let square = device.map(Unary::Square, a.as_view());
        device.update(Binary::Sub, d.view_mut(), square.view());
        // Equal gradients for long leave nothing but rounding errors, of either sign.
        backend.map_in_place(Unary::Relu, d.view_mut());
    }
    denominator(device, rule, &mut d);
    let step = device.zip(Binary::Div, gradient, d.view());
    descend(
        device,
        rule.momentum,
        rule.learning_rate,
        step.view(),
        parameter,
        state.velocity,
    );
}

/// From a mean square to what the gradient is divided by.
fn denominator<T: Real>(device: Device<'_, T>, rule: RmsProp<T>, d: &mut Buffer<T>) {
    device.0.map_in_place(Unary::Sqrt, d.view_mut());
    match rule.denominator {
        Denominator::RootPlusEpsilon => {
            device.0.map_in_place(Unary::Shift(rule.epsilon), d.view_mut());
        }
        Denominator::MaxOfRootAndEpsilon => {
            let epsilon = device.filled(rule.epsilon, 1);
            let scalar = Broadcast::scalar(d.len());
            device
                .0
                .zip_in_place(Binary::Max, &scalar, d.view_mut(), epsilon.view());
        }
    }
}

/// [`Backend::adam`]
pub fn adam<T: Real>(
    backend: &dyn Backend<T>,
    rule: Adam<T>,
    gradient: View<'_, T>,
    mut parameter: ViewMut<'_, T>,
    state: AdamState<'_, T>,
) {
    check::adam(gradient.len, parameter.len, &state);
    let device = Device(backend);
    let (mut m, mut v) = (state.mean, state.mean_square);
    average(device, rule.beta1, m.reborrow(), gradient);
    let squares = device.map(Unary::Square, gradient);
    average(device, rule.beta2, v.reborrow(), squares.view());

    // The corrections cancel in `f32`, so they are computed in `f64`.
    let correction = |beta: T| 1.0 - beta.as_f64().powf(rule.step as f64);
    let mut d = device.map(Unary::Sqrt, v.as_view());
    let root = T::of(1.0 / correction(rule.beta2).sqrt());
    backend.map_in_place(Unary::Scale(root), d.view_mut());
    backend.map_in_place(Unary::Shift(rule.epsilon), d.view_mut());
    let step = device.zip(Binary::Div, m.as_view(), d.view());

    let learning_rate = rule.learning_rate.as_f64();
    if rule.weight_decay != T::zero() {
        let kept = T::of(1.0 - learning_rate * rule.weight_decay.as_f64());
        backend.map_in_place(Unary::Scale(kept), parameter.reborrow());
    }
    let rate = T::of(-learning_rate / correction(rule.beta1));
    axpy(device, rate, step.view(), parameter);
}
