//! Online normalization.

mod control;
#[cfg(test)]
mod tests;

use std::ops::Range;

use autodiff::{SequenceMoments, SequenceNorm, Shape, Tensor, Var};
use kernels::{Binary, Columns, Real, Unary};

pub(super) use self::control::Controllers;
use self::control::controlled;
use super::step_table::{Averages, StepMoments, StepTable};
use super::{FusedNorm, Memory, Normalizer, Padding, Step, StepRows};
use crate::context::{Context, Mode};
use crate::init::Initializer;
use crate::lengths::Lengths;
use crate::params::{ParamId, Scope};
use crate::watch::Moments;

/// Settings of an [`OnlineNorm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OnlineNormConfig {
    /// Where every `γ` starts.
    pub gamma: f64,
    /// Whether there is a `β`, which starts at 0.
    pub beta: bool,
    /// `ε`, added to the variance.
    pub epsilon: f64,
    /// `α_f`, weight of the old estimates when one example comes in; between 0 and 1.
    pub forward: f64,
    /// `α_b`, the same for the control of the gradient; without it the gradient is that of the
    /// forward pass.
    pub backward: Option<f64>,
    /// Which time steps have statistics of their own; [`StepRows::Shared`] for a feed-forward layer.
    pub steps: StepRows,
    /// Whether the rows that are padding count.
    pub padding: Padding,
}

impl Default for OnlineNormConfig {
    /// The decays are those of the paper's experiments and of the authors' code.
    fn default() -> Self {
        Self {
            gamma: 1.0,
            beta: true,
            epsilon: 1e-5,
            forward: 0.999,
            backward: Some(0.99),
            steps: StepRows::Shared,
            padding: Padding::Mask,
        }
    }
}

/// `y = β + γ ⊙ (x − μ) / √(σ² + ε)` with running estimates `μ, σ²` of the past (Chiley et al. 2019,
/// "Online Normalization for Training Neural Networks", section 3), for each feature; in a recurrence
/// separate ones for each time step.
///
/// **Forward.** A pass is normalized by what was known before it, and then taken in. The paper does
/// so for one example at a time. Here the `n` rows of a batch come in at once, with their mean `m`,
/// their biased variance `v` and the decay that so many examples together have, `α = α_f^n`:
///
/// ```text
/// σ² ← α σ² + (1 − α) v + α (1 − α) (m − μ)²
/// μ  ← α μ + (1 − α) m
/// ```
///
/// which are the moments of the mixture of both, the paper's rule for inputs with several values
/// of a feature, and with `n = 1` its rule for a single one. They start at mean 0 and variance 1.
/// Where all steps share one row, one step after another is taken in, and a step weighs less by
/// `α_f^n` for each that follows it.
///
/// **Backward.** `μ` and `σ²` are constants in the derivative: `dx = γ dy / √(σ² + ε)`. That lacks
/// the terms by which a batch's own moments keep the gradient free of any component along `1` and
/// `y`. In training, the paper's control process puts them back on average over time: with `x̂` for
/// the value before `γ` and `β` and `α = α_b^n`,
///
/// ```text
/// dx̃ = dx̂ − e_y x̂,               e_y ← e_y + (1 − α) mean_n(dx̃ x̂)
/// dx = dx̃ / √(σ² + ε) − e_1,     e_1 ← e_1 + (1 − α) mean_n(dx)
/// ```
///
/// where `e` is the paper's `(1 − α_b) ε`; in that form `n` may vary. So the gradient is on purpose
/// not that of the forward pass; `backward: None` leaves it that. `e_y` and `e_1` are statistics, with a row for each time step, or
/// one that is handed from a step to the one before it; they change where gradients are
/// handed out, in [`Context::param_gradients`]. On data that does not change the gradient becomes that
/// of batch normalization (if `ε = 0`).
///
/// **Modes.** Only training changes anything or controls gradients; every other mode, that of
/// population estimates too, normalizes by the running estimates: there are no others, and no
/// example knows of those beside it. Steps that training has not reached yet use the estimates of the
/// last one that it has; `running_count` counts the updates of each row.
///
/// The paper's last part, layer scaling (the division of an example by the root of its mean square,
/// after `γ` and `β`), is not included, nor is the clamp that the authors' code has in its place.
#[derive(Debug)]
pub struct OnlineNorm {
    gamma: ParamId,
    beta: Option<ParamId>,
    config: OnlineNormConfig,
    table: StepTable,
    running: Averages,
    control: Option<Control>,
}

/// Statistics of the control process, `[R, F]` each.
#[derive(Debug)]
struct Control {
    decay: f64,
    scale: ParamId,
    shift: ParamId,
}

impl OnlineNorm {
    /// A normalization of `features` columns.
    ///
    /// # Panics
    /// If a decay is not between 0 and 1, or the steps are 0 or sequence-wise.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, features: usize, config: OnlineNormConfig) -> Self {
        let table = StepTable::new(scope, config.steps);
        let path = &table.path;
        for (name, decay) in [("forward", Some(config.forward)), ("backward", config.backward)] {
            assert!(
                decay.is_none_or(|decay| (0.0..=1.0).contains(&decay)),
                "online normalization `{path}`: a {name} decay of {}; 0 to 1 fit",
                decay.unwrap_or_default()
            );
        }
        assert!(
            config.steps != StepRows::SequenceWise,
            "online normalization `{path}`: sequence-wise statistics; per-step or shared ones fit"
        );
        let shape = [table.rows, features];
        let value = config.gamma;
        Self {
            gamma: scope.vector("gamma", features, &Initializer::Constant { value }),
            beta: config
                .beta
                .then(|| scope.vector("beta", features, &Initializer::Zeros)),
            running: Averages::new(scope, "running", shape),
            control: config.backward.map(|decay| Control {
                decay,
                scale: scope.statistic("control_scale", shape, 0.0),
                shift: scope.statistic("control_shift", shape, 0.0),
            }),
            config,
            table,
        }
    }

    /// Normalizes `x [G, B, F]`, the time steps from `step` on, or `[B, F]`, that step alone.
    #[track_caller]
    fn all_rows<'t, T: Real>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        step: Step<'_, T>,
        memory: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        let dims = columns(x.shape());
        let (groups, batch) = (dims.groups, dims.batch);
        let gamma = context.param(self.gamma);
        let beta = self.beta.map(|beta| context.param(beta));
        let epsilon = T::of(self.config.epsilon);
        let (mean, var) = self.found(context, memory).at(step, groups);
        let told = Moments {
            time: Some(step.time()),
            x,
            mean: &mean,
            var: &var,
            epsilon: self.config.epsilon,
            live: None,
        };
        context.tell_moments(self.gamma, &told);
        if context.mode() != Mode::Train || batch == 0 {
            return x.batch_norm_fixed(gamma, beta, &mean, &var, epsilon);
        }
        // Now, so that a step without a row is refused before anything is recorded.
        let targets = self.table.targets(step, groups);
        let y = match &self.control {
            None => x.batch_norm_fixed(gamma, beta, &mean, &var, epsilon),
            Some(control) => {
                let gain = T::of(1.0 - decay_of(control.decay, batch));
                let controllers = self.controllers(context, control, step, groups, memory);
                let (y, next) = controlled(x, (&mean, &var), epsilon, controllers, gain);
                if self.table.shared {
                    memory.controllers = Some(next);
                }
                let y = y.mul(gamma);
                beta.map_or(y, |beta| y.add(beta))
            }
        };
        let decay = decay_of(self.config.forward, batch);
        let (mean, var) = moments(&x.value());
        for (rows, group) in targets {
            let batch = (&mean.rows(group.clone()), &var.rows(group));
            self.learn(context, rows.start, batch, decay);
        }
        y
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
        let training = context.mode() == Mode::Train;
        // Only in training does a step know of others: of the rows that are live, or of the
        // controllers that all share.
        let apart = lengths.is_none() && !(self.table.shared && self.control.is_some());
        match training && !apart {
            true => super::step_by_step(self, context, x, from, lengths),
            false => {
                let all = Step::first(from, x.shape().extent(0));
                self.all_rows(context, x, all, &mut Memory::default())
            }
        }
    }

    /// The estimates as they stood before this pass.
    fn found<'m, T: Real>(
        &self,
        context: &Context<'_, '_, T>,
        memory: &'m mut Memory<'_, T>,
    ) -> &'m StepMoments<T> {
        memory.found.get_or_insert_with(|| self.running.now(context))
    }

    /// The controllers of the steps from `step` on: those of their rows, or what the step before
    /// handed on.
    fn controllers<'t, T: Real>(
        &self,
        context: &mut Context<'t, '_, T>,
        control: &Control,
        step: Step<'_, T>,
        steps: usize,
        memory: &mut Memory<'t, T>,
    ) -> Controllers<'t, T> {
        if let Some(controllers) = memory.controllers.take() {
            return controllers;
        }
        let mut rows = |id| match self.table.shared {
            true => context.accumulator(id),
            false => context.accumulator(id).slice(0, step.time()..step.time() + steps),
        };
        Controllers {
            scale: rows(control.scale),
            shift: rows(control.shift),
        }
    }

    /// Takes the moments `[N, F]` of a batch, which the old estimates survive by `decay`, into the
    /// N rows from `start` on.
    fn learn<T: Real>(
        &self,
        context: &mut Context<'_, '_, T>,
        start: usize,
        (batch_mean, batch_var): (&Tensor<T>, &Tensor<T>),
        decay: f64,
    ) {
        let (keep, take) = (T::of(decay), T::of(1.0 - decay));
        let rows = start..start + batch_mean.shape().extent(0);
        self.running.count(context, rows.clone(), 1);
        let mut mean = context.tensor(self.running.mean).rows(rows.clone());
        let mut var = context.tensor(self.running.var).rows(rows);
        let deviation = batch_mean.zip(Binary::Sub, &mean);
        mean.add_scaled(take, &deviation);
        var.map_in_place(Unary::Scale(keep));
        var.add_scaled(take, batch_var);
        var.add_scaled(keep * take, &deviation.map(Unary::Square));
        context.statistic_mut(self.running.mean).write(0, start, &mean);
        context.statistic_mut(self.running.var).write(0, start, &var);
    }
}

/// What is left of an estimate after `examples` of them.
fn decay_of(decay: f64, examples: usize) -> f64 {
    decay.powf(examples as f64)
}

/// `[G, B, F]`, or `[B, F]` as one group.
fn columns(shape: Shape) -> Columns {
    let from_last = |axis: usize| shape.extent(shape.rank() - axis);
    Columns {
        groups: if shape.rank() == 3 { shape.extent(0) } else { 1 },
        batch: from_last(2),
        features: from_last(1),
    }
}

/// Mean and biased variance over the rows of `x [G, B, F]` or `[B, F]`, `[G, F]` each.
fn moments<T: Real>(x: &Tensor<T>) -> (Tensor<T>, Tensor<T>) {
    let dims = columns(x.shape());
    let device = x.device();
    let mut mean = device.empty([dims.groups, dims.features]);
    let mut var = device.empty([dims.groups, dims.features]);
    let backend = device.backend();
    backend.moments(dims, x.view(), mean.view_mut(), var.view_mut());
    (mean, var)
}

impl<T: Real> Normalizer<T> for OnlineNorm {
    #[track_caller]
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        step: Step<'_, T>,
        memory: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        match step.live {
            Some(live) if self.config.padding == Padding::Mask => {
                live.spread(self.all_rows(context, live.pick(x), step, memory))
            }
            _ => self.all_rows(context, x, step, memory),
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
        match self.config.padding {
            Padding::Mask => self.all_steps(context, x, from, lengths),
            Padding::Include => super::up_to_longest(x, lengths, |x| self.all_steps(context, x, from, None)),
        }
    }

    fn fused<'t>(&self, context: &mut Context<'t, '_, T>, steps: Range<usize>) -> Option<FusedNorm<'t, T>> {
        // Training needs the values themselves, which one operation for the sequence does not show.
        if context.mode() == Mode::Train {
            return None;
        }
        let all = Step::first(steps.start, steps.len());
        let (mean, var) = self.running.now(context).at(all, steps.len());
        Some(FusedNorm::Values(SequenceNorm {
            gamma: context.param(self.gamma),
            beta: self.beta.map(|beta| context.param(beta)),
            epsilon: T::of(self.config.epsilon),
            moments: SequenceMoments::Given(mean, var),
        }))
    }
}
