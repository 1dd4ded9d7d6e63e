//! Zoneout.

use autodiff::Var;
use kernels::Real;

use super::mask;
use crate::context::{Context, Mode};

/// Zoneout (Krueger et al. 2016, arXiv 1606.01305): an element of a state stays what it was with
/// probability `p`. With the cell's own new state `s̃_t`,
///
/// ```text
/// in training    s_t = m_t ⊙ s_{t−1} + (1 − m_t) ⊙ s̃_t,   m_t ~ Bernoulli(p)
/// in evaluation  s_t = p s_{t−1} + (1 − p) s̃_t
/// ```
///
/// with a mask for each element of each example at each step, and masks of their own for `h` and
/// `c`. As in the paper, an LSTM's new `h̃_t` comes from its new `c̃_t`, not from the `c_t` in which
/// elements stayed what they were. The paper has 0.05 for `h` and 0.5 for `c` in characters of the
/// Penn Treebank, 0.15 for both in permuted MNIST.
///
/// With `p = 0` it is `new`.
#[track_caller]
pub fn zoneout<'t, T: Real>(
    context: &mut Context<'t, '_, T>,
    p: f64,
    previous: Var<'t, T>,
    new: Var<'t, T>,
) -> Var<'t, T> {
    if p == 0.0 {
        return new;
    }
    if context.mode() != Mode::Train {
        return previous.scale(T::of(p)).add(new.scale(T::of(1.0 - p)));
    }
    let stays = mask::ones(context, new.shape(), p);
    // Not `new + stays (previous − new)`: rounding would change what is to stay.
    previous.mul(stays).add(new.mul(stays.neg().shift(T::one())))
}

#[cfg(test)]
mod tests {
    use super::mask::testing::{constant, within};
    use super::*;
    use crate::context::Statistics;

    const OLD: [f64; 6] = [0.1, -0.2, 0.3, -0.4, 0.5, -0.6];
    const NEW: [f64; 6] = [0.7, 0.8, -0.9, 0.15, 0.25, 0.35];

    fn zoned(mode: Mode, p: f64, seed: u64) -> Vec<f64> {
        within(mode, seed, |context| {
            let (old, new) = (constant(context, [2, 3], &OLD), constant(context, [2, 3], &NEW));
            zoneout(context, p, old, new).value().to_vec()
        })
    }

    #[test]
    fn each_element_is_the_old_one_or_the_new_one() {
        let choices = |p| -> Vec<bool> {
            let zoned = (0..20).flat_map(|seed| zoned(Mode::Train, p, seed).into_iter().enumerate());
            zoned
                .map(|(i, x)| {
                    let i = i % OLD.len();
                    assert!(x == OLD[i] || x == NEW[i]);
                    x == OLD[i]
                })
                .collect()
        };
        let stay = |p| choices(p).iter().filter(|&&stays| stays).count();
        // Of 120 elements; the chance of a miss is below 1e-6 in each direction.
        assert!(stay(0.999) >= 117, "{}", stay(0.999));
        assert!(stay(0.001) <= 3, "{}", stay(0.001));
    }

    #[test]
    fn evaluation_is_the_expectation_of_training() {
        let p = 0.3;
        let expected: Vec<f64> = zoned(Mode::Eval(Statistics::Running), p, 0);
        let count = 2000;
        let draws: Vec<Vec<f64>> = (0..count).map(|seed| zoned(Mode::Train, p, seed)).collect();
        for i in 0..OLD.len() {
            assert!((expected[i] - (p * OLD[i] + (1.0 - p) * NEW[i])).abs() < 1e-15);
            let mean = draws.iter().map(|draw| draw[i]).sum::<f64>() / count as f64;
            let variance = p * (1.0 - p) * (OLD[i] - NEW[i]).powi(2);
            let standard_error = (variance / count as f64).sqrt();
            assert!((mean - expected[i]).abs() < 4.0 * standard_error, "{i}: {mean}");
        }
    }
}
