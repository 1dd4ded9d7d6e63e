//! Long short-term memory.

mod fused;

use autodiff::Var;
use kernels::{Real, Unary};

use super::initial::InitialState;
use super::{AtSite, Cell, Pass, Sequence, Site, Sites, State, States, Term, TermPass, Unfused};
use crate::context::Context;
use crate::init::{Gates, Initializer};
use crate::norm::Step;
use crate::params::{ParamId, Scope};
use crate::regularization::{self, Regularization, recurrent_dropout, variational_inputs, zoneout};

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
    /// What is dropped or kept as it was in training, of the [settings](Lstm::REGULARIZATION) that
    /// it has.
    pub regularization: Regularization,
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
            regularization: Regularization::default(),
        }
    }
}

/// An LSTM with a normalization `N` of your choice at each of its sites; without any it is the usual
/// LSTM, and with one at `h`, `x` and `c` that of Cooijmans et al. 2016, eq. 6–8:
///
/// ```text
/// (f, i, o, g)_t = N_sum(N_h(h_{t−1} W_h) + N_x(x_t W_x)) + b
/// c_t = N_carry(σ(f) ⊙ c_{t−1} + σ(i) ⊙ tanh(g))
/// h_t = N_out(σ(o) ⊙ tanh(N_c(c_t)))
/// ```
///
/// `h_0` and `c_0` are learned vectors, the same for all examples.
#[derive(Debug)]
pub struct Lstm<T: Real> {
    input_size: usize,
    hidden_size: usize,
    w_x: ParamId,
    w_h: ParamId,
    bias: ParamId,
    initial: InitialState,
    sites: Sites<T>,
    regularization: Regularization,
}

impl<T: Real> Lstm<T> {
    /// The sites it has.
    pub const SITES: [Site; 6] = Site::ALL;
    /// The settings of its [`Regularization`]: all.
    pub const REGULARIZATION: [&str; 6] = [
        "zoneout_h",
        "zoneout_c",
        "recurrent_dropout",
        "variational_x",
        "variational_h",
        "weight_drop",
    ];

    /// An LSTM with the given normalizers, which were made for `4H` features at `h`, `x` and `sum`,
    /// for `H` elsewhere.
    ///
    /// # Panics
    /// If a weight's initializer is not for four gates, or a setting of its regularization is
    /// no probability below 1.
    #[track_caller]
    pub fn new(scope: &mut Scope<'_, T>, config: &LstmConfig, sites: Sites<T>) -> Self {
        config.regularization.check("lstm", &Self::REGULARIZATION);
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
            input_size: config.input_size,
            hidden_size,
            w_x: scope.gate_matrix("w_x", config.input_size, hidden_size, &config.input_weight),
            w_h: scope.gate_matrix("w_h", hidden_size, hidden_size, &config.recurrent_weight),
            bias: scope.gate_vector("bias", hidden_size, &bias),
            initial: InitialState::new(scope, hidden_size, true, config.initial_noise),
            sites,
            regularization: config.regularization,
        }
    }

    fn dropped<'t>(&self, context: &mut Context<'t, '_, T>, input: &Sequence<'t, T>) -> Sequence<'t, T> {
        variational_inputs(context, self.regularization.variational_x, input, self.input_size)
    }

    fn input_term(&self) -> Term<'_, T> {
        self.sites.term(Site::X, self.w_x)
    }

    fn recurrent_term(&self) -> Term<'_, T> {
        self.sites.term(Site::H, self.w_h)
    }
}

impl<T: Real> Cell<T> for Lstm<T> {
    fn hidden_size(&self) -> usize {
        self.hidden_size
    }

    #[track_caller]
    fn begin<'a, 't>(
        &'a self,
        context: &mut Context<'t, '_, T>,
        input: &Sequence<'t, T>,
    ) -> Box<dyn Pass<'t, T> + 'a>
    where
        't: 'a,
    {
        let (batch, regularization) = (input.batch(), self.regularization);
        let at = |site: Site| self.sites.begin(site, self.w_h);
        let sum = at(Site::Sum);
        let input = &self.dropped(context, input);
        let product = self.input_term().of_sequence(context, input);
        let bias = context.param(self.bias);
        // Without a normalizer of the sum the bias can be added to all steps at once.
        let (product, bias) = match sum.is_some() {
            true => (product, Some(bias)),
            false => (product.add(bias), None),
        };
        let recurrent = self.recurrent_term().begin(context);
        Box::new(LstmPass {
            input: product.unbind(),
            recurrent: recurrent.regularized(context, &regularization, batch),
            sum,
            bias,
            carry: at(Site::Carry),
            cell: at(Site::C),
            out: at(Site::Out),
            initial: self.initial,
            batch,
            regularization,
            beside: self.w_h,
        })
    }

    #[track_caller]
    fn fused<'t>(&self, context: &mut Context<'t, '_, T>, input: &Sequence<'t, T>) -> Option<States<'t, T>> {
        fused::run(self, context, input)
    }

    fn unfused<'t>(&self, context: &mut Context<'t, '_, T>, input: &Sequence<'t, T>) -> Option<Unfused> {
        fused::plan(self, context, input).err()
    }
}

/// One step after another, in plain operations.
struct LstmPass<'a, 't, T: Real> {
    /// Of every step, with the bias if `bias` is empty.
    input: Vec<Var<'t, T>>,
    recurrent: TermPass<'a, 't, T>,
    sum: AtSite<'a, 't, T>,
    bias: Option<Var<'t, T>>,
    carry: AtSite<'a, 't, T>,
    cell: AtSite<'a, 't, T>,
    out: AtSite<'a, 't, T>,
    initial: InitialState,
    batch: usize,
    regularization: Regularization,
    /// A parameter of the cell, whose path tells a watch where this is.
    beside: ParamId,
}

impl<'t, T: Real> Pass<'t, T> for LstmPass<'_, 't, T> {
    fn initial(&mut self, context: &mut Context<'t, '_, T>) -> State<'t, T> {
        self.initial.of_batch(context, self.batch)
    }

    #[track_caller]
    fn step(
        &mut self,
        context: &mut Context<'t, '_, T>,
        previous: State<'t, T>,
        step: Step<'_, T>,
    ) -> State<'t, T> {
        let (c_previous, time, at) = (previous.cell(), step.time(), self.beside);
        let (recurrent, input) = (
            self.recurrent.apply(context, previous.h, step),
            self.input[step.t],
        );
        let sum = recurrent.add(input);
        let z = match self.bias {
            Some(bias) => self.sum.apply(context, sum, step).add(bias),
            None => sum,
        };
        context.tell(
            at,
            "sum of the terms and the bias",
            time,
            z,
            &[("recurrent term", recurrent), ("input term", input)],
        );
        self.tell_gates(context, z, step);
        let (c, o) = self.gates(context, z, c_previous);
        context.tell(
            at,
            "cell c_t",
            time,
            c,
            &[("sum of the terms", z), ("c_{t-1}", c_previous)],
        );
        let c = self.carry.apply(context, c, step);
        let h = o.mul(self.cell.apply(context, c, step).tanh());
        context.tell(at, "hidden state h_t", time, h, &[("c_t", c), ("output gate", o)]);
        let h = self.out.apply(context, h, step);
        State {
            h: zoneout(context, self.regularization.zoneout_h, previous.h, h),
            c: Some(zoneout(context, self.regularization.zoneout_c, c_previous, c)),
        }
    }
}

impl<'t, T: Real> LstmPass<'_, 't, T> {
    /// The new cell and the output gate.
    fn gates(
        &self,
        context: &mut Context<'t, '_, T>,
        z: Var<'t, T>,
        c_previous: Var<'t, T>,
    ) -> (Var<'t, T>, Var<'t, T>) {
        let p = self.regularization.recurrent_dropout;
        if !regularization::drops_candidates(context, p) {
            return z.lstm_gates(c_previous);
        }
        let gates = z.split(1, 4);
        let [f, i, o] = [0, 1, 2].map(|gate| gates[gate].sigmoid());
        let g = recurrent_dropout(context, p, gates[GATE_G].tanh());
        (f.mul(c_previous).add(i.mul(g)), o)
    }

    /// The gates are one operation, which shows the cell and the last of them only.
    fn tell_gates(&self, context: &mut Context<'t, '_, T>, z: Var<'t, T>, step: Step<'_, T>) {
        let functions = [Unary::Sigmoid, Unary::Sigmoid, Unary::Sigmoid, Unary::Tanh];
        for (gate, (name, f)) in ["f", "i", "o", "g"].into_iter().zip(functions).enumerate() {
            let size = z.shape().last() / 4;
            let activation = || z.value().slice(1, gate * size..(gate + 1) * size).map(f);
            context.tell_gate(self.beside, (name, f), step, activation);
        }
    }
}
