//! Parameter updates, each computed in `f64` and rounded where it is stored.

use super::write;
use crate::Real;
use crate::backend::{AdamState, RmsPropState};
use crate::functions::Binary;
use crate::optimizer::{Adam, Denominator, RmsProp, Sgd};

/// Subtracts a step, after the momentum's share of the steps before.
fn descend<T: Real>(p: &mut T, velocity: Option<&mut T>, momentum: T, learning_rate: T, step: f64) {
    let mut step = step;
    if let Some(v) = velocity {
        step += momentum.as_f64() * v.as_f64();
        *v = T::of(step);
    }
    *p = T::of(p.as_f64() - learning_rate.as_f64() * step);
}

/// `weight · old + (1 − weight) · new`
fn average<T: Real>(weight: T, old: T, new: f64) -> f64 {
    weight.as_f64() * old.as_f64() + (1.0 - weight.as_f64()) * new
}

pub(super) fn sgd<T: Real>(
    rule: Sgd<T>,
    gradient: &[T],
    parameter: &mut [T],
    mut velocity: Option<&mut [T]>,
) {
    for (i, (p, g)) in parameter.iter_mut().zip(gradient).enumerate() {
        let v = velocity.as_mut().map(|v| &mut v[i]);
        descend(p, v, rule.momentum, rule.learning_rate, g.as_f64());
    }
}

pub(super) fn rmsprop<T: Real>(
    rule: RmsProp<T>,
    gradient: &[T],
    parameter: &mut [T],
    state: RmsPropState<'_, T>,
) {
    let mean_square = write(state.mean_square);
    let mut mean_gradient = state.mean_gradient.map(write);
    let mut velocity = state.velocity.map(write);
    for (i, (p, g)) in parameter.iter_mut().zip(gradient).enumerate() {
        let g = g.as_f64();
        let mut s = average(rule.decay, mean_square[i], g * g);
        mean_square[i] = T::of(s);
        if let Some(a) = &mut mean_gradient {
            let mean = average(rule.decay, a[i], g);
            a[i] = T::of(mean);
            // Equal gradients for long leave nothing but rounding errors, of either sign.
            s = Binary::Max.apply(s - mean * mean, 0.0);
        }
        let d = match rule.denominator {
            Denominator::RootPlusEpsilon => s.sqrt() + rule.epsilon.as_f64(),
            Denominator::MaxOfRootAndEpsilon => Binary::Max.apply(s.sqrt(), rule.epsilon.as_f64()),
        };
        let v = velocity.as_mut().map(|v| &mut v[i]);
        descend(p, v, rule.momentum, rule.learning_rate, g / d);
    }
}

pub(super) fn adam<T: Real>(rule: Adam<T>, gradient: &[T], parameter: &mut [T], state: AdamState<'_, T>) {
    let (mean, mean_square) = (write(state.mean), write(state.mean_square));
    let k = rule.step as f64;
    let mean_correction = 1.0 - rule.beta1.as_f64().powf(k);
    let square_correction = 1.0 - rule.beta2.as_f64().powf(k);
    let learning_rate = rule.learning_rate.as_f64();
    for (i, (p, g)) in parameter.iter_mut().zip(gradient).enumerate() {
        let g = g.as_f64();
        let m = average(rule.beta1, mean[i], g);
        let v = average(rule.beta2, mean_square[i], g * g);
        let decayed = p.as_f64() - learning_rate * rule.weight_decay.as_f64() * p.as_f64();
        let d = v.sqrt() / square_correction.sqrt() + rule.epsilon.as_f64();
        *p = T::of(decayed - learning_rate * (m / mean_correction) / d);
        mean[i] = T::of(m);
        mean_square[i] = T::of(v);
    }
}
