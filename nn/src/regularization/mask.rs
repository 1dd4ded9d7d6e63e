//! Random masks.

use autodiff::{Shape, Var};
use kernels::Real;
use rand::RngExt;

use crate::context::{Context, Mode};

/// Whether this pass draws a mask for probability `p`.
pub(super) fn is_drawn<T: Real>(context: &Context<'_, '_, T>, p: f64) -> bool {
    p > 0.0 && context.mode() == Mode::Train
}

/// `hit` with probability `p` and `miss` otherwise, each element for itself; the elements are drawn
/// in row-major order.
fn bernoulli<'t, T: Real>(
    context: &mut Context<'t, '_, T>,
    shape: Shape,
    p: f64,
    [hit, miss]: [f64; 2],
) -> Var<'t, T> {
    let rng = context.rng();
    let draw = |_| T::of(if rng.random_bool(p) { hit } else { miss });
    let mask: Vec<T> = (0..shape.len()).map(draw).collect();
    let tape = context.tape();
    tape.constant(tape.device().tensor(shape, &mask))
}

/// `m ~ Bernoulli(p)`
pub(super) fn ones<'t, T: Real>(context: &mut Context<'t, '_, T>, shape: Shape, p: f64) -> Var<'t, T> {
    bernoulli(context, shape, p, [1.0, 0.0])
}

/// The factor that leaves an element out with probability `p` and multiplies it by `1/(1−p)`
/// otherwise: 1 in the mean.
pub(super) fn survivors<'t, T: Real>(context: &mut Context<'t, '_, T>, shape: Shape, p: f64) -> Var<'t, T> {
    bernoulli(context, shape, p, [0.0, 1.0 / (1.0 - p)])
}

/// `x` times a fresh mask of [`survivors`] in training, `x` itself otherwise.
pub(super) fn dropout<'t, T: Real>(context: &mut Context<'t, '_, T>, p: f64, x: Var<'t, T>) -> Var<'t, T> {
    match is_drawn(context, p) {
        true => x.mul(survivors(context, x.shape(), p)),
        false => x,
    }
}

#[cfg(test)]
pub(super) mod testing {
    use autodiff::{Device, Tape, Var};
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use crate::context::{Context, Mode};
    use crate::params::ParamStore;

    /// What `f` makes of a tape and a pass in this mode.
    pub fn within<R>(mode: Mode, seed: u64, f: impl for<'t> FnOnce(&mut Context<'t, '_, f64>) -> R) -> R {
        let device = Device::<f64>::reference();
        let (mut store, mut rng) = (ParamStore::new(&device), ChaCha8Rng::seed_from_u64(seed));
        let tape = Tape::new(&device);
        f(&mut Context::new(&tape, &mut store, mode, &mut rng))
    }

    /// `x`, row after row, as a constant.
    pub fn constant<'t, const N: usize>(
        context: &Context<'t, '_, f64>,
        shape: [usize; N],
        x: &[f64],
    ) -> Var<'t, f64> {
        let tape = context.tape();
        tape.constant(tape.device().tensor(shape, x))
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{constant, within};
    use super::*;
    use crate::context::Statistics;

    /// The mean of n factors, each 0 or `1/(1−p)`, has the standard error `√(p / ((1−p) n))`.
    #[test]
    fn survivors_are_1_in_the_mean() {
        let n = 20_000;
        for p in [0.05, 0.5, 0.9] {
            let mask = within(Mode::Train, 1, |context| {
                survivors(context, Shape::from([n]), p).value().to_vec()
            });
            assert!(mask.iter().all(|&m| m == 0.0 || m == 1.0 / (1.0 - p)));
            let mean = mask.iter().sum::<f64>() / n as f64;
            let standard_error = (p / ((1.0 - p) * n as f64)).sqrt();
            assert!((mean - 1.0).abs() < 4.0 * standard_error, "{p}: {mean}");
        }
    }

    #[test]
    fn nothing_is_dropped_outside_training_or_with_probability_0() {
        let eval = Mode::Eval(Statistics::Running);
        let estimate = Mode::Estimate { seen: 0 };
        for (mode, p) in [(eval, 0.9), (estimate, 0.9), (Mode::Train, 0.0)] {
            within(mode, 1, |context| {
                let before = context.rng().clone();
                let x = constant(context, [2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
                assert_eq!(dropout(context, p, x).value().to_vec(), x.value().to_vec());
                assert!(*context.rng() == before, "{mode:?}");
            });
        }
    }
}
