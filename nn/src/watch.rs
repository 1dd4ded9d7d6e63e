//! Looking on while a pass computes.
//!
//! A [`Watch`] that a [`Context`] [carries](Context::watched_by) is told every intermediate value in the
//! order of computation, and changes none. The cells of this crate, attention, embeddings and linear
//! maps tell their values, and normalizers with moments tell those; layers of one's own do so with
//! [`Context::tell`] and its like, each of which does nothing in a pass that nobody watches.

use autodiff::{Tensor, Var};
use kernels::{Real, Unary};

use crate::context::Context;
use crate::lengths::{Lengths, LiveRows};
use crate::norm::Step;
use crate::params::ParamId;

/// Looks on while a pass computes. A method that is left out looks away.
///
/// ```
/// use autodiff::{Device, Tape, Var};
/// use nn::cell::{Layer, Lstm, LstmConfig, Sites};
/// use nn::context::{Context, Mode};
/// use nn::params::{ParamStore, Scope};
/// use nn::watch::{Place, Watch};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
///
/// #[derive(Debug, Default)]
/// struct Names(Vec<String>);
///
/// impl<'t> Watch<'t, f32> for Names {
///     fn value(&mut self, place: Place<'_>, _: Var<'t, f32>, _: &[(&'static str, Var<'t, f32>)]) {
///         self.0.push(format!("{} of {}", place.what, place.layer));
///     }
/// }
///
/// let device = Device::<f32>::reference();
/// let mut rng = ChaCha8Rng::seed_from_u64(1);
/// let mut store = ParamStore::new(&device);
/// let mut scope = Scope::new(&mut store, &mut rng);
/// let lstm = Lstm::new(&mut scope.within("lstm"), &LstmConfig::new(3, 4), Sites::default());
/// let layer = Layer::cell(lstm);
///
/// let mut names = Names::default();
/// let tape = Tape::new(&device);
/// let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng).watched_by(&mut names);
/// layer.forward(&mut context, &tape.constant(device.zeros([5, 2, 3])).into());
/// assert_eq!(names.0[0], "input term x_t W_x of lstm");
/// assert_eq!(names.0.last().unwrap(), "hidden state h_t of lstm");
/// ```
pub trait Watch<'t, T: Real>: std::fmt::Debug {
    /// A value has been computed of the named `inputs`.
    fn value(&mut self, _place: Place<'_>, _value: Var<'t, T>, _inputs: &[(&'static str, Var<'t, T>)]) {}

    /// A gate has been set.
    fn gate(&mut self, _gate: &Gate<'_, T>) {}

    /// The normalization at `path`, such as `lstm/norm_h`, divides by moments.
    fn moments(&mut self, _path: &str, _moments: &Moments<'_, 't, T>) {}
}

/// Where in a model a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Path of the layer, such as `lstm` or `lstm/1/forward`.
    pub layer: &'a str,
    /// What the value is, such as `recurrent term h_{t-1} W_h`.
    pub what: &'static str,
    /// The time step of values `[B, F]`, as the layer counts them, or that of the first of values
    /// `[T, B, F]`; none of values that belong to no step.
    pub time: Option<usize>,
}

/// A gate of a cell at a time step.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a, T: Real> {
    /// Path of the cell.
    pub cell: &'a str,
    /// `f`, `i`, `o`, `g` of an LSTM; `r`, `z`, `n` of a GRU; `h` of an RNN.
    pub name: &'static str,
    /// What it is a value of: `σ` or `tanh`.
    pub function: Unary<T>,
    /// `[B, H]`
    pub activation: &'a Tensor<T>,
    /// The rows that are part of their sequences; none if all are.
    pub live: Option<&'a LiveRows<T>>,
}

/// What a normalization divides by.
#[derive(Clone, Copy, Debug)]
pub struct Moments<'a, 't, T: Real> {
    /// The first time step; none where all steps are pooled.
    pub time: Option<usize>,
    /// What is normalized, and maybe other steps of it.
    pub x: Var<'t, T>,
    /// `[G, N]` for G steps from the first on: a number for each feature, or for each example (and group
    /// of its features).
    pub mean: &'a Tensor<T>,
    /// `[G, N]`, before `ε` is added.
    pub var: &'a Tensor<T>,
    /// `ε`
    pub epsilon: f64,
    /// Of numbers for each example, the examples that are part of their sequences; none if all are, or
    /// the numbers are for each feature.
    pub live: Option<&'a LiveRows<T>>,
}

/// Names of a product with a weight, for a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermNames {
    /// Of the product.
    pub product: &'static str,
    /// Of the product when it is normalized.
    pub normalized: &'static str,
    /// Of the vectors that are multiplied.
    pub vector: &'static str,
    /// Of the weight.
    pub weight: &'static str,
}

impl<'t, T: Real> Context<'t, '_, T> {
    /// Tells the watch, if there is one, what a layer has computed: the layer that has the parameter
    /// `beside`, and `time` as [`Place::time`].
    pub fn tell(
        &mut self,
        beside: ParamId,
        what: &'static str,
        time: impl Into<Option<usize>>,
        value: Var<'t, T>,
        inputs: &[(&'static str, Var<'t, T>)],
    ) {
        let Some((watch, store)) = self.watch() else {
            return;
        };
        let place = Place {
            layer: layer_of(&store.entry(beside).path),
            what,
            time: time.into(),
        };
        watch.value(place, value, inputs);
    }

    /// Tells the watch, if there is one, how a gate of the cell that has the parameter `beside` is set,
    /// its name and function given: to `activation [B, H]`, which is asked for only then.
    pub fn tell_gate(
        &mut self,
        beside: ParamId,
        (name, function): (&'static str, Unary<T>),
        step: Step<'_, T>,
        activation: impl FnOnce() -> Tensor<T>,
    ) {
        let Some((watch, store)) = self.watch() else {
            return;
        };
        watch.gate(&Gate {
            cell: layer_of(&store.entry(beside).path),
            name,
            function,
            activation: &activation(),
            live: step.live,
        });
    }

    /// Tells the watch, if there is one, the moments that the normalization with the parameter `beside`
    /// divides by.
    pub fn tell_moments(&mut self, beside: ParamId, moments: &Moments<'_, 't, T>) {
        if let Some((watch, store)) = self.watch() {
            watch.moments(layer_of(&store.entry(beside).path), moments);
        }
    }

    /// The same for all steps of sequences, whose rows behind their ends have no part in it: numbers for
    /// each example.
    pub(crate) fn tell_moments_of_steps(
        &mut self,
        beside: ParamId,
        all: &Moments<'_, 't, T>,
        lengths: Option<&Lengths<T>>,
    ) {
        let Some(lengths) = lengths else {
            return self.tell_moments(beside, all);
        };
        for t in 0..lengths.longest() {
            let moments = Moments {
                time: all.time.map(|first| first + t),
                mean: &all.mean.rows(t..t + 1),
                var: &all.var.rows(t..t + 1),
                live: lengths.live(t),
                ..*all
            };
            self.tell_moments(beside, &moments);
        }
    }
}

/// `lstm/norm_h` of `lstm/norm_h/gamma`.
fn layer_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(layer, _)| layer)
}
