//! Assorted-time normalization.

#[cfg(test)]
mod tests;

use autodiff::{Tensor, Var};
use kernels::Real;

use super::{Memory, Normalizer, Step};
use crate::context::Context;
use crate::init::Initializer;
use crate::lengths::{Lengths, LiveRows};
use crate::params::{ParamId, Scope};
use crate::watch;

/// Settings of an [`AssortedTimeNorm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AssortedTimeNormConfig {
    /// Where every `γ` starts.
    pub gamma: f64,
    /// Whether there is a `β`, which starts at 0.
    pub beta: bool,
    /// `ε`, added to the variance.
    pub epsilon: f64,
    /// `k`, time steps over which the moments run.
    pub window: usize,
    /// `G`, equal parts of the features with moments of their own; 1 for all features together.
    pub groups: usize,
}

impl Default for AssortedTimeNormConfig {
    /// Moments of all features over 20 steps, as in the authors' script for character-level
    /// language modelling on the Penn Treebank; their adding problem has 25.
    fn default() -> Self {
        Self {
            gamma: 1.0,
            beta: true,
            epsilon: 1e-5,
            window: 20,
            groups: 1,
        }
    }
}

/// Layer normalization whose moments run over the features of an example and over its last `k` time
/// steps (Pospisil, Zadorozhnyy and Ye 2022, "Breaking Time Invariance: Assorted-Time Normalization
/// for RNNs"):
///
/// ```text
/// y_t = β + γ ⊙ (a_t − m_t) / √(v_t + ε)
/// m_t, v_t = mean and biased variance of a_s,j over all features j and s = t−k+1 … t
/// ```
///
/// At the first steps the window is shorter: it begins with the sequence, also where that begins with
/// given states; so a sequence from a later time step on is refused unless `k = 1`. The gradient flows into
/// the earlier steps of the window too. The same in training and evaluation; with `k = 1` it is layer
/// normalization.
///
/// The window is not kept but its steps' moments `μ_s, ν_s`, which are pooled without a difference of
/// large numbers: `m_t = mean_s μ_s`, `v_t = mean_s (ν_s + (μ_s − m_t)²)`.
#[derive(Debug)]
pub struct AssortedTimeNorm {
    gamma: ParamId,
    beta: Option<ParamId>,
    epsilon: f64,
    window: usize,
    groups: usize,
}

/// `μ, ν [.., G]`: mean and biased variance of rows of features.
#[derive(Clone, Copy)]
struct Moments<'t, T: Real> {
    mean: Var<'t, T>,
    var: Var<'t, T>,
}

impl AssortedTimeNorm {
    /// A normalization of rows of `features` elements.
    ///
    /// # Panics
    /// If the window is of 0 steps, or the groups do not divide the features.
    #[track_caller]
    pub fn new<T: Real>(scope: &mut Scope<'_, T>, features: usize, config: AssortedTimeNormConfig) -> Self {
        let AssortedTimeNormConfig { window, groups, .. } = config;
        let path = scope.path("");
        let path = path.trim_end_matches('/');
        assert!(
            window > 0,
            "assorted-time normalization `{path}`: a window of 0 steps; 1 or more fit"
        );
        assert!(
            groups > 0 && features.is_multiple_of(groups),
            "assorted-time normalization `{path}`: {groups} groups of {features} features; a number \
             that divides them fits"
        );
        let value = config.gamma;
        Self {
            gamma: scope.vector("gamma", features, &Initializer::Constant { value }),
            beta: config
                .beta
                .then(|| scope.vector("beta", features, &Initializer::Zeros)),
            epsilon: config.epsilon,
            window,
            groups,
        }
    }

    /// Refuses a sequence that is a later part of one: the window before it is not known.
    #[track_caller]
    fn check_start(&self, from: usize) {
        assert!(
            from == 0 || self.window == 1,
            "assorted-time normalization: a sequence from time step {from} on, but its windows of {} \
             steps begin before that; read the sequence at once, or let this part begin at time step \
             0 with windows of its own",
            self.window
        );
    }

    fn told<'a, 't, T: Real>(
        &self,
        x: Var<'t, T>,
        time: usize,
        (mean, var): (&'a Tensor<T>, &'a Tensor<T>),
        live: Option<&'a LiveRows<T>>,
    ) -> watch::Moments<'a, 't, T> {
        watch::Moments {
            time: Some(time),
            x,
            mean,
            var,
            epsilon: self.epsilon,
            live,
        }
    }

    /// `x [.., F]` as `[R, G, F/G]`, R being the number of rows.
    fn grouped<'t, T: Real>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let rows = x.shape().rows();
        x.reshape([rows.rows, self.groups, rows.columns / self.groups])
    }

    /// The moments of `x [R, G, F/G]` itself, `[R, G]`.
    fn moments<'t, T: Real>(x: Var<'t, T>) -> Moments<'t, T> {
        let mean = x.mean_axis(2);
        let rows = mean.shape();
        let column = [rows.extent(0), rows.extent(1), 1];
        let var = x.sub(mean.reshape(column)).square().mean_axis(2);
        Moments { mean, var }
    }

    /// `β + γ ⊙ (x − mean) / √(var + ε)` with `x [R, G, F/G]` and moments `[R, G]`, in the shape `[R, F]`.
    fn apply<'t, T: Real>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        pooled: Moments<'t, T>,
    ) -> Var<'t, T> {
        let [rows, groups, width] = [0, 1, 2].map(|axis| x.shape().extent(axis));
        let column = [rows, groups, 1];
        let deviation = pooled.var.shift(T::of(self.epsilon)).sqrt();
        let centred = x.sub(pooled.mean.reshape(column));
        let normalized = centred.div(deviation.reshape(column));
        let y = normalized
            .reshape([rows, groups * width])
            .mul(context.param(self.gamma));
        match self.beta {
            Some(beta) => y.add(context.param(beta)),
            None => y,
        }
    }
}

impl<T: Real> Moments<'_, T> {
    /// Those of so many steps, `[T, B·G]` each.
    fn by_step(self, steps: usize) -> (Tensor<T>, Tensor<T>) {
        let [mean, var] = [self.mean, self.var].map(|all| {
            let all = all.value();
            all.reshape([steps, all.len() / steps.max(1)])
        });
        (mean, var)
    }
}

/// The moments of several steps together, from those of each, `[K, R, G]`.
fn pool<'t, T: Real>(steps: Moments<'t, T>) -> Moments<'t, T> {
    let mean = steps.mean.mean_axis(0);
    let between = steps.mean.sub(mean).square();
    let var = steps.var.add(between).mean_axis(0);
    Moments { mean, var }
}

/// The moments of each step with those of up to `window − 1` before it, from those of all steps,
/// `[T, N]`.
///
/// What is `j` steps back in every window is the whole sequence behind `j` steps of zeros. So the
/// number of operations is that of the window, however many steps there are.
fn pool_windows<'t, T: Real>(steps: Moments<'t, T>, window: usize) -> Moments<'t, T> {
    let [of, rows] = [0, 1].map(|axis| steps.mean.shape().extent(axis));
    let window = window.min(of).max(1);
    let tape = steps.mean.tape();
    let device = tape.device();
    let counts: Vec<T> = (1..=of).map(|seen| T::of(seen.min(window) as f64)).collect();
    let counts = tape.constant(device.tensor([of, 1], &counts));
    let padded = |x: Var<'t, T>| match window {
        1 => x,
        _ => Var::concat(&[tape.constant(device.zeros([window - 1, rows])), x], 0),
    };
    let moved = |x: Var<'t, T>, by: usize| x.slice(0, window - 1 - by..window - 1 - by + of);
    let sum = |first: Var<'t, T>, term: &dyn Fn(usize) -> Var<'t, T>| {
        (1..window).fold(first, |sum, by| sum.add(term(by)))
    };
    let (means, vars) = (padded(steps.mean), padded(steps.var));
    let mean = sum(steps.mean, &|by| moved(means, by)).div(counts);
    let between = sum(steps.mean.sub(mean).square(), &|by| {
        let inside: Vec<T> = (0..of)
            .map(|t| if t < by { T::zero() } else { T::one() })
            .collect();
        let inside = tape.constant(device.tensor([of, 1], &inside));
        moved(means, by).sub(mean).mul(inside).square()
    });
    let var = sum(steps.var, &|by| moved(vars, by)).add(between).div(counts);
    Moments { mean, var }
}

impl<T: Real> Normalizer<T> for AssortedTimeNorm {
    #[track_caller]
    fn step<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        step: Step<'_, T>,
        memory: &mut Memory<'t, T>,
    ) -> Var<'t, T> {
        self.check_start(step.from);
        // Every row has a window of its own, so it does not matter what those that have ended hold.
        let x = self.grouped(x);
        let Moments { mean, var } = Self::moments(x);
        let earlier = &mut memory.earlier;
        earlier.push_back(Var::stack(&[mean, var]));
        if earlier.len() > self.window {
            earlier.pop_front();
        }
        let both = Var::stack(earlier.make_contiguous()).split(1, 2);
        let shape = mean.shape();
        let steps = [earlier.len(), shape.extent(0), shape.extent(1)];
        let pooled = pool(Moments {
            mean: both[0].reshape(steps),
            var: both[1].reshape(steps),
        });
        let (mean, var) = pooled.by_step(1);
        context.tell_moments(self.gamma, &self.told(x, step.time(), (&mean, &var), step.live));
        self.apply(context, x, pooled)
    }

    #[track_caller]
    fn sequence<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        from: usize,
        lengths: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        self.check_start(from);
        let shape = x.shape();
        let by_step = [shape.extent(0), shape.extent(1) * self.groups];
        let x = self.grouped(x);
        let steps = Self::moments(x);
        let rows = steps.mean.shape();
        let flat = |x: Var<'t, T>| x.reshape(by_step);
        let pooled = pool_windows(
            Moments {
                mean: flat(steps.mean),
                var: flat(steps.var),
            },
            self.window,
        );
        let back = |x: Var<'t, T>| x.reshape(rows);
        let pooled = Moments {
            mean: back(pooled.mean),
            var: back(pooled.var),
        };
        let (mean, var) = pooled.by_step(shape.extent(0));
        context.tell_moments_of_steps(self.gamma, &self.told(x, from, (&mean, &var), None), lengths);
        self.apply(context, x, pooled).reshape(shape)
    }
}
