//! Batch normalization, for single layers and for time steps.

use autodiff::{SequenceMoments, SequenceNorm, Tensor, Var};
use kernels::Real;

use super::{Normalizer, Step, StepRows, StepStatistics};
use crate::context::{Context, Mode, Statistics};
use crate::init::Initializer;
use crate::params::{ParamId, Scope};

/// Settings of a [`BatchNorm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormConfig {
    /// Where every `γ` starts. 0.1 keeps gradients alive in a recurrence (Cooijmans et al. 2016,
    /// section 4).
    pub gamma: f64,
    /// Whether there is a `β`, which starts at 0.
    pub beta: bool,
    /// `ε`, added to the variance.
    pub epsilon: f64,
    /// Weight of the old value in the running averages.
    pub momentum: f64,
    /// Which time steps have statistics of their own; [`StepRows::Shared`] for a feed-forward layer.
    pub steps: StepRows,
}

impl Default for BatchNormConfig {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            beta: true,
            epsilon: 1e-5,
            momentum: 0.99,
            steps: StepRows::Shared,
        }
    }
}

/// `BN(x; γ, β) = β + γ ⊙ (x − mean) / √(var + ε)` with moments over the batch (Ioffe and Szegedy
/// 2015); in a recurrence with separate ones for each time step, `γ` and `β` being shared
/// (Cooijmans et al. 2016, section 3).
///
/// The variance is the biased one everywhere, in the running averages too.
#[derive(Debug)]
pub struct BatchNorm {
    gamma: ParamId,
    beta: Option<ParamId>,
    epsilon: f64,
    momentum: f64,
    statistics: StepStatistics,
}

impl BatchNorm {
    /// A normalization of `features` columns.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, features: usize, config: BatchNormConfig) -> Self {
        let value = config.gamma;
        let gamma = scope.vector("gamma", features, &Initializer::Constant { value });
        let beta = config
            .beta
            .then(|| scope.vector("beta", features, &Initializer::Zeros));
        Self {
            gamma,
            beta,
            epsilon: config.epsilon,
            momentum: config.momentum,
            statistics: StepStatistics::new(scope, config.steps, features),
        }
    }

    /// Normalizes `x [G, B, F]`, the time steps from `step` on, or `[B, F]`, that step alone.
    #[track_caller]
    fn steps<'t, T: Real>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>, step: Step) -> Var<'t, T> {
        let gamma = context.param(self.gamma);
        let beta = self.beta.map(|beta| context.param(beta));
        let epsilon = T::of(self.epsilon);
        let shape = x.shape();
        let groups = if shape.rank() == 3 { shape.extent(0) } else { 1 };
        if let Some((mean, var)) = self.fixed(context, step, groups) {
            return x.batch_norm_fixed(gamma, beta, &mean, &var, epsilon);
        }
        let out = x.batch_norm(gamma, beta, epsilon);
        let batch = shape.extent(shape.rank() - 2);
        self.learn(context, step, batch, &out.mean.value(), &out.var.value());
        out.y
    }

    /// Mean and variance for `steps` steps from `step` on, unless the mode takes the batch's.
    fn fixed<T: Real>(
        &self,
        context: &Context<'_, '_, T>,
        step: Step,
        steps: usize,
    ) -> Option<(Tensor<T>, Tensor<T>)> {
        match context.mode() {
            Mode::Eval(Statistics::Running) => Some(self.statistics.running(context, step, steps)),
            Mode::Eval(Statistics::Population) => Some(self.statistics.population(context, step, steps)),
            Mode::Eval(Statistics::Batch) | Mode::Train | Mode::Estimate { .. } => None,
        }
    }

    #[track_caller]
    fn learn<T: Real>(
        &self,
        context: &mut Context<'_, '_, T>,
        step: Step,
        batch: usize,
        mean: &Tensor<T>,
        var: &Tensor<T>,
    ) {
        match context.mode() {
            Mode::Train => {
                assert!(
                    batch > 1,
                    "batch normalization `{}`, step {}: a training batch of {} has no variance; use \
                     larger batches, or drop the last one",
                    self.statistics.path(),
                    step.t,
                    if batch == 1 { "one example" } else { "no example" }
                );
                self.statistics
                    .update_running(context, step, mean, var, T::of(self.momentum));
            }
            Mode::Estimate { .. } if batch == 0 => {}
            Mode::Estimate { seen } => {
                self.statistics
                    .update_population(context, step, (seen, batch), mean, var);
            }
            Mode::Eval(_) => {}
        }
    }
}

impl<T: Real> Normalizer<T> for BatchNorm {
    #[track_caller]
    fn step<'t>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>, step: Step) -> Var<'t, T> {
        self.steps(context, x, step)
    }

    #[track_caller]
    fn sequence<'t>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        let of = x.shape().extent(0);
        self.steps(context, x, Step { t: 0, of })
    }

    fn fused<'t>(&self, context: &mut Context<'t, '_, T>, steps: usize) -> Option<SequenceNorm<'t, T>> {
        Some(SequenceNorm {
            gamma: context.param(self.gamma),
            beta: self.beta.map(|beta| context.param(beta)),
            epsilon: T::of(self.epsilon),
            moments: match self.fixed(context, Step { t: 0, of: steps }, steps) {
                Some((mean, var)) => SequenceMoments::Given(mean, var),
                None => SequenceMoments::Columns,
            },
        })
    }

    #[track_caller]
    fn observe(&self, context: &mut Context<'_, '_, T>, batch: usize, mean: &Tensor<T>, var: &Tensor<T>) {
        let of = mean.shape().extent(0);
        self.learn(context, Step { t: 0, of }, batch, mean, var);
    }
}
