//! Attention over the states of a sequence.

use autodiff::{Tensor, Var};
use kernels::Real;

use crate::cell::Term;
use crate::context::Context;
use crate::init::Initializer;
use crate::lengths::Lengths;
use crate::norm::Normalizer;
use crate::params::{ParamId, Scope};
use crate::watch::TermNames;

/// Added to the score of padding: so far below all others that its exponential is 0, yet a number, so
/// that no difference with it is NaN.
const OUT_OF_SIGHT: f64 = -1e30;

const YM: TermNames = TermNames {
    product: "term y_t W_ym",
    normalized: "normalized term y_t W_ym",
    vector: "y_t",
    weight: "W_ym",
};
const UM: TermNames = TermNames {
    product: "term u W_um",
    normalized: "normalized term u W_um",
    vector: "u",
    weight: "W_um",
};
const RG: TermNames = TermNames {
    product: "term r W_rg",
    normalized: "normalized term r W_rg",
    vector: "r",
    weight: "W_rg",
};
const UG: TermNames = TermNames {
    product: "term u W_ug",
    normalized: "normalized term u W_ug",
    vector: "u",
    weight: "W_ug",
};

/// Settings of an [`Attention`].
#[derive(Clone, Debug, PartialEq)]
pub struct AttentionConfig {
    /// `H`, elements of a state that is attended to.
    pub state_size: usize,
    /// `Q`, elements of the query.
    pub query_size: usize,
    /// `M`, elements of the layer that the scores are read from.
    pub attention_size: usize,
    /// `G`, elements of the output.
    pub output_size: usize,
    /// How each weight is drawn.
    pub weight: Initializer,
}

impl AttentionConfig {
    /// As many elements of attention and of output as a state has, which is the form of the paper;
    /// Glorot weights.
    pub fn new(state_size: usize, query_size: usize) -> Self {
        Self {
            state_size,
            query_size,
            attention_size: state_size,
            output_size: state_size,
            weight: Initializer::Glorot,
        }
    }
}

/// Normalizers of the four products inside the tanh of an [`Attention`]; `None` leaves a product as
/// it is. With a normalization over the batch at all of them it is that of BN-everywhere (Cooijmans
/// et al. 2016, section 5.4).
#[derive(Debug, Default)]
pub struct AttentionSites<T: Real> {
    /// Of `y_t W_ym`, for `M` features. It alone sees time steps; the others see one step.
    pub ym: Option<Box<dyn Normalizer<T>>>,
    /// Of `u W_um`, for `M` features.
    pub um: Option<Box<dyn Normalizer<T>>>,
    /// Of `r W_rg`, for `G` features.
    pub rg: Option<Box<dyn Normalizer<T>>>,
    /// Of `u W_ug`, for `G` features.
    pub ug: Option<Box<dyn Normalizer<T>>>,
}

/// The attention of the Attentive Reader (Hermann et al. 2015, section 2.2) over states `y_t`, given
/// a query `u`, with a normalization `N` of your choice of each product inside the tanh:
///
/// ```text
/// m_t = tanh(N_ym(y_t W_ym) + N_um(u W_um))
/// s_t = exp(m_t · w_ms) / Σ_t' exp(m_t' · w_ms)       over the steps that are no padding
/// r   = Σ_t s_t y_t
/// g   = tanh(N_rg(r W_rg) + N_ug(u W_ug))
/// ```
///
/// ```
/// use autodiff::{Device, Tape};
/// use nn::attention::{Attention, AttentionConfig, AttentionSites};
/// use nn::cell::Sequence;
/// use nn::context::{Context, Mode};
/// use nn::params::{ParamStore, Scope};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// let device = Device::<f32>::reference();
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let mut store = ParamStore::new(&device);
/// let mut scope = Scope::new(&mut store, &mut rng);
/// let attention = Attention::new(&mut scope, &AttentionConfig::new(4, 3), AttentionSites::default());
///
/// let tape = Tape::new(&device);
/// let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
/// let (states, query) = (tape.constant(device.zeros([5, 2, 4])), tape.constant(device.zeros([2, 3])));
/// let padded = Sequence::from(states).with_lengths(&[5, 2]);
/// let attended = attention.forward(&mut context, states, padded.lengths(), query);
/// assert_eq!(attended.g.shape().dims(), [2, 4]);
/// let of_second: Vec<f32> = attended.weights.value().to_vec().into_iter().skip(1).step_by(2).collect();
/// assert_eq!(of_second, [0.5, 0.5, 0.0, 0.0, 0.0]);
/// ```
#[derive(Debug)]
pub struct Attention<T: Real> {
    w_ym: ParamId,
    w_um: ParamId,
    w_ms: ParamId,
    w_rg: ParamId,
    w_ug: ParamId,
    sites: AttentionSites<T>,
}

/// What an [`Attention`] gives.
#[derive(Clone, Copy, Debug)]
pub struct Attended<'t, T: Real> {
    /// `s [T, B]`: they add up to 1 over the steps of each sequence, and are 0 in the padding. A
    /// sequence of no steps has zeros only.
    pub weights: Var<'t, T>,
    /// `r [B, H]`, the states' mean with these weights.
    pub context: Var<'t, T>,
    /// `g [B, G]`
    pub g: Var<'t, T>,
}

impl<T: Real> Attention<T> {
    /// An attention with the given normalizers.
    #[track_caller]
    pub fn new(scope: &mut Scope<'_, T>, config: &AttentionConfig, sites: AttentionSites<T>) -> Self {
        let AttentionConfig {
            state_size,
            query_size,
            attention_size,
            output_size,
            weight,
        } = config;
        Self {
            w_ym: scope.matrix("w_ym", *state_size, *attention_size, weight),
            w_um: scope.matrix("w_um", *query_size, *attention_size, weight),
            w_ms: scope.vector("w_ms", *attention_size, weight),
            w_rg: scope.matrix("w_rg", *state_size, *output_size, weight),
            w_ug: scope.matrix("w_ug", *query_size, *output_size, weight),
            sites,
        }
    }

    /// Attends to `y [T, B, H]` with a query `u [B, Q]`. What `y` holds in the padding changes
    /// nothing, also if it is no number.
    ///
    /// # Panics
    /// If the shapes do not fit each other or the weights.
    #[track_caller]
    pub fn forward<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        y: Var<'t, T>,
        lengths: Option<&Lengths<T>>,
        u: Var<'t, T>,
    ) -> Attended<'t, T> {
        check_shapes(y, lengths, u);
        let y = match lengths {
            Some(lengths) => lengths.without_padding(y),
            None => y,
        };
        let term = |weight, site, names| Term {
            weight,
            normalizer: Option::as_deref(site),
            names,
        };
        let of_states = term(self.w_ym, &self.sites.ym, YM).of_vectors(context, y, 0, lengths);
        let of_query = alone(term(self.w_um, &self.sites.um, UM), context, u);
        let m = of_states.add(of_query).tanh();
        let weights = self.weights(context, m, lengths);
        context.tell(self.w_ms, "attention s_t", None, weights, &[("m_t", m)]);
        let r = y.mul(as_column(weights)).sum_axis(0);
        context.tell(self.w_ms, "context r", None, r, &[("s_t", weights), ("y_t", y)]);
        let of_context = alone(term(self.w_rg, &self.sites.rg, RG), context, r);
        let of_query = alone(term(self.w_ug, &self.sites.ug, UG), context, u);
        let g = of_context.add(of_query).tanh();
        let inputs = [("context term", of_context), ("query term", of_query)];
        context.tell(self.w_ms, "answer g", None, g, &inputs);
        Attended {
            weights,
            context: r,
            g,
        }
    }

    /// `s [T, B]` of `m [T, B, M]`.
    fn weights<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        m: Var<'t, T>,
        lengths: Option<&Lengths<T>>,
    ) -> Var<'t, T> {
        let shape = m.shape();
        let by_row = [shape.extent(0), shape.extent(1)];
        let w_ms = context.param(self.w_ms).reshape([shape.last(), 1]);
        let scores = m.matmul(w_ms).reshape(by_row);
        match lengths {
            None => softmax_over_time(scores),
            Some(lengths) => {
                let tape = context.tape();
                let mask = |live, padding| tape.constant(choose(tape.device(), lengths, live, padding));
                let among = scores.add(mask(0.0, OUT_OF_SIGHT));
                // A sequence of no steps has nothing but padding to share its weights among.
                softmax_over_time(among).mul(mask(1.0, 0.0))
            }
        }
    }
}

/// A term of a single vector for each row, which is a sequence of one step to its normalizer.
#[track_caller]
fn alone<'t, T: Real>(term: Term<'_, T>, context: &mut Context<'t, '_, T>, v: Var<'t, T>) -> Var<'t, T> {
    let shape = v.shape();
    let batch = shape.extent(0);
    let y = term.of_vectors(context, v.reshape([1, batch, shape.last()]), 0, None);
    y.reshape([batch, y.shape().last()])
}

/// Of every column of `[T, B]`.
fn softmax_over_time<T: Real>(scores: Var<'_, T>) -> Var<'_, T> {
    scores.transpose().log_softmax().exp().transpose()
}

/// `[T, B]` to `[T, B, 1]`
fn as_column<T: Real>(x: Var<'_, T>) -> Var<'_, T> {
    let shape = x.shape();
    x.reshape([shape.extent(0), shape.extent(1), 1])
}

/// `[T, B]`: one value at the steps of the sequences, another in the padding.
fn choose<T: Real>(device: &autodiff::Device<T>, lengths: &Lengths<T>, live: f64, padding: f64) -> Tensor<T> {
    let of_step = |t: usize| {
        let rows = lengths.lengths().iter();
        rows.map(move |&length| T::of(if t < length { live } else { padding }))
    };
    let values: Vec<T> = (0..lengths.steps()).flat_map(of_step).collect();
    device.tensor([lengths.steps(), lengths.lengths().len()], &values)
}

#[track_caller]
fn check_shapes<T: Real>(y: Var<'_, T>, lengths: Option<&Lengths<T>>, u: Var<'_, T>) {
    let (states, query) = (y.shape(), u.shape());
    assert!(
        states.rank() == 3,
        "attention: y {states} has {} axes; [T, B, H] would fit",
        states.rank()
    );
    let [steps, batch] = [states.extent(0), states.extent(1)];
    assert!(steps > 0, "attention: y {states} of 0 steps; 1 or more fit");
    assert!(
        query.rank() == 2 && query.extent(0) == batch,
        "attention: u {query} for y {states}; [{batch}, Q] would fit"
    );
    if let Some(lengths) = lengths {
        assert!(
            (lengths.steps(), lengths.lengths().len()) == (steps, batch),
            "attention: lengths of {} sequences of up to {} steps for y {states}; those of {batch} of \
             up to {steps} would fit",
            lengths.lengths().len(),
            lengths.steps()
        );
    }
}
