//! The gated recurrent unit.

use autodiff::Var;
use kernels::{Real, Unary};

use super::initial::InitialState;
use super::{AtSite, Cell, Pass, Sequence, Site, Sites, State, TermPass};
use crate::context::Context;
use crate::init::{Gates, Initializer};
use crate::norm::Step;
use crate::params::{ParamId, Scope};
use crate::regularization::{Regularization, recurrent_dropout, variational_inputs, zoneout};

/// Position of the candidate `n` in the order `r, z, n`.
pub const GATE_N: usize = 2;

/// Settings of a [`Gru`].
#[derive(Clone, Debug, PartialEq)]
pub struct GruConfig {
    /// `D`, elements of an input.
    pub input_size: usize,
    /// `H`, number of units.
    pub hidden_size: usize,
    /// How `W_x [D, 3H]` is drawn.
    pub input_weight: Gates,
    /// How `W_h [H, 3H]` is drawn.
    pub recurrent_weight: Gates,
    /// Standard deviation of Gaussian noise that is added to `h_0`, in training and evaluation
    /// alike; 0 for none.
    pub initial_noise: f64,
    /// What is dropped or kept as it was in training, of the [settings](Gru::REGULARIZATION) that
    /// it has.
    pub regularization: Regularization,
}

impl GruConfig {
    /// Orthogonal weights, no noise.
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        let orthogonal = Gates::alike(3, Initializer::Orthogonal { gain: 1.0 });
        Self {
            input_size,
            hidden_size,
            input_weight: orthogonal.clone(),
            recurrent_weight: orthogonal,
            initial_noise: 0.0,
            regularization: Regularization::default(),
        }
    }
}

/// A gated recurrent unit (Cho et al. 2014) in the form with the reset gate behind the recurrent
/// product, as in PyTorch's `nn.GRU`, with a normalization `N` of your choice at each of its sites:
///
/// ```text
/// (a_r, a_z, a_n) = N_h(h_{t−1} W_h),   (b_r, b_z, b_n) = N_x(x_t W_x) + b
/// r = σ(a_r + b_r),   z = σ(a_z + b_z),   n = tanh(b_n + r ⊙ (a_n + b'_n))
/// h_t = N_out((1 − z) ⊙ n + z ⊙ h_{t−1})
/// ```
///
/// There is no site for the sum of both terms, since the candidate's recurrent part is multiplied
/// by `r` before it is added. `h_0` is a learned vector, the same for all examples.
#[derive(Debug)]
pub struct Gru<T: Real> {
    input_size: usize,
    hidden_size: usize,
    w_x: ParamId,
    w_h: ParamId,
    bias: ParamId,
    /// `b'_n [H]`
    bias_n: ParamId,
    initial: InitialState,
    sites: Sites<T>,
    regularization: Regularization,
}

impl<T: Real> Gru<T> {
    /// The sites it has.
    pub const SITES: [Site; 3] = [Site::H, Site::X, Site::Out];
    /// The settings of its [`Regularization`]; it has no cell.
    pub const REGULARIZATION: [&str; 5] = [
        "zoneout_h",
        "recurrent_dropout",
        "variational_x",
        "variational_h",
        "weight_drop",
    ];

    /// A GRU with the given normalizers, made for `3H` features at `h` and `x`, for `H` at `out`.
    ///
    /// # Panics
    /// If a weight's initializer is not for three gates, there is a normalizer at a site, or a
    /// regularization, that it has not, or one of its settings is no probability below 1.
    #[track_caller]
    pub fn new(scope: &mut Scope<'_, T>, config: &GruConfig, sites: Sites<T>) -> Self {
        sites.check("gru", &Self::SITES);
        config.regularization.check("gru", &Self::REGULARIZATION);
        for (name, gates) in [("W_x", &config.input_weight), ("W_h", &config.recurrent_weight)] {
            let count = gates.blocks.len();
            assert!(
                count == 3,
                "gru: {name} is drawn in {count} gates; 3 fit: r, z, n"
            );
        }
        let hidden_size = config.hidden_size;
        Self {
            input_size: config.input_size,
            hidden_size,
            w_x: scope.gate_matrix("w_x", config.input_size, hidden_size, &config.input_weight),
            w_h: scope.gate_matrix("w_h", hidden_size, hidden_size, &config.recurrent_weight),
            bias: scope.vector("bias", 3 * hidden_size, &Initializer::Zeros),
            bias_n: scope.vector("bias_n", hidden_size, &Initializer::Zeros),
            initial: InitialState::new(scope, hidden_size, false, config.initial_noise),
            sites,
            regularization: config.regularization,
        }
    }
}

impl<T: Real> Cell<T> for Gru<T> {
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
        let input = &variational_inputs(context, regularization.variational_x, input, self.input_size);
        let input_term = self.sites.term(Site::X, self.w_x).of_sequence(context, input);
        let recurrent = self.sites.term(Site::H, self.w_h).begin(context);
        Box::new(GruPass {
            input: input_term.add(context.param(self.bias)).unbind(),
            recurrent: recurrent.regularized(context, &regularization, batch),
            out: self.sites.begin(Site::Out, self.w_h),
            bias_n: context.param(self.bias_n),
            initial: self.initial,
            batch,
            regularization,
            beside: self.w_h,
        })
    }
}

struct GruPass<'a, 't, T: Real> {
    /// With the bias.
    input: Vec<Var<'t, T>>,
    recurrent: TermPass<'a, 't, T>,
    out: AtSite<'a, 't, T>,
    bias_n: Var<'t, T>,
    initial: InitialState,
    batch: usize,
    regularization: Regularization,
    /// A parameter of the cell, whose path tells a watch where this is.
    beside: ParamId,
}

impl<'t, T: Real> Pass<'t, T> for GruPass<'_, 't, T> {
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
        let gates = |term: Var<'t, T>| {
            let parts = term.split(1, 3);
            (parts[0], parts[1], parts[2])
        };
        let (at, input) = (self.beside, self.input[step.t]);
        let recurrent = self.recurrent.apply(context, previous.h, step);
        let ((a_r, a_z, a_n), (b_r, b_z, b_n)) = (gates(recurrent), gates(input));
        let (r, z) = (a_r.add(b_r).sigmoid(), a_z.add(b_z).sigmoid());
        let n = b_n.add(r.mul(a_n.add(self.bias_n))).tanh();
        let n = recurrent_dropout(context, self.regularization.recurrent_dropout, n);
        for (name, f, gate) in [
            ("r", Unary::Sigmoid, r),
            ("z", Unary::Sigmoid, z),
            ("n", Unary::Tanh, n),
        ] {
            context.tell_gate(at, (name, f), step, || gate.value());
        }
        let h = n.add(z.mul(previous.h.sub(n)));
        let inputs = [
            ("recurrent term", recurrent),
            ("input term", input),
            ("h_{t-1}", previous.h),
        ];
        context.tell(at, "hidden state h_t", step.time(), h, &inputs);
        let h = self.out.apply(context, h, step);
        State {
            h: zoneout(context, self.regularization.zoneout_h, previous.h, h),
            c: None,
        }
    }
}
