//! The recurrent network with one tanh.

use autodiff::Var;
use kernels::{Real, Unary};

use super::initial::InitialState;
use super::{AtSite, Cell, Pass, Sequence, Site, Sites, State, TermPass};
use crate::context::Context;
use crate::init::{Gates, Initializer};
use crate::norm::Step;
use crate::params::{ParamId, Scope};
use crate::regularization::{Regularization, variational_inputs, zoneout};

/// Settings of an [`Rnn`].
#[derive(Clone, Debug, PartialEq)]
pub struct RnnConfig {
    /// `D`, elements of an input.
    pub input_size: usize,
    /// `H`, number of units.
    pub hidden_size: usize,
    /// How `W_x [D, H]` is drawn.
    pub input_weight: Initializer,
    /// How `W_h [H, H]` is drawn.
    pub recurrent_weight: Initializer,
    /// Standard deviation of Gaussian noise that is added to `h_0`, in training and evaluation
    /// alike; 0 for none.
    pub initial_noise: f64,
    /// What is dropped or kept as it was in training, of the [settings](Rnn::REGULARIZATION) that
    /// it has.
    pub regularization: Regularization,
}

impl RnnConfig {
    /// Orthogonal weights, no noise.
    pub fn new(input_size: usize, hidden_size: usize) -> Self {
        let orthogonal = Initializer::Orthogonal { gain: 1.0 };
        Self {
            input_size,
            hidden_size,
            input_weight: orthogonal,
            recurrent_weight: orthogonal,
            initial_noise: 0.0,
            regularization: Regularization::default(),
        }
    }
}

/// A recurrent network with a normalization `N` of your choice at each of its sites (the
/// batch-normalized one of Cooijmans et al. 2016, section 4, has it at `h` and `x`):
///
/// ```text
/// h_t = N_out(tanh(N_sum(N_h(h_{t−1} W_h) + N_x(x_t W_x)) + b))
/// ```
///
/// `h_0` is a learned vector, the same for all examples.
#[derive(Debug)]
pub struct Rnn<T: Real> {
    input_size: usize,
    hidden_size: usize,
    w_x: ParamId,
    w_h: ParamId,
    bias: ParamId,
    initial: InitialState,
    sites: Sites<T>,
    regularization: Regularization,
}

impl<T: Real> Rnn<T> {
    /// The sites it has.
    pub const SITES: [Site; 4] = [Site::H, Site::X, Site::Sum, Site::Out];
    /// The settings of its [`Regularization`]; it has no cell, and no candidate beside its state.
    pub const REGULARIZATION: [&str; 4] = ["zoneout_h", "variational_x", "variational_h", "weight_drop"];

    /// A network with the given normalizers, made for `H` features each.
    ///
    /// # Panics
    /// If there is a normalizer at a site, or a regularization, that it has not, or one of its
    /// settings is no probability below 1.
    #[track_caller]
    pub fn new(scope: &mut Scope<'_, T>, config: &RnnConfig, sites: Sites<T>) -> Self {
        sites.check("rnn", &Self::SITES);
        config.regularization.check("rnn", &Self::REGULARIZATION);
        let hidden_size = config.hidden_size;
        let gate = |init: &Initializer| Gates::alike(1, *init);
        let (input, recurrent) = (gate(&config.input_weight), gate(&config.recurrent_weight));
        Self {
            input_size: config.input_size,
            hidden_size,
            w_x: scope.gate_matrix("w_x", config.input_size, hidden_size, &input),
            w_h: scope.gate_matrix("w_h", hidden_size, hidden_size, &recurrent),
            bias: scope.vector("bias", hidden_size, &Initializer::Zeros),
            initial: InitialState::new(scope, hidden_size, false, config.initial_noise),
            sites,
            regularization: config.regularization,
        }
    }
}

impl<T: Real> Cell<T> for Rnn<T> {
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
        let (batch, regularization) = (input.batch(), &self.regularization);
        let input = &variational_inputs(context, regularization.variational_x, input, self.input_size);
        let recurrent = self.sites.term(Site::H, self.w_h).begin(context);
        Box::new(RnnPass {
            input: self
                .sites
                .term(Site::X, self.w_x)
                .of_sequence(context, input)
                .unbind(),
            recurrent: recurrent.regularized(context, regularization, batch),
            sum: self.sites.begin(Site::Sum, self.w_h),
            out: self.sites.begin(Site::Out, self.w_h),
            bias: context.param(self.bias),
            initial: self.initial,
            batch,
            zoneout_h: regularization.zoneout_h,
            beside: self.w_h,
        })
    }
}

struct RnnPass<'a, 't, T: Real> {
    input: Vec<Var<'t, T>>,
    recurrent: TermPass<'a, 't, T>,
    sum: AtSite<'a, 't, T>,
    out: AtSite<'a, 't, T>,
    bias: Var<'t, T>,
    initial: InitialState,
    batch: usize,
    zoneout_h: f64,
    /// A parameter of the cell, whose path tells a watch where this is.
    beside: ParamId,
}

impl<'t, T: Real> Pass<'t, T> for RnnPass<'_, 't, T> {
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
        let (recurrent, input) = (
            self.recurrent.apply(context, previous.h, step),
            self.input[step.t],
        );
        let z = self.sum.apply(context, recurrent.add(input), step).add(self.bias);
        let inputs = [("recurrent term", recurrent), ("input term", input)];
        context.tell(
            self.beside,
            "sum of the terms and the bias",
            step.time(),
            z,
            &inputs,
        );
        let h = z.tanh();
        context.tell_gate(self.beside, ("h", Unary::Tanh), step, || h.value());
        context.tell(
            self.beside,
            "hidden state h_t",
            step.time(),
            h,
            &[("sum of the terms", z)],
        );
        let h = self.out.apply(context, h, step);
        State {
            h: zoneout(context, self.zoneout_h, previous.h, h),
            c: None,
        }
    }
}
