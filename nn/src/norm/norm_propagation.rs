//! Normalization propagation.

use std::ops::Range;

use autodiff::{SequenceMoments, SequenceNorm, Var};
use kernels::Real;

use super::{FusedNorm, Memory, Normalizer, Step, WeightNorm, WeightNormConfig};
use crate::context::Context;
use crate::init::Initializer;
use crate::lengths::Lengths;
use crate::params::{ParamId, Scope};

/// Normalization with variances that are known instead of measured (Laurent, Ballas, Vincent 2017,
/// *Recurrent Normalization Propagation*, ICLR workshop): each part of a cell keeps the variance of
/// what comes in, if weights have columns of norm 1 and every state is divided by the deviation that
/// it has at the start of training.
///
/// ```text
/// h, x:  w_j = γ_j v_j / (‖v_j‖ √Var)      term
/// c:     y = γ_c ⊙ c / √Var(c)             cell
/// out:   y = h / √Var(h)                   state
/// ```
///
/// `Var` at a term is that of what is multiplied: 1 for inputs, which should have mean 0 and
/// variance 1, and for states that were normalized at `out`. A GRU's state cannot be normalized
/// there (see [`PropagationVariances::gru`]); its recurrent term takes `Var(h)` instead.
///
/// The gains `γ` are learned, 2 at the terms and 1 at the cell to start with; the variances are
/// constants, see [`PropagationVariances`]. Nothing depends on the batch, and training and
/// evaluation are the same.
///
/// ```
/// use autodiff::Device;
/// use nn::cell::{Lstm, LstmConfig, Sites};
/// use nn::norm::{NormPropagation, PropagationVariances};
/// use nn::params::{ParamStore, Scope};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// let mut store = ParamStore::<f32>::new(&Device::reference());
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let mut scope = Scope::new(&mut store, &mut rng);
/// let config = LstmConfig::new(3, 5);
/// let variances = PropagationVariances::lstm(2.0, 2.0, 1.0, config.forget_bias);
/// let var_c = variances.cell.expect("an LSTM carries a cell");
/// let sites = Sites {
///     h: Some(Box::new(NormPropagation::term(&mut scope.within("norm_h"), 20, 2.0, 1.0))),
///     x: Some(Box::new(NormPropagation::term(&mut scope.within("norm_x"), 20, 2.0, 1.0))),
///     c: Some(Box::new(NormPropagation::cell(&mut scope.within("norm_c"), 5, 1.0, var_c))),
///     out: Some(Box::new(NormPropagation::state(variances.hidden))),
///     ..Sites::default()
/// };
/// let lstm = Lstm::new(&mut scope, &config, sites);
/// ```
///
/// [`PropagationVariances`]: super::PropagationVariances
/// [`PropagationVariances::gru`]: super::PropagationVariances::gru
#[derive(Debug)]
pub struct NormPropagation(Part);

#[derive(Debug)]
enum Part {
    Term {
        unit: WeightNorm,
        /// Of what is multiplied by the weight.
        variance: f64,
    },
    Cell {
        features: usize,
        gamma: ParamId,
        variance: f64,
    },
    State {
        variance: f64,
    },
}

impl NormPropagation {
    /// For the terms `h` and `x`: weights with `features` columns, whose gains `γ` start as `gamma`,
    /// for vectors with elements of the given variance.
    ///
    /// # Panics
    /// If the variance is not positive and finite.
    #[track_caller]
    pub fn term<T: Real>(scope: &mut Scope<'_, T>, features: usize, gamma: f64, variance: f64) -> Self {
        check(variance);
        let unit = WeightNorm::new(scope, features, WeightNormConfig { gamma });
        Self(Part::Term { unit, variance })
    }

    /// For the cell inside the output's tanh: `features` elements of the given variance, whose gains
    /// `γ_c` start as `gamma`.
    ///
    /// # Panics
    /// If the variance is not positive and finite.
    #[track_caller]
    pub fn cell<T: Real>(scope: &mut Scope<'_, T>, features: usize, gamma: f64, variance: f64) -> Self {
        check(variance);
        let value = gamma;
        Self(Part::Cell {
            features,
            gamma: scope.vector("gamma", features, &Initializer::Constant { value }),
            variance,
        })
    }

    /// For the hidden state, of the given variance; it has no parameters.
    ///
    /// # Panics
    /// If the variance is not positive and finite.
    #[track_caller]
    pub fn state(variance: f64) -> Self {
        check(variance);
        Self(Part::State { variance })
    }

    #[track_caller]
    fn scaled<'t, T: Real>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        match self.0 {
            Part::Term { .. } => x,
            Part::Cell { gamma, variance, .. } => {
                x.mul(context.param(gamma).scale(T::of(over_deviation(variance))))
            }
            Part::State { variance } => x.scale(T::of(over_deviation(variance))),
        }
    }
}

fn over_deviation(variance: f64) -> f64 {
    1.0 / variance.sqrt()
}

#[track_caller]
fn check(variance: f64) {
    assert!(
        variance > 0.0 && variance.is_finite(),
        "norm propagation: variance {variance}; a positive, finite one would fit"
    );
}

impl<T: Real> Normalizer<T> for NormPropagation {
    #[track_caller]
    fn weight<'t>(&self, context: &mut Context<'t, '_, T>, w: Var<'t, T>) -> Var<'t, T> {
        match &self.0 {
            Part::Term { unit, variance } => unit.scaled(context, w, over_deviation(*variance)),
            Part::Cell { .. } | Part::State { .. } => w,
        }
    }

    #[track_caller]
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: Step<'_, T>,
        _: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        self.scaled(context, x)
    }

    #[track_caller]
    fn sequence<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: usize,
        _: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        self.scaled(context, x)
    }

    fn fused<'t>(&self, context: &mut Context<'t, '_, T>, steps: Range<usize>) -> Option<FusedNorm<'t, T>> {
        match &self.0 {
            Part::Term { unit, .. } => unit.fused(context, steps),
            Part::Cell {
                features,
                gamma,
                variance,
            } => {
                let device = context.tape().device();
                let shape = [steps.len(), *features];
                let var = device.full(shape, T::of(*variance));
                Some(FusedNorm::Values(SequenceNorm {
                    gamma: context.param(*gamma),
                    beta: None,
                    epsilon: T::zero(),
                    moments: SequenceMoments::Given(device.zeros(shape), var),
                }))
            }
            Part::State { variance } => Some(FusedNorm::Constant(T::of(over_deviation(*variance)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use autodiff::{Device, Tape};
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;
    use crate::context::Mode;
    use crate::norm::products::{Product, product};
    use crate::params::ParamStore;

    /// Few roundings of 1e-16.
    #[track_caller]
    fn assert_close(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() < 1e-14, "{got}, not {want}");
        }
    }

    #[test]
    fn terms_by_hand() {
        let term = |scope: &mut Scope<'_, f64>, features| NormPropagation::term(scope, features, 2.0, 0.25);
        let of = Product {
            v: &[1.0, 10.0],
            weight: &[3.0, 4.0],
            features: 1,
        };
        // The column is (0.6, 0.8), times 2, over 1/2.
        assert_close(&product(&term, of), &[4.0 * (0.6 + 8.0)]);
    }

    #[test]
    fn states_by_hand() {
        let device = Device::<f64>::reference();
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut store = ParamStore::new(&device);
        let mut scope = Scope::new(&mut store, &mut rng);
        let cell = NormPropagation::cell(&mut scope, 2, 3.0, 4.0);
        let state = NormPropagation::state(0.25);
        let tape = Tape::inference(&device);
        let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
        let x = tape.constant(device.tensor([1, 2], &[1.0, -5.0]));
        let mut apply = |norm: &NormPropagation| {
            let y = norm.step(&mut context, x, Step::new(0, 1), &mut Memory::default());
            y.value().to_vec()
        };
        assert_close(&apply(&cell), &[1.5, -7.5]);
        assert_close(&apply(&state), &[2.0, -10.0]);
    }

    #[test]
    #[should_panic(expected = "norm propagation: variance 0; a positive, finite one would fit")]
    fn a_variance_of_zero_panics() {
        NormPropagation::state(0.0);
    }
}
