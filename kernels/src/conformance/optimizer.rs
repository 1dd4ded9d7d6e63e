//! Parameter updates.

use proptest::prelude::{Strategy, any};
use proptest::sample::select;

use super::bound::{denormal, roundings, spread};
use super::host::{Case, Host, Outputs, check_all};
use super::values::{Kind, Values, rounded, size, values};
use crate::Real;
use crate::backend::{AdamState, Backend, RmsPropState};
use crate::optimizer::{Adam, Denominator, RmsProp, Sgd};

/// Checks `sgd`, `rmsprop` and `adam`.
///
/// Every sum in the rules has a few roundings, relative to the magnitudes of its terms. What is
/// divided by the root of a mean square is off by what the error of the mean square does to it,
/// which is much in the centred form, where `s − a²` cancels.
pub fn optimizer<T: Real>(backend: &dyn Backend<T>) {
    let lens = || (size(), any::<bool>()).prop_map(|(len, long)| if long { len * 300 } else { len });
    let momentum = || select(&[0.0, 0.9][..]);
    let kinds = [Kind::Missing];
    let sgd = (lens(), momentum(), any::<bool>(), values(&kinds));
    let sgd = sgd.prop_map(|(len, momentum, velocity, values)| SgdCase {
        len,
        momentum,
        velocity: velocity || momentum != 0.0,
        values,
    });
    check_all(backend, 60, sgd);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let rmsprop = (lens(), momentum(), flags, any::<bool>(), values(&kinds));
    let rmsprop =
        rmsprop.prop_map(
            |(len, momentum, (velocity, centred, of_root), steady, values)| RmsPropCase {
                len,
                momentum,
                velocity: velocity || momentum != 0.0,
                centred,
                denominator: match of_root {
                    true => Denominator::RootPlusEpsilon,
                    false => Denominator::MaxOfRootAndEpsilon,
                },
                steady,
                values,
            },
        );
    check_all(backend, 120, rmsprop);
    let adam = (
        lens(),
        select(&[0.0, 0.01][..]),
        select(&[1, 2, 10, 100_000][..]),
        values(&kinds),
    );
    let adam = adam.prop_map(|(len, weight_decay, step, values)| AdamCase {
        len,
        weight_decay,
        step,
        values,
    });
    check_all(backend, 120, adam);
}

const RATE: f64 = 1e-2;
const EPSILON: f64 = 1e-8;

/// Values of one element, rounded to the type under test.
#[derive(Clone, Copy)]
struct Element {
    p: f64,
    g: f64,
    /// A velocity, or a mean of gradients.
    v: f64,
    /// A mean of squares.
    s: f64,
    /// A mean of gradients whose square is below `s`.
    a: f64,
}

impl Element {
    fn all(values: Values, len: usize, round: fn(f64) -> f64) -> Vec<Self> {
        let ordinary = values.of(Kind::Ordinary);
        let [p, v, a, more] = [0, 1, 2, 3].map(|stream| ordinary.take(stream, len));
        let g = values.take(4, len);
        let element = |i: usize| Self {
            p: round(p[i]),
            g: round(g[i]),
            v: round(v[i]),
            s: round(a[i] * a[i] + more[i] * more[i] + 1e-3),
            a: round(a[i]),
        };
        (0..len).map(element).collect()
    }
}

fn column(elements: &[Element], of: fn(&Element) -> f64) -> Vec<f64> {
    elements.iter().map(of).collect()
}

/// Error of `weight · old + (1 − weight) · new`, where `new` has two roundings at most.
fn average_error<T: Real>(weight: f64, old: f64, new: f64) -> f64 {
    let magnitude = weight * old.abs() + (1.0 - weight) * new.abs();
    roundings::<T>(5.0, 5.0) * magnitude + 2.0 * denormal::<T>()
}

/// Errors of the velocity and of the parameter after `v ← μ v + step`, `p ← p − RATE · v`.
fn descent_errors<T: Real>(old: Element, momentum: f64, step: f64, step_error: f64) -> [f64; 2] {
    let magnitude = momentum * old.v.abs() + step.abs();
    let v = step_error + roundings::<T>(2.0, 2.0) * magnitude;
    let moved = RATE * (v + roundings::<T>(2.0, 2.0) * magnitude);
    // The change is rounded, and the parameter with it.
    let p = moved + roundings::<T>(2.0, 2.0) * (old.p.abs() + RATE * magnitude);
    [v + denormal::<T>(), p + denormal::<T>()]
}

#[derive(Debug)]
struct SgdCase {
    len: usize,
    momentum: f64,
    velocity: bool,
    values: Values,
}

impl Case for SgdCase {
    fn operation(&self) -> &'static str {
        "sgd"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let elements = Element::all(self.values, self.len, host.round);
        let gradient = host.input(&column(&elements, |e| e.g));
        let mut parameter = host.input(&column(&elements, |e| e.p));
        let mut velocity = host.input(&column(&elements, |e| e.v));
        let rule = Sgd {
            learning_rate: host.scalar(RATE),
            momentum: host.scalar(self.momentum),
        };
        let state = self.velocity.then(|| velocity.view_mut());
        host.backend
            .sgd(rule, gradient.view(), parameter.view_mut(), state);
        // Without a velocity the operand stays as it is.
        vec![
            ("parameter", host.values(&parameter)),
            ("velocity", host.values(&velocity)),
        ]
    }

    fn allowed<T: Real>(&self, _: &Outputs) -> Vec<Vec<f64>> {
        let elements = Element::all(self.values, self.len, rounded::<T>);
        let momentum = if self.velocity { self.momentum } else { 0.0 };
        let errors = |e: &Element| {
            let [v, p] = descent_errors::<T>(*e, momentum, e.g, 0.0);
            [if self.velocity { v } else { 0.0 }, p]
        };
        let [velocity, parameter] = [0, 1].map(|i| elements.iter().map(|e| errors(e)[i]).collect());
        vec![parameter, velocity]
    }
}

#[derive(Debug)]
struct RmsPropCase {
    len: usize,
    momentum: f64,
    velocity: bool,
    centred: bool,
    denominator: Denominator,
    /// All gradients have been the same so far: `s − a²` is nothing but rounding errors.
    steady: bool,
    values: Values,
}

impl RmsPropCase {
    const DECAY: f64 = 0.9;

    fn elements(&self, round: fn(f64) -> f64) -> Vec<Element> {
        let mut elements = Element::all(self.values, self.len, round);
        if self.steady {
            for e in &mut elements {
                (e.s, e.a) = (round(e.g * e.g), e.g);
            }
        }
        elements
    }

    /// `s` and `a` after the update, and the square that is divided by.
    fn squares(&self, decay: f64, e: Element) -> [f64; 3] {
        let average = |old: f64, new: f64| decay * old + (1.0 - decay) * new;
        let (s, a) = (average(e.s, e.g * e.g), average(e.a, e.g));
        let centred = if self.centred { (s - a * a).max(0.0) } else { s };
        [s, a, centred]
    }

    /// Errors of the parameter, the mean square, the velocity and the mean gradient.
    fn errors<T: Real>(&self, e: Element) -> [f64; 4] {
        let decay = rounded::<T>(Self::DECAY);
        let epsilon = rounded::<T>(EPSILON);
        let [s, a, square] = self.squares(decay, e);
        let s_error = average_error::<T>(decay, e.s, e.g * e.g);
        let a_error = average_error::<T>(decay, e.a, e.g);
        let mut square_error = s_error;
        if self.centred {
            // `s` and `a²`, and their difference.
            let of_mean = (2.0 * a.abs() + a_error) * a_error;
            square_error += of_mean + roundings::<T>(2.0, 2.0) * (s + a * a);
        }
        let divided = |square: f64| {
            let root = square.sqrt();
            e.g.abs()
                / match self.denominator {
                    Denominator::RootPlusEpsilon => root + epsilon,
                    Denominator::MaxOfRootAndEpsilon => root.max(epsilon),
                }
        };
        let moved = spread(divided, square, square_error);
        let step = divided(square);
        let step_error = moved + roundings::<T>(4.0, 4.0) * (step + moved);
        let momentum = if self.velocity { self.momentum } else { 0.0 };
        let [v, p] = descent_errors::<T>(e, momentum, step, step_error);
        // What the update does not use stays as it is, to the bit.
        let used = |used: bool, error: f64| if used { error } else { 0.0 };
        [p, s_error, used(self.velocity, v), used(self.centred, a_error)]
    }
}

impl Case for RmsPropCase {
    fn operation(&self) -> &'static str {
        "rmsprop"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let elements = self.elements(host.round);
        let gradient = host.input(&column(&elements, |e| e.g));
        let mut parameter = host.input(&column(&elements, |e| e.p));
        let mut mean_square = host.input(&column(&elements, |e| e.s));
        let mut velocity = host.input(&column(&elements, |e| e.v));
        let mut mean_gradient = host.input(&column(&elements, |e| e.a));
        let rule = RmsProp {
            learning_rate: host.scalar(RATE),
            decay: host.scalar(Self::DECAY),
            epsilon: host.scalar(EPSILON),
            momentum: host.scalar(self.momentum),
            denominator: self.denominator,
        };
        let state = RmsPropState {
            mean_square: mean_square.view_mut(),
            velocity: self.velocity.then(|| velocity.view_mut()),
            mean_gradient: self.centred.then(|| mean_gradient.view_mut()),
        };
        host.backend
            .rmsprop(rule, gradient.view(), parameter.view_mut(), state);
        vec![
            ("parameter", host.values(&parameter)),
            ("mean_square", host.values(&mean_square)),
            ("velocity", host.values(&velocity)),
            ("mean_gradient", host.values(&mean_gradient)),
        ]
    }

    fn allowed<T: Real>(&self, _: &Outputs) -> Vec<Vec<f64>> {
        let elements = self.elements(rounded::<T>);
        let errors: Vec<[f64; 4]> = elements.iter().map(|&e| self.errors::<T>(e)).collect();
        (0..4)
            .map(|output| errors.iter().map(|e| e[output]).collect())
            .collect()
    }
}

#[derive(Debug)]
struct AdamCase {
    len: usize,
    weight_decay: f64,
    step: u64,
    values: Values,
}

impl AdamCase {
    const BETA1: f64 = 0.9;
    const BETA2: f64 = 0.999;

    /// Errors of the parameter, the mean and the mean square.
    fn errors<T: Real>(&self, e: Element) -> [f64; 3] {
        let (beta1, beta2) = (rounded::<T>(Self::BETA1), rounded::<T>(Self::BETA2));
        let m_error = average_error::<T>(beta1, e.v, e.g);
        let v_error = average_error::<T>(beta2, e.s, e.g * e.g);
        let m = beta1 * e.v + (1.0 - beta1) * e.g;
        let v = beta2 * e.s + (1.0 - beta2) * e.g * e.g;
        // The corrections are computed once for all elements, so there is no reason for them to
        // have more than one rounding.
        let correction = |beta: f64| 1.0 - beta.powf(self.step as f64);
        let root = correction(beta2).sqrt();
        let divided = |v: f64| RATE / correction(beta1) / (v.sqrt() / root + rounded::<T>(EPSILON));
        let factor = divided(v);
        let factor_error = spread(divided, v, v_error) + roundings::<T>(8.0, 8.0) * factor;
        let change = m.abs() * factor_error + m_error * (factor + factor_error);
        let rounded = roundings::<T>(2.0, 2.0) * m.abs() * factor;
        let kept = roundings::<T>(4.0, 4.0) * e.p.abs();
        [change + rounded + kept + denormal::<T>(), m_error, v_error]
    }
}

impl Case for AdamCase {
    fn operation(&self) -> &'static str {
        "adam"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let elements = Element::all(self.values, self.len, host.round);
        let gradient = host.input(&column(&elements, |e| e.g));
        let mut parameter = host.input(&column(&elements, |e| e.p));
        let mut mean = host.input(&column(&elements, |e| e.v));
        let mut mean_square = host.input(&column(&elements, |e| e.s));
        let rule = Adam {
            learning_rate: host.scalar(RATE),
            beta1: host.scalar(Self::BETA1),
            beta2: host.scalar(Self::BETA2),
            epsilon: host.scalar(EPSILON),
            weight_decay: host.scalar(self.weight_decay),
            step: self.step,
        };
        let state = AdamState {
            mean: mean.view_mut(),
            mean_square: mean_square.view_mut(),
        };
        host.backend
            .adam(rule, gradient.view(), parameter.view_mut(), state);
        vec![
            ("parameter", host.values(&parameter)),
            ("mean", host.values(&mean)),
            ("mean_square", host.values(&mean_square)),
        ]
    }

    fn allowed<T: Real>(&self, _: &Outputs) -> Vec<Vec<f64>> {
        let elements = Element::all(self.values, self.len, rounded::<T>);
        let errors: Vec<[f64; 3]> = elements.iter().map(|&e| self.errors::<T>(e)).collect();
        (0..3)
            .map(|output| errors.iter().map(|e| e[output]).collect())
            .collect()
    }
}
