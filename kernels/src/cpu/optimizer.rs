//! Optimizer updates, one pass over parameter, gradient and state.

use super::threads::{ELEMENTS, Threads, tasks};
use crate::Real;
use crate::optimizer::{Adam, Denominator, RmsProp, Sgd};
use crate::simd::Lanes;

/// Runs `f` on matching vectors of the gradient and of `S` slices, which it updates.
fn update<T: Real, const S: usize>(
    threads: &Threads,
    gradient: &[T],
    slices: [&mut [T]; S],
    f: impl Fn(T::Lanes, [T::Lanes; S]) -> [T::Lanes; S] + Send + Sync,
) {
    let tasks = tasks(S * gradient.len(), ELEMENTS, threads.count());
    let part = gradient
        .len()
        .div_ceil(tasks)
        .next_multiple_of(T::Lanes::N)
        .max(1);
    let mut slices = slices.map(|slice| slice.chunks_mut(part));
    let parts = gradient
        .chunks(part)
        .map(|gradient| {
            (
                gradient,
                slices
                    .each_mut()
                    .map(|chunks| chunks.next().expect("same lengths")),
            )
        })
        .collect();
    threads.run(parts, |(gradient, mut slices): (&[T], [&mut [T]; S])| {
        for j in (0..gradient.len()).step_by(T::Lanes::N) {
            let old = slices.each_ref().map(|slice| T::Lanes::load_at(slice, j));
            let new = f(T::Lanes::load_at(gradient, j), old);
            for (slice, new) in slices.iter_mut().zip(new) {
                new.store_at(slice, j);
            }
        }
    });
}

pub(super) fn sgd<T: Real>(
    threads: &Threads,
    rule: Sgd<T>,
    g: &[T],
    p: &mut [T],
    velocity: Option<&mut [T]>,
) {
    let rate = T::Lanes::splat(rule.learning_rate);
    let momentum = T::Lanes::splat(rule.momentum);
    match velocity {
        None => update(threads, g, [p], |g, [p]| [rate.neg_mul_add(g, p)]),
        Some(v) => update(threads, g, [p, v], |g, [p, v]| {
            let v = momentum.mul_add(v, g);
            [rate.neg_mul_add(v, p), v]
        }),
    }
}

/// State as slices, see [`crate::backend::RmsPropState`].
pub(super) struct RmsPropSlices<'a, T> {
    pub mean_square: &'a mut [T],
    pub velocity: Option<&'a mut [T]>,
    pub mean_gradient: Option<&'a mut [T]>,
}

pub(super) fn rmsprop<T: Real>(
    threads: &Threads,
    rule: RmsProp<T>,
    g: &[T],
    p: &mut [T],
    state: RmsPropSlices<'_, T>,
) {
    let rate = T::Lanes::splat(rule.learning_rate);
    let momentum = T::Lanes::splat(rule.momentum);
    let average = Average::new(rule.decay);
    let scaled = |g: T::Lanes, variance: T::Lanes| g / denominator(&rule, variance);
    // Rounding may leave less than nothing of s − a² where gradients hardly change.
    let centred =
        |g, s: T::Lanes, a: T::Lanes| scaled(g, a.neg_mul_add(a, s).at_least(T::Lanes::constant(0.0)));
    let s = state.mean_square;
    match (state.velocity, state.mean_gradient) {
        (None, None) => update(threads, g, [p, s], |g, [p, s]| {
            let s = average.step(s, g * g);
            [rate.neg_mul_add(scaled(g, s), p), s]
        }),
        (Some(v), None) => update(threads, g, [p, s, v], |g, [p, s, v]| {
            let s = average.step(s, g * g);
            let v = momentum.mul_add(v, scaled(g, s));
            [rate.neg_mul_add(v, p), s, v]
        }),
        (None, Some(a)) => update(threads, g, [p, s, a], |g, [p, s, a]| {
            let (s, a) = (average.step(s, g * g), average.step(a, g));
            [rate.neg_mul_add(centred(g, s, a), p), s, a]
        }),
        (Some(v), Some(a)) => update(threads, g, [p, s, v, a], |g, [p, s, v, a]| {
            let (s, a) = (average.step(s, g * g), average.step(a, g));
            let v = momentum.mul_add(v, centred(g, s, a));
            [rate.neg_mul_add(v, p), s, v, a]
        }),
    }
}

#[inline(always)]
fn denominator<T: Real>(rule: &RmsProp<T>, variance: T::Lanes) -> T::Lanes {
    let epsilon = T::Lanes::splat(rule.epsilon);
    match rule.denominator {
        Denominator::RootPlusEpsilon => variance.sqrt() + epsilon,
        Denominator::MaxOfRootAndEpsilon => variance.sqrt().at_least(epsilon),
    }
}

/// `old ← decay · old + (1 − decay) · new`
struct Average<V> {
    keep: V,
    take: V,
}

impl<V: Lanes> Average<V>
where
    V::Elem: Real,
{
    fn new(decay: V::Elem) -> Self {
        Self {
            keep: V::splat(decay),
            take: V::splat(<V::Elem as num_traits::One>::one() - decay),
        }
    }

    #[inline(always)]
    fn step(&self, old: V, new: V) -> V {
        self.keep.mul_add(old, self.take * new)
    }
}

pub(super) fn adam<T: Real>(
    threads: &Threads,
    rule: Adam<T>,
    g: &[T],
    p: &mut [T],
    mean: &mut [T],
    mean_square: &mut [T],
) {
    let one = T::one();
    let correction = |beta: T| T::of(1.0 - beta.as_f64().powf(rule.step as f64));
    let rate = T::Lanes::splat(rule.learning_rate / correction(rule.beta1));
    let root = T::Lanes::splat(correction(rule.beta2).sqrt());
    let keep = T::Lanes::splat(one - rule.learning_rate * rule.weight_decay);
    let epsilon = T::Lanes::splat(rule.epsilon);
    let (first, second) = (Average::new(rule.beta1), Average::new(rule.beta2));
    update(threads, g, [p, mean, mean_square], |g, [p, m, v]| {
        let (m, v) = (first.step(m, g), second.step(v, g * g));
        let step = m / (v.sqrt() / root + epsilon);
        [rate.neg_mul_add(step, p * keep), m, v]
    });
}
