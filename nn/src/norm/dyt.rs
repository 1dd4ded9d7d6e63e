//! Dynamic tanh.

use autodiff::Var;
use kernels::Real;

use super::{Memory, Normalizer, Step};
use crate::context::Context;
use crate::init::Initializer;
use crate::lengths::Lengths;
use crate::params::{ParamId, Scope};

/// Settings of a [`DyT`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DyTConfig {
    /// Where every `γ` starts.
    pub gamma: f64,
    /// Whether there is a `β`, which starts at 0.
    pub beta: bool,
    /// Where `α` starts.
    pub alpha: f64,
}

impl Default for DyTConfig {
    /// `γ = 1`, a `β`, `α = 0.5` (Zhu et al. 2025, section 4).
    fn default() -> Self {
        Self {
            gamma: 1.0,
            beta: true,
            alpha: 0.5,
        }
    }
}

/// Dynamic tanh, `DyT(x; γ, β, α) = β + γ ⊙ tanh(α x)` with a learned number `α` (Zhu et al. 2025,
/// *Transformers without Normalization*, arXiv 2503.10622, section 4).
///
/// There are no moments: each element is squashed on its own, in training and evaluation alike.
#[derive(Debug)]
pub struct DyT {
    gamma: ParamId,
    beta: Option<ParamId>,
    /// `[1]`
    alpha: ParamId,
}

impl DyT {
    /// For rows of `features` elements.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, features: usize, config: DyTConfig) -> Self {
        let constant = |value| Initializer::Constant { value };
        Self {
            gamma: scope.vector("gamma", features, &constant(config.gamma)),
            beta: config
                .beta
                .then(|| scope.vector("beta", features, &Initializer::Zeros)),
            alpha: scope.vector("alpha", 1, &constant(config.alpha)),
        }
    }

    #[track_caller]
    fn squash<'t, T: Real>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        let squashed = x.mul(context.param(self.alpha)).tanh();
        let y = squashed.mul(context.param(self.gamma));
        match self.beta {
            Some(beta) => y.add(context.param(beta)),
            None => y,
        }
    }
}

impl<T: Real> Normalizer<T> for DyT {
    #[track_caller]
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: Step<'_, T>,
        _: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        self.squash(context, x)
    }

    #[track_caller]
    fn sequence<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        _: usize,
        _: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        self.squash(context, x)
    }
}

#[cfg(test)]
mod tests {
    use autodiff::{Device, Tape};
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;
    use crate::context::Mode;
    use crate::params::ParamStore;

    #[test]
    fn value_by_hand() {
        let device = Device::<f64>::reference();
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut store = ParamStore::new(&device);
        let config = DyTConfig {
            gamma: 3.0,
            ..DyTConfig::default()
        };
        let dyt = DyT::new(&mut Scope::new(&mut store, &mut rng), 2, config);
        let beta = store.find("beta").expect("a β");
        *store.get_mut(beta) = device.tensor([2], &[0.0, 10.0]);
        let tape = Tape::inference(&device);
        let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
        // tanh(ln 2) = (2 − 1/2) / (2 + 1/2) = 0.6
        let ln_4 = 4.0_f64.ln();
        let x = tape.constant(device.tensor([1, 2], &[ln_4, -ln_4]));
        let y = dyt.step(&mut context, x, Step::new(0, 1), &mut Memory::default());
        for (got, want) in y.value().to_vec().into_iter().zip([1.8, 8.2]) {
            // A few roundings of 1e-15, that of 10.
            assert!((got - want).abs() < 1e-14, "{got}, not {want}");
        }
    }
}
