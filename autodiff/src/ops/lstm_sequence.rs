//! A whole LSTM sequence, where the device has it as one operation

mod operands;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kernels::sequence::{
    FusedLstm, InputGradient, InputTerm, MomentsMut, Sequence, SequenceGradients, SequenceInput,
    SequenceOutput, SequenceSaved, SequenceUpstream, SiteNorm, SiteNormGradients, Sites, site,
};
use kernels::{Indices, Real};

pub use operands::{SequenceMoments, SequenceNorm, SequenceTerm};

use crate::{Backward, Device, Forward, Gradient, Op, Shape, Tape, Tensor, Var};

/// An LSTM sequence; see [`FusedLstm`] for the formulas.
#[derive(Clone, Debug)]
pub struct LstmSequence<'t, T: Real> {
    /// The input term.
    pub input: SequenceTerm<'t, T>,
    /// `[H, 4H]`, gates in the order `f, i, o, g`
    pub w_h: Var<'t, T>,
    /// `[4H]`
    pub bias: Var<'t, T>,
    /// `[B, H]`
    pub h_0: Var<'t, T>,
    /// `[B, H]`
    pub c_0: Var<'t, T>,
    /// Normalizations of the recurrent term, the input term and the cell, as in
    /// [`kernels::sequence::site`].
    pub norms: Sites<Option<SequenceNorm<'t, T>>>,
    /// `[T, B, H]`, added to the hidden states: the gradient of one that is 0 is the total
    /// derivative of the loss by each `h_t`, through all steps behind it.
    pub probe: Option<Var<'t, T>>,
}

/// What a sequence gives.
#[derive(Debug)]
pub struct SequenceStates<'t, T: Real> {
    /// `[T, B, H]`
    pub h: Var<'t, T>,
    /// `[T, B, H]`
    pub c: Var<'t, T>,
    /// `h` of the last step, `[B, H]`. A loss on it alone is cheaper than one on a slice of `h`.
    pub last: Var<'t, T>,
    /// Mean and variance of the sites where they were computed: over the batch, `[T, F]` each, or
    /// over the features of each group, `[T, G, B]` each.
    pub moments: Sites<Option<(Tensor<T>, Tensor<T>)>>,
}

/// What is known of the input term besides its variable.
enum Term<T: Real> {
    Product,
    Scalar(Tensor<T>),
    Lookup(Arc<Indices>),
}

/// What is known of a normalization besides its variables.
struct Norm<T: Real> {
    beta: bool,
    epsilon: T,
    moments: SequenceMoments<T>,
}

/// The operation: its dimensions, and what comes without a gradient.
struct Sequential<T: Real> {
    dims: Sequence,
    term: Term<T>,
    norms: Sites<Option<Norm<T>>>,
    /// Whether there is one.
    probe: bool,
}

/// Positions among the inputs; those of the normalizations follow, then the probe.
const TERM: usize = 0;
const W_H: usize = 1;
const BIAS: usize = 2;
const H_0: usize = 3;
const C_0: usize = 4;
const NORMS: usize = 5;

fn fused<T: Real>(device: &Device<T>) -> &dyn FusedLstm<T> {
    device
        .backend()
        .fused_lstm()
        .expect("asked before the operation was made")
}

impl<T: Real> Sequential<T> {
    fn features(&self, which: usize) -> usize {
        site::gates(which) * self.dims.hidden
    }

    /// The operands of the kernel.
    fn operands<'a>(&'a self, inputs: &[&'a Tensor<T>]) -> SequenceInput<'a, T> {
        let term = inputs[TERM];
        let mut next = NORMS;
        let mut take = || {
            next += 1;
            inputs[next - 1].view()
        };
        SequenceInput {
            input: match &self.term {
                Term::Product => InputTerm::Product(term.view()),
                Term::Scalar(x) => InputTerm::Scalar {
                    x: x.view(),
                    weight: term.view(),
                },
                Term::Lookup(symbols) => InputTerm::Lookup {
                    table: term.view(),
                    rows: term.shape().extent(0),
                    symbols,
                },
            },
            w_h: inputs[W_H].view(),
            bias: inputs[BIAS].view(),
            h_0: inputs[H_0].view(),
            c_0: inputs[C_0].view(),
            norms: self.norms.each_ref().map(|norm| {
                norm.as_ref().map(|norm| SiteNorm {
                    gamma: take(),
                    beta: norm.beta.then(&mut take),
                    epsilon: norm.epsilon,
                    moments: norm.moments.view(),
                })
            }),
            probe: self.probe.then(take),
        }
    }

    /// Moments to be computed, in the order of the sites.
    fn moments(&self, device: &Device<T>) -> Sites<Option<(Tensor<T>, Tensor<T>)>> {
        std::array::from_fn(|which| {
            let norm = self.norms[which].as_ref()?;
            let Sequence { steps, batch, .. } = self.dims;
            let shape: Shape = match &norm.moments {
                SequenceMoments::Given(..) => return None,
                SequenceMoments::Columns | SequenceMoments::Renorm { .. } => {
                    [steps, self.features(which)].into()
                }
                SequenceMoments::Rows(rows) => [steps, rows.groups, batch].into(),
            };
            let empty = || device.empty(shape);
            Some((empty(), empty()))
        })
    }
}

impl<T: Real> Op<T> for Sequential<T> {
    fn name(&self) -> &'static str {
        "lstm_sequence"
    }

    fn forward(&self, device: &Device<T>, inputs: &[&Tensor<T>]) -> Forward<T> {
        let Sequence { steps, batch, hidden } = self.dims;
        let fused = fused(device);
        let mut h = device.empty([steps, batch, hidden]);
        let mut c = device.empty([steps, batch, hidden]);
        let mut workspace = device.empty([fused.workspace_len(self.dims)]);
        let mut moments = self.moments(device);
        let output = SequenceOutput {
            h: h.view_mut(),
            c: c.view_mut(),
            moments: moments.each_mut().map(|moments| {
                moments.as_mut().map(|(mean, var)| MomentsMut {
                    mean: mean.view_mut(),
                    var: var.view_mut(),
                })
            }),
            workspace: workspace.view_mut(),
        };
        fused.forward(self.dims, self.operands(inputs), output);
        let last = h.row(steps - 1);
        let mut saved: Vec<Tensor<T>> = inputs.iter().map(|&input| input.clone()).collect();
        saved.extend([h.clone(), c.clone(), workspace]);
        let mut outputs = vec![h, c, last];
        for (mean, var) in moments.into_iter().flatten() {
            saved.extend([mean.clone(), var.clone()]);
            outputs.extend([mean, var]);
        }
        Forward { outputs, saved }
    }

    fn backward(&self, pass: &Backward<'_, T>) -> Vec<Gradient<T>> {
        let inputs: Vec<&Tensor<T>> = (0..pass.inputs()).map(|i| pass.saved(i)).collect();
        let states = pass.inputs();
        let mut computed = (states + 3..).step_by(2);
        let moments = self.norms.each_ref().map(|norm| {
            let norm = norm.as_ref()?;
            Some(match &norm.moments {
                SequenceMoments::Given(mean, var) => (mean.view(), var.view()),
                _ => {
                    let place = computed.next().expect("an endless range");
                    (pass.saved(place).view(), pass.saved(place + 1).view())
                }
            })
        });
        let saved = SequenceSaved {
            h: pass.saved(states).view(),
            c: pass.saved(states + 1).view(),
            workspace: pass.saved(states + 2).view(),
            moments,
        };
        let arrives = |i: usize| pass.gradient(i).map(Tensor::view);
        let upstream = SequenceUpstream {
            dh: arrives(0),
            dc: arrives(1),
            dh_last: arrives(2),
        };
        let mut found: Vec<Tensor<T>> = inputs
            .iter()
            .map(|input| pass.device().empty(input.shape()))
            .collect();
        let mut views = found.iter_mut().map(Tensor::view_mut);
        let mut next = || views.next().expect("one for each input");
        let gradients = SequenceGradients {
            input: match self.term {
                Term::Product => InputGradient::Product(next()),
                Term::Scalar(_) | Term::Lookup(_) => InputGradient::Weight(next()),
            },
            w_h: next(),
            bias: next(),
            h_0: next(),
            c_0: next(),
            norms: self.norms.each_ref().map(|norm| {
                norm.as_ref().map(|norm| SiteNormGradients {
                    gamma: next(),
                    beta: norm.beta.then(&mut next),
                })
            }),
            probe: self.probe.then(next),
        };
        let operands = self.operands(&inputs);
        fused(pass.device()).backward(self.dims, operands, saved, upstream, gradients);
        found.into_iter().map(Gradient::Whole).collect()
    }
}

impl<'t, T: Real> LstmSequence<'t, T> {
    /// Whether a device has sequences of these dimensions as one operation.
    pub fn applies(device: &Device<T>, steps: usize, batch: usize, hidden: usize) -> bool {
        let dims = Sequence { steps, batch, hidden };
        device
            .backend()
            .fused_lstm()
            .is_some_and(|fused| fused.applies(dims))
    }

    /// Whether a device has such a sequence where `site`, see [`kernels::sequence::site`], is
    /// normalized with these moments: a row may be cut into groups of whole gates only.
    pub fn supports(device: &Device<T>, site: usize, moments: &SequenceMoments<T>) -> bool {
        device
            .backend()
            .fused_lstm()
            .is_some_and(|fused| fused.supports(site, &moments.view()))
    }

    /// Records a sequence of `steps` steps as one operation.
    ///
    /// # Panics
    /// If the shapes do not fit, the sequence does not [apply](Self::applies), or a normalization is
    /// not [supported](Self::supports).
    #[track_caller]
    pub fn record(self, steps: usize) -> SequenceStates<'t, T> {
        let tape: &'t Tape<T> = self.w_h.tape();
        let [batch, hidden] = crate::check::matrix("lstm_sequence: h_0", self.h_0.shape());
        assert!(
            Self::applies(tape.device(), steps, batch, hidden),
            "lstm_sequence: the device does not have it for {steps} steps, h_0 [{batch}, {hidden}]; \
             go step by step"
        );
        let dims = Sequence { steps, batch, hidden };
        self.check(dims);
        self.check_norms(dims);
        let (term, variable) = match self.input {
            SequenceTerm::Product(product) => (Term::Product, product),
            SequenceTerm::Scalar { x, weight } => (Term::Scalar(x), weight),
            SequenceTerm::Lookup { table, symbols } => (Term::Lookup(symbols), table),
        };
        let mut inputs = vec![variable, self.w_h, self.bias, self.h_0, self.c_0];
        let norms = self.norms.map(|norm| {
            norm.map(|norm| {
                inputs.push(norm.gamma);
                inputs.extend(norm.beta);
                Norm {
                    beta: norm.beta.is_some(),
                    epsilon: norm.epsilon,
                    moments: norm.moments,
                }
            })
        });
        inputs.extend(self.probe);
        let probe = self.probe.is_some();
        let op = Sequential {
            dims,
            term,
            norms,
            probe,
        };
        let computed = op
            .norms
            .each_ref()
            .map(|norm| norm.as_ref().is_some_and(|norm| norm.moments.computed()));
        let mut outputs = tape.record(op, &inputs).into_iter();
        let mut next = || outputs.next().expect("as many as the operation gives");
        SequenceStates {
            h: next(),
            c: next(),
            last: next(),
            moments: computed.map(|computed| computed.then(|| (next().value(), next().value()))),
        }
    }

    #[track_caller]
    fn check(&self, dims: Sequence) {
        let Sequence { steps, batch, hidden } = dims;
        let gates = 4 * hidden;
        let fits = |name: &str, found: Shape, fits: Shape| {
            assert!(
                found == fits,
                "lstm_sequence: {name} {found}; {fits} would fit h_0 [{batch}, {hidden}]"
            );
        };
        match &self.input {
            SequenceTerm::Product(product) => {
                fits("the input term", product.shape(), [steps, batch, gates].into())
            }
            SequenceTerm::Scalar { x, weight } => {
                fits("x", x.shape(), [steps, batch].into());
                fits("the input weight", weight.shape(), [1, gates].into());
            }
            SequenceTerm::Lookup { table, .. } => {
                let rows = table.shape().extent(0);
                fits("the table", table.shape(), [rows, gates].into());
            }
        }
        fits("w_h", self.w_h.shape(), [hidden, gates].into());
        fits("bias", self.bias.shape(), [gates].into());
        fits("c_0", self.c_0.shape(), [batch, hidden].into());
        if let Some(probe) = self.probe {
            fits("the probe", probe.shape(), [steps, batch, hidden].into());
        }
    }

    #[track_caller]
    fn check_norms(&self, dims: Sequence) {
        for (which, norm) in self.norms.iter().enumerate() {
            let Some(norm) = norm else { continue };
            let name = ["recurrent term", "input term", "cell"][which];
            assert!(
                Self::supports(self.w_h.tape().device(), which, &norm.moments),
                "lstm_sequence: the device does not have it with {:?} at the {name}; groups of whole \
                 gates would fit, else go step by step",
                norm.moments
            );
            let features = site::gates(which) * dims.hidden;
            let fits = Shape::from([dims.steps, features]);
            for (statistic, found) in norm.moments.statistics() {
                let found = found.shape();
                assert!(
                    found == fits,
                    "lstm_sequence: {statistic} {found} of the {name}; {fits} would fit"
                );
            }
        }
    }
}
