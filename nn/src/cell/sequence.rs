//! What a recurrent layer reads.

use std::sync::Arc;

use autodiff::{Device, Tape, Var};
use kernels::{Indices, Real};

use super::State;
use crate::lengths::{Lengths, LiveRows, reversed};

/// A batch of sequences: inputs for each step, and how long each of them is.
///
/// ```
/// use autodiff::{Device, Tape};
/// use nn::cell::Sequence;
///
/// let device = Device::<f32>::reference();
/// let tape = Tape::new(&device);
/// let x = tape.constant(device.zeros([5, 2, 3]));
/// let padded = Sequence::from(x).with_lengths(&[5, 2]);
/// assert_eq!((padded.steps(), padded.batch()), (5, 2));
/// ```
#[derive(Clone, Debug)]
pub struct Sequence<'t, T: Real> {
    input: Input<'t, T>,
    pub(super) steps: usize,
    pub(super) batch: usize,
    lengths: Option<Arc<Lengths<T>>>,
    /// Of every cell that reads it, if they do not begin with what they have learned.
    pub(super) start: Option<Vec<State<'t, T>>>,
    /// The time step of the first step.
    pub(super) first_step: usize,
    /// `[T, B, H]`
    pub(super) probe: Option<Var<'t, T>>,
}

/// The inputs of all steps.
#[derive(Clone, Debug)]
pub enum Input<'t, T: Real> {
    /// `[T, B, D]`
    Dense(Var<'t, T>),
    /// `T · B` symbols of one-hot inputs: a product with them is a look-up.
    Symbols(Symbols<'t, T>),
}

/// One-hot inputs.
#[derive(Clone, Debug)]
pub struct Symbols<'t, T: Real> {
    tape: &'t Tape<T>,
    symbols: Arc<Indices>,
    /// In which order they are read, if it is not their own.
    order: Option<Arc<Indices>>,
    /// `[T·B, 1]`: by what each is multiplied, if not by 1, in the order in which they are read.
    factors: Option<Var<'t, T>>,
}

impl<'t, T: Real> Symbols<'t, T> {
    /// The symbols, if they are read in their order and none of them is multiplied by a factor.
    pub fn unchanged(&self) -> Option<&Arc<Indices>> {
        (self.order.is_none() && self.factors.is_none()).then_some(&self.symbols)
    }

    /// The row of `table [V, F]` for each symbol that is read, `[T·B, F]`.
    #[track_caller]
    fn rows_of(&self, table: Var<'t, T>) -> Var<'t, T> {
        let rows = table.gather_rows(&self.symbols);
        match &self.order {
            Some(order) => rows.gather_rows(order),
            None => rows,
        }
    }
}

impl<'t, T: Real> From<Var<'t, T>> for Sequence<'t, T> {
    /// Sequences of the same length, `x [T, B, D]`.
    ///
    /// # Panics
    /// If `x` has not three axes.
    #[track_caller]
    fn from(x: Var<'t, T>) -> Self {
        let shape = x.shape();
        assert!(
            shape.rank() == 3,
            "sequence: x {shape} has {} axes; [T, B, D] would fit",
            shape.rank()
        );
        Self {
            input: Input::Dense(x),
            steps: shape.extent(0),
            batch: shape.extent(1),
            lengths: None,
            start: None,
            first_step: 0,
            probe: None,
        }
    }
}

impl<'t, T: Real> Sequence<'t, T> {
    /// One-hot inputs, given as `T · B` symbols for `batch` sequences.
    ///
    /// # Panics
    /// If `batch` is 0, or the number of symbols is no multiple of it.
    #[track_caller]
    pub fn symbols(tape: &'t Tape<T>, symbols: &Arc<Indices>, batch: usize) -> Self {
        let count = symbols.len();
        assert!(
            batch > 0 && count.is_multiple_of(batch),
            "sequence: {count} symbols for batches of {batch}; T · B symbols, B above 0, would fit"
        );
        Self {
            input: Input::Symbols(Symbols {
                tape,
                symbols: Arc::clone(symbols),
                order: None,
                factors: None,
            }),
            steps: count / batch,
            batch,
            lengths: None,
            start: None,
            first_step: 0,
            probe: None,
        }
    }

    /// The same where row `b` ends after `lengths[b]` steps. What follows is padding: its inputs
    /// may hold anything, even what is no number (symbols must be known ones); the row's state
    /// stays as it is.
    ///
    /// # Panics
    /// If there is not one length for each row, or one is above `T`.
    #[track_caller]
    pub fn with_lengths(mut self, lengths: &[usize]) -> Self {
        assert!(
            lengths.len() == self.batch,
            "sequence: {} lengths for a batch of {}; one for each row would fit",
            lengths.len(),
            self.batch
        );
        let lengths = Arc::new(Lengths::new(self.device(), lengths, self.steps));
        if let Input::Dense(x) = &mut self.input {
            *x = lengths.without_padding(*x);
        }
        self.lengths = lengths
            .lengths()
            .iter()
            .any(|&length| length < self.steps)
            .then_some(lengths);
        self
    }

    /// Other inputs for the same steps, such as the states of the layer below.
    ///
    /// # Panics
    /// If they are not `[T, B, D]` with this `T` and `B`.
    #[track_caller]
    pub fn with_input(&self, x: Var<'t, T>) -> Self {
        let shape = x.shape();
        let fits = shape.rank() == 3 && shape.extent(0) == self.steps && shape.extent(1) == self.batch;
        assert!(
            fits,
            "sequence: x {shape} for {} steps of {} rows; [{}, {}, D] would fit",
            self.steps, self.batch, self.steps, self.batch
        );
        Self {
            input: Input::Dense(x),
            ..self.clone()
        }
    }

    /// `T`
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// `B`
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The inputs.
    pub fn input(&self) -> &Input<'t, T> {
        &self.input
    }

    /// How long the sequences are, where they are not all of `T` steps.
    pub fn lengths(&self) -> Option<&Lengths<T>> {
        self.lengths.as_deref()
    }

    /// The live rows of a step; `None` if all are.
    pub fn live(&self, t: usize) -> Option<&LiveRows<T>> {
        self.lengths().and_then(|lengths| lengths.live(t))
    }

    /// Product of the inputs with `weight [D, F]`: `[T, B, F]`. The padding of symbols counts as inputs
    /// of zeros.
    #[track_caller]
    pub fn product(&self, weight: Var<'t, T>) -> Var<'t, T> {
        match &self.input {
            Input::Dense(x) => x.matmul(weight),
            Input::Symbols(symbols) => {
                let shape = [self.steps, self.batch, weight.shape().last()];
                let rows = symbols.rows_of(weight);
                let product = symbols.factors.map_or(rows, |factors| rows.mul(factors));
                let product = product.reshape(shape);
                match self.lengths() {
                    Some(lengths) => lengths.without_padding(product),
                    None => product,
                }
            }
        }
    }

    /// The same where the one-hot input of symbol `v` is multiplied by `factors[v, b]` in row `b` of
    /// the batch, `factors [V, B]`.
    ///
    /// # Panics
    /// If the inputs are not symbols, or have factors already.
    #[track_caller]
    pub(crate) fn with_symbol_factors(&self, factors: Var<'t, T>) -> Self {
        let Input::Symbols(symbols) = &self.input else {
            panic!(
                "sequence: factors {} of symbols for inputs that are numbers",
                factors.shape()
            );
        };
        assert!(
            symbols.factors.is_none(),
            "sequence: its symbols have factors already"
        );
        let (tape, batch) = (symbols.tape, self.batch);
        // Each row has the factors of its symbol for the whole batch: choose that of its own place.
        let own: Vec<T> = (0..batch * batch)
            .map(|i| if i % (batch + 1) == 0 { T::one() } else { T::zero() })
            .collect();
        let own = tape.constant(tape.device().tensor([batch, batch], &own));
        let rows = symbols.rows_of(factors).reshape([self.steps, batch, batch]);
        let factors = rows.mul(own).sum_axis(2);
        let symbols = Symbols {
            factors: Some(factors.reshape([self.steps * batch, 1])),
            ..symbols.clone()
        };
        Self {
            input: Input::Symbols(symbols),
            ..self.clone()
        }
    }

    /// The same with other factors of its symbols, if they have any.
    pub(crate) fn map_symbol_factors(&self, f: impl FnOnce(Var<'t, T>) -> Var<'t, T>) -> Self {
        let mut mapped = self.clone();
        if let Input::Symbols(Symbols { factors, .. }) = &mut mapped.input {
            *factors = factors.map(f);
        }
        mapped
    }

    /// Every sequence turned around within its length; padding stays where it is.
    ///
    /// # Panics
    /// If it was turned around already.
    #[track_caller]
    pub fn turned(&self) -> Self {
        let order = self.turning_order();
        let input = match &self.input {
            Input::Dense(x) => Input::Dense(reorder(*x, &order)),
            Input::Symbols(symbols) => {
                assert!(
                    symbols.unchanged().is_some(),
                    "sequence: turned around twice, or after some of it was dropped"
                );
                Input::Symbols(Symbols {
                    order: Some(order),
                    ..symbols.clone()
                })
            }
        };
        Self {
            input,
            ..self.clone()
        }
    }

    /// Turns states `[T, B, H]` of a sequence around, as [`turned`](Self::turned) does its inputs.
    #[track_caller]
    pub fn turn<'v>(&self, states: Var<'v, T>) -> Var<'v, T> {
        reorder(states, &self.turning_order())
    }

    fn turning_order(&self) -> Arc<Indices> {
        let order = match self.lengths() {
            Some(lengths) => lengths.reversed(),
            None => reversed(&vec![self.steps; self.batch], self.steps),
        };
        self.device().indices(&order)
    }

    fn device(&self) -> &'t Device<T> {
        match &self.input {
            Input::Dense(x) => x.tape().device(),
            Input::Symbols(symbols) => symbols.tape.device(),
        }
    }
}

fn reorder<'t, T: Real>(x: Var<'t, T>, order: &Arc<Indices>) -> Var<'t, T> {
    let shape = x.shape();
    let rows = x.reshape([shape.extent(0) * shape.extent(1), shape.last()]);
    rows.gather_rows(order).reshape(shape)
}
