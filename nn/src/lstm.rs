//! Long short-term memory with a normalizer slot at each site.

use std::sync::Arc;

use autodiff::{LstmSequence, SequenceStates, SequenceTerm, Var};
use kernels::{Indices, Real};
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::context::Context;
use crate::init::{Gates, Initializer};
use crate::norm::{Normalizer, Step};
use crate::params::{ParamId, Scope};

/// Position of the forget gate in the order `f, i, o, g`.
pub const GATE_F: usize = 0;
/// Position of the candidate `g` in the order `f, i, o, g`.
pub const GATE_G: usize = 3;

/// Settings of an [`Lstm`].
#[derive(Clone, Debug, PartialEq)]
pub struct LstmConfig {
    /// `D`, elements of an input.
    pub input_size: usize,
    /// `H`, number of units.
    pub hidden_size: usize,
    /// How `W_x [D, 4H]` is drawn.
    pub input_weight: Gates,
    /// How `W_h [H, 4H]` is drawn.
    pub recurrent_weight: Gates,
    /// Where the bias of the forget gate starts; the others start at 0.
    pub forget_bias: f64,
    /// Standard deviation of Gaussian noise that is added to `h_0`, in training and evaluation
    /// alike; 0 for none. It gives variance to sequences that begin alike.
    pub initial_noise: f64,
}

impl LstmConfig {
    /// Orthogonal weights, zero biases but 1 for the forget gate, no noise.
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        let orthogonal = Gates::alike(4, Initializer::Orthogonal { gain: 1.0 });
        Self {
            input_size,
            hidden_size,
            input_weight: orthogonal.clone(),
            recurrent_weight: orthogonal,
            forget_bias: 1.0,
            initial_noise: 0.0,
        }
    }
}

/// Normalizers of an [`Lstm`]; `None` leaves a site as it is.
#[derive(Debug, Default)]
pub struct LstmSites<T: Real> {
    /// `h_{t−1} W_h`, `[B, 4H]`
    pub recurrent: Option<Box<dyn Normalizer<T>>>,
    /// `x_t W_x`, `[B, 4H]`
    pub input: Option<Box<dyn Normalizer<T>>>,
    /// The copy of `c_t` inside the output's tanh, `[B, H]`
    pub cell: Option<Box<dyn Normalizer<T>>>,
}

/// An LSTM with a normalization `N` of your choice at each of three sites (Cooijmans et al. 2016,
/// eq. 6–8); without any it is the usual LSTM:
///
/// ```text
/// (f, i, o, g)_t = N_h(h_{t−1} W_h) + N_x(x_t W_x) + b
/// c_t = σ(f) ⊙ c_{t−1} + σ(i) ⊙ tanh(g)
/// h_t = σ(o) ⊙ tanh(N_c(c_t))
/// ```
///
/// `h_0` and `c_0` are learned vectors, the same for all examples.
#[derive(Debug)]
pub struct Lstm<T: Real> {
    hidden_size: usize,
    initial_noise: f64,
    w_x: ParamId,
    w_h: ParamId,
    bias: ParamId,
    h_0: ParamId,
    c_0: ParamId,
    sites: LstmSites<T>,
}

/// The states of an LSTM over a sequence.
#[derive(Clone, Copy, Debug)]
pub struct LstmStates<'t, T: Real> {
    /// `h_1 … h_T`, `[T, B, H]`
    pub h: Var<'t, T>,
    /// `c_1 … c_T`, `[T, B, H]`
    pub c: Var<'t, T>,
    /// `h_T`, `[B, H]`
    pub last: Var<'t, T>,
}

/// What an LSTM reads.
#[derive(Clone, Copy)]
enum Input<'t, 'a, T: Real> {
    /// `[T, B, D]`
    Dense(Var<'t, T>),
    /// `T · B` symbols of one-hot inputs, for `batch` sequences.
    Symbols { symbols: &'a Arc<Indices>, batch: usize },
}

impl<T: Real> Input<'_, '_, T> {
    /// `T` and `B`.
    #[track_caller]
    fn extents(&self) -> (usize, usize) {
        match self {
            Input::Dense(x) => {
                let shape = x.shape();
                assert!(
                    shape.rank() == 3,
                    "lstm: x {shape} has {} axes; [T, B, D] would fit",
                    shape.rank()
                );
                (shape.extent(0), shape.extent(1))
            }
            Input::Symbols { symbols, batch } => {
                let count = symbols.len();
                assert!(
                    *batch > 0 && count.is_multiple_of(*batch),
                    "lstm: {count} symbols for batches of {batch}; T · B symbols, B above 0, would fit"
                );
                (count / batch, *batch)
            }
        }
    }
}

impl<T: Real> Lstm<T> {
    /// An LSTM with the given normalizers, which were made for `4H`, `4H` and `H` features.
    ///
    /// # Panics
    /// If a weight's initializer is not for four gates.
    #[track_caller]
    pub fn new(scope: &mut Scope<'_, T>, config: &LstmConfig, sites: LstmSites<T>) -> Self {
        for (name, gates) in [("W_x", &config.input_weight), ("W_h", &config.recurrent_weight)] {
            let count = gates.blocks.len();
            assert!(
                count == 4,
                "lstm: {name} is drawn in {count} gates; 4 fit: f, i, o, g"
            );
        }
        let hidden_size = config.hidden_size;
        let bias = Gates::bias(4, GATE_F, config.forget_bias);
        Self {
            hidden_size,
            initial_noise: config.initial_noise,
            w_x: scope.gate_matrix("w_x", config.input_size, hidden_size, &config.input_weight),
            w_h: scope.gate_matrix("w_h", hidden_size, hidden_size, &config.recurrent_weight),
            bias: scope.gate_vector("bias", hidden_size, &bias),
            h_0: scope.vector("h_0", hidden_size, &Initializer::Zeros),
            c_0: scope.vector("c_0", hidden_size, &Initializer::Zeros),
            sites,
        }
    }

    /// All states for inputs `x [T, B, D]`.
    ///
    /// # Panics
    /// If the last axis of `x` is not `D`.
    #[track_caller]
    pub fn forward<'t>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> LstmStates<'t, T> {
        self.run(context, Input::Dense(x))
    }

    /// The same as [`forward`](Self::forward), always step by step in plain operations: the
    /// definition, which the fused form is tested against.
    ///
    /// # Panics
    /// If the last axis of `x` is not `D`.
    #[track_caller]
    pub fn forward_by_steps<'t>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> LstmStates<'t, T> {
        self.by_steps(context, Input::Dense(x))
    }

    /// All states for one-hot inputs, given as `T · B` symbols: their product with `W_x` is a
    /// look-up.
    ///
    /// # Panics
    /// If a symbol is not below `D`, `batch` is 0, or their number is no multiple of it.
    #[track_caller]
    pub fn forward_symbols<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        symbols: &Arc<Indices>,
        batch: usize,
    ) -> LstmStates<'t, T> {
        self.run(context, Input::Symbols { symbols, batch })
    }

    #[track_caller]
    fn run<'t>(&self, context: &mut Context<'t, '_, T>, input: Input<'t, '_, T>) -> LstmStates<'t, T> {
        match self.fused(context, input) {
            Some(states) => states,
            None => self.by_steps(context, input),
        }
    }

    /// The whole sequence as one operation, if the device and every normalizer have that form.
    #[track_caller]
    fn fused<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        input: Input<'t, '_, T>,
    ) -> Option<LstmStates<'t, T>> {
        let (steps, batch) = input.extents();
        if !LstmSequence::applies(context.tape().device(), steps, batch, self.hidden_size) {
            return None;
        }
        let sites = [&self.sites.recurrent, &self.sites.input, &self.sites.cell];
        let mut norms = [const { None }; 3];
        for (which, site) in sites.into_iter().enumerate() {
            if let Some(normalizer) = site {
                let norm = normalizer.fused(context, steps)?;
                if !LstmSequence::supports(context.tape().device(), which, &norm.moments) {
                    return None;
                }
                norms[which] = Some(norm);
            }
        }
        let (h_0, c_0) = self.initial(context, batch);
        let sequence = LstmSequence {
            input: self.term(context, input, steps, batch),
            w_h: context.param(self.w_h),
            bias: context.param(self.bias),
            h_0,
            c_0,
            norms,
        };
        let states = sequence.record(steps);
        for (site, moments) in sites.into_iter().zip(&states.moments) {
            if let (Some(normalizer), Some((mean, var))) = (site, moments) {
                normalizer.observe(context, batch, mean, var);
            }
        }
        let SequenceStates { h, c, last, .. } = states;
        Some(LstmStates { h, c, last })
    }

    /// The input term in the form that costs least.
    #[track_caller]
    fn term<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        input: Input<'t, '_, T>,
        steps: usize,
        batch: usize,
    ) -> SequenceTerm<'t, T> {
        let w_x = context.param(self.w_x);
        match input {
            Input::Dense(x) if x.shape().last() == 1 && !x.needs_gradient() => SequenceTerm::Scalar {
                x: x.value().reshape([steps, batch]),
                weight: w_x,
            },
            Input::Dense(x) => SequenceTerm::Product(x.matmul(w_x)),
            Input::Symbols { symbols, .. } => SequenceTerm::Lookup {
                table: w_x,
                symbols: Arc::clone(symbols),
            },
        }
    }

    /// One step after another, in plain operations.
    #[track_caller]
    fn by_steps<'t>(&self, context: &mut Context<'t, '_, T>, input: Input<'t, '_, T>) -> LstmStates<'t, T> {
        let (of, batch) = input.extents();
        assert!(of > 0, "lstm: a sequence of 0 steps has no state; 1 or more fit");
        let w_x = context.param(self.w_x);
        let product = match input {
            Input::Dense(x) => x.matmul(w_x),
            Input::Symbols { symbols, .. } => {
                w_x.gather_rows(symbols)
                    .reshape([of, batch, 4 * self.hidden_size])
            }
        };
        let input = match &self.sites.input {
            Some(normalizer) => normalizer.sequence(context, product),
            None => product,
        };
        let input = input.add(context.param(self.bias));
        let w_h = context.param(self.w_h);
        let (mut h, mut c) = self.initial(context, batch);
        let (mut hs, mut cs) = (Vec::with_capacity(of), Vec::with_capacity(of));
        for (t, input) in input.unbind().into_iter().enumerate() {
            let step = Step { t, of };
            let recurrent = at_site(&self.sites.recurrent, context, h.matmul(w_h), step);
            let (c_t, o) = recurrent.add(input).lstm_gates(c);
            let normalized = at_site(&self.sites.cell, context, c_t, step);
            (h, c) = (o.mul(normalized.tanh()), c_t);
            hs.push(h);
            cs.push(c);
        }
        LstmStates {
            h: Var::stack(&hs),
            c: Var::stack(&cs),
            last: h,
        }
    }

    /// `h_0` and `c_0` for every example, `[B, H]` each.
    fn initial<'t>(&self, context: &mut Context<'t, '_, T>, batch: usize) -> (Var<'t, T>, Var<'t, T>) {
        let shape = [batch, self.hidden_size];
        let h_0 = context.param(self.h_0).broadcast_to(shape);
        let c_0 = context.param(self.c_0).broadcast_to(shape);
        if self.initial_noise == 0.0 {
            return (h_0, c_0);
        }
        let count = batch * self.hidden_size;
        let noise = (0..count).map(|_| context.rng().sample::<f64, _>(StandardNormal) * self.initial_noise);
        let noise: Vec<T> = noise.map(T::of).collect();
        let tape = context.tape();
        let noise = tape.constant(tape.device().tensor(shape, &noise));
        (h_0.add(noise), c_0)
    }
}

#[track_caller]
fn at_site<'t, T: Real>(
    site: &Option<Box<dyn Normalizer<T>>>,
    context: &mut Context<'t, '_, T>,
    x: Var<'t, T>,
    step: Step,
) -> Var<'t, T> {
    match site {
        Some(normalizer) => normalizer.step(context, x, step),
        None => x,
    }
}
