//! Batch normalization, for single layers and for time steps.

use std::ops::Range;

use autodiff::{SequenceMoments, SequenceNorm, Tensor, Var};
use kernels::Real;

use super::batch_renorm::{Correction, Renorm, RenormConfig};
use super::{FusedNorm, Memory, Normalizer, Step, StepRows, StepStatistics};
use crate::context::{Context, Mode, Statistics};
use crate::init::Initializer;
use crate::lengths::Lengths;
use crate::params::{ParamId, Scope};
use crate::watch::Moments;

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
    /// Whether the rows that are padding count.
    pub padding: Padding,
    /// How far training corrects for the running averages: batch renormalization.
    pub renorm: Option<RenormConfig>,
}

/// Whether rows that are no part of their sequences any more count in statistics over the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// They do not.
    Mask,
    /// They do, with the states that they ended with and with inputs of zeros: what the paper's code
    /// for question answering does at each step. Above another layer the inputs are what that one
    /// holds after a sequence's end, its last state. Steps that no sequence has are left out all the
    /// same.
    Include,
}

impl Default for BatchNormConfig {
    fn default() -> Self {
        Self {
            gamma: 1.0,
            beta: true,
            epsilon: 1e-5,
            momentum: 0.99,
            steps: StepRows::Shared,
            padding: Padding::Mask,
            renorm: None,
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
    steps: StepRows,
    padding: Padding,
    statistics: StepStatistics,
    renorm: Option<Renorm>,
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
            steps: config.steps,
            padding: config.padding,
            statistics: StepStatistics::new(scope, config.steps, features),
            renorm: config
                .renorm
                .map(|renorm| Renorm::new(scope, renorm, config.epsilon)),
        }
    }

    /// Normalizes `x [G, B, F]`, the time steps from `step` on, or `[B, F]`, that step alone, with
    /// the moments of all rows.
    #[track_caller]
    fn all_rows<'t, T: Real>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        step: Step<'_, T>,
        memory: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        let gamma = context.param(self.gamma);
        let beta = self.beta.map(|beta| context.param(beta));
        let epsilon = T::of(self.epsilon);
        let shape = x.shape();
        let groups = if shape.rank() == 3 { shape.extent(0) } else { 1 };
        if let Some((mean, var)) = self.fixed(context, (step, groups), memory) {
            self.tell(context, x, step, (&mean, &var));
            return x.batch_norm_fixed(gamma, beta, &mean, &var, epsilon);
        }
        let out = match self.correction(context, (step, groups), memory) {
            Some(Correction { mean, std, limits }) => {
                x.batch_renorm(gamma, beta, epsilon, &mean, &std, limits)
            }
            None => x.batch_norm(gamma, beta, epsilon),
        };
        let batch = shape.extent(shape.rank() - 2);
        let (mean, var) = (out.mean.value(), out.var.value());
        self.tell(context, x, step, (&mean, &var));
        self.learn(context, step, batch, &mean, &var);
        out.y
    }

    /// Normalizes `x [T, B, F]`, the time steps from `from` on, without the padding if there are
    /// lengths.
    #[track_caller]
    fn all_steps<'t, T: Real>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        from: usize,
        lengths: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        let of = x.shape().extent(0);
        let all = Step::first(from, of);
        let memory = &mut Memory::default();
        match (self.steps, lengths) {
            (StepRows::SequenceWise, Some(lengths)) => {
                lengths.spread(self.all_rows(context, lengths.pick(x), all, memory))
            }
            (StepRows::SequenceWise, None) => {
                let shape = x.shape();
                let rows = x.reshape([of * shape.extent(1), shape.last()]);
                self.all_rows(context, rows, all, memory).reshape(shape)
            }
            (_, Some(lengths)) => super::step_by_step(self, context, x, from, Some(lengths)),
            (_, None) => self.all_rows(context, x, all, memory),
        }
    }

    fn tell<'t, T: Real>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        step: Step<'_, T>,
        (mean, var): (&Tensor<T>, &Tensor<T>),
    ) {
        let moments = Moments {
            time: (self.steps != StepRows::SequenceWise).then_some(step.time()),
            x,
            mean,
            var,
            epsilon: self.epsilon,
            live: None,
        };
        context.tell_moments(self.gamma, &moments);
    }

    fn correction<'t, T: Real>(
        &self,
        context: &Context<'t, '_, T>,
        steps: (Step<'_, T>, usize),
        memory: &mut Memory<'t, T>,
    ) -> Option<Correction<T>> {
        let renorm = self.renorm.as_ref()?;
        renorm.correction(context, &self.statistics, steps, memory)
    }

    /// Mean and variance for `steps` steps from `step` on, unless the mode takes the batch's.
    fn fixed<T: Real>(
        &self,
        context: &Context<'_, '_, T>,
        (step, steps): (Step<'_, T>, usize),
        memory: &mut Memory<'_, T>,
    ) -> Option<(Tensor<T>, Tensor<T>)> {
        let statistics = &self.statistics;
        let found = &mut memory.found;
        let found = match context.mode() {
            Mode::Eval(Statistics::Running) => found.get_or_insert_with(|| statistics.running(context)),
            Mode::Eval(Statistics::Population) => found.get_or_insert_with(|| statistics.population(context)),
            Mode::Eval(Statistics::Batch) | Mode::Train | Mode::Estimate { .. } => return None,
        };
        Some(found.at(step, steps))
    }

    /// Takes in the moments of `batch` rows.
    ///
    /// A single row has no variance to learn from: it is normalized to `β`, as the formula says, and
    /// no statistic hears of it, where other rows have ended as well as in a batch of one that comes
    /// in estimation. In a training batch of one that would be so at every step, so training refuses
    /// it.
    #[track_caller]
    fn learn<T: Real>(
        &self,
        context: &mut Context<'_, '_, T>,
        step: Step<'_, T>,
        batch: usize,
        mean: &Tensor<T>,
        var: &Tensor<T>,
    ) {
        if let Some(renorm) = &self.renorm {
            renorm.count(context, step);
        }
        match context.mode() {
            Mode::Train if batch == 1 && step.live.is_some() => {}
            Mode::Train => {
                assert!(
                    batch > 1,
                    "batch normalization `{}`, step {}: a training batch of {} has no variance; use \
                     larger batches, or drop the last one",
                    self.statistics.path(),
                    step.time(),
                    if batch == 1 { "one example" } else { "no example" }
                );
                self.statistics
                    .update_running(context, step, mean, var, T::of(self.momentum));
            }
            Mode::Estimate { .. } if batch > 1 => {
                self.statistics.update_population(context, step, batch, mean, var);
            }
            Mode::Estimate { .. } | Mode::Eval(_) => {}
        }
    }
}

impl<T: Real> Normalizer<T> for BatchNorm {
    #[track_caller]
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        step: Step<'_, T>,
        memory: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        assert!(
            self.steps != StepRows::SequenceWise,
            "batch normalization `{}`: sequence-wise moments at a single step; they fit where all \
             steps are known at once, at the input term",
            self.statistics.path()
        );
        match step.live {
            Some(live) if self.padding == Padding::Mask => {
                live.spread(self.all_rows(context, live.pick(x), step, memory))
            }
            _ => self.all_rows(context, x, Step { live: None, ..step }, memory),
        }
    }

    #[track_caller]
    fn sequence<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        from: usize,
        lengths: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        match self.padding {
            Padding::Mask => self.all_steps(context, x, from, lengths),
            Padding::Include => super::up_to_longest(x, lengths, |x| self.all_steps(context, x, from, None)),
        }
    }

    fn fused<'t>(&self, context: &mut Context<'t, '_, T>, steps: Range<usize>) -> Option<FusedNorm<'t, T>> {
        if self.steps == StepRows::SequenceWise {
            return None;
        }
        let (all, steps) = (Step::first(steps.start, steps.len()), steps.len());
        let memory = &mut Memory::default();
        let moments = match self.fixed(context, (all, steps), memory) {
            Some((mean, var)) => SequenceMoments::Given(mean, var),
            None => self
                .correction(context, (all, steps), memory)
                .map_or(SequenceMoments::Columns, SequenceMoments::from),
        };
        Some(FusedNorm::Values(SequenceNorm {
            gamma: context.param(self.gamma),
            beta: self.beta.map(|beta| context.param(beta)),
            epsilon: T::of(self.epsilon),
            moments,
        }))
    }

    #[track_caller]
    fn observe(
        &self,
        context: &mut Context<'_, '_, T>,
        from: usize,
        batch: usize,
        mean: &Tensor<T>,
        var: &Tensor<T>,
    ) {
        let of = mean.shape().extent(0);
        let all = Step::first(from, of);
        self.learn(context, all, batch, mean, var);
    }
}
