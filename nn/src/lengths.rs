//! Batches of sequences that differ in length: which rows are part of their sequences.

use std::sync::Arc;

use autodiff::{Device, Tensor, Var};
use kernels::{Indices, Real};

/// The rows of a batch that are part of their sequences at a time step, where that is not all of
/// them.
#[derive(Clone, Debug)]
pub struct LiveRows<T: Real> {
    rows: Rows,
    mask: Tensor<T>,
    others: Tensor<T>,
}

/// A choice of rows, and the way back.
#[derive(Clone, Debug)]
struct Rows {
    chosen: Arc<Indices>,
    /// For every row its place among the chosen ones; some place for those that are not.
    places: Arc<Indices>,
}

impl Rows {
    fn new<T: Real>(device: &Device<T>, chosen: &[bool]) -> Self {
        let mut count = 0;
        let mut places = Vec::with_capacity(chosen.len());
        let mut rows = Vec::new();
        for (row, &chosen) in chosen.iter().enumerate() {
            places.push(if chosen { count } else { 0 });
            if chosen {
                rows.push(row as u32);
                count += 1;
            }
        }
        Self {
            chosen: device.indices(&rows),
            places: device.indices(&places),
        }
    }
}

impl<T: Real> LiveRows<T> {
    fn new(device: &Device<T>, live: &[bool]) -> Self {
        let mask = |wanted: bool| {
            let ones = live
                .iter()
                .map(|&live| if live == wanted { T::one() } else { T::zero() });
            device.tensor([live.len(), 1], &ones.collect::<Vec<T>>())
        };
        Self {
            rows: Rows::new(device, live),
            mask: mask(true),
            others: mask(false),
        }
    }

    /// How many rows are live.
    pub fn count(&self) -> usize {
        self.rows.chosen.len()
    }

    /// Whether each row is live, `[B]`.
    pub fn are_live(&self) -> Vec<bool> {
        self.mask.to_vec().iter().map(|&live| live == T::one()).collect()
    }

    /// The live rows of `x [B, F]`, one after another.
    #[track_caller]
    pub fn pick<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        x.gather_rows(&self.rows.chosen)
    }

    /// The way back from [`pick`](Self::pick): `[B, F]`, where a row that is not live holds some
    /// live row's values, to be discarded.
    #[track_caller]
    pub fn spread<'t>(&self, picked: Var<'t, T>) -> Var<'t, T> {
        picked.gather_rows(&self.rows.places)
    }

    /// `new` in the live rows, `old` in the others.
    pub fn keep<'t>(&self, new: Var<'t, T>, old: Var<'t, T>) -> Var<'t, T> {
        let tape = new.tape();
        let (mask, others) = (
            tape.constant(self.mask.clone()),
            tape.constant(self.others.clone()),
        );
        new.mul(mask).add(old.mul(others))
    }
}

/// The lengths of the sequences of a batch, `B` numbers of steps up to `T`.
#[derive(Clone, Debug)]
pub struct Lengths<T: Real> {
    lengths: Vec<usize>,
    steps: usize,
    /// For each step; `None` where all rows are live.
    live: Vec<Option<LiveRows<T>>>,
    /// Of all `T · B` rows.
    valid: Rows,
    /// Into all `T · B` rows and a row of zeros behind them, which serves for what is padding.
    zeroed: Arc<Indices>,
}

impl<T: Real> Lengths<T> {
    /// Sequences of `lengths` steps, padded to `steps`.
    ///
    /// # Panics
    /// If a length is above `steps`.
    #[track_caller]
    pub fn new(device: &Device<T>, lengths: &[usize], steps: usize) -> Self {
        if let Some((row, length)) = lengths.iter().enumerate().find(|(_, length)| **length > steps) {
            panic!("lengths: row {row} has {length} steps of {steps}; at most {steps} fit");
        }
        let batch = lengths.len();
        let live_at = |t: usize| lengths.iter().map(|&length| t < length).collect::<Vec<bool>>();
        let all: Vec<bool> = (0..steps).flat_map(live_at).collect();
        let of_step = |t: usize| {
            let live = &all[t * batch..(t + 1) * batch];
            (!live.iter().all(|&live| live)).then(|| LiveRows::new(device, live))
        };
        let padding = all.len() as u32;
        let zeroed = all
            .iter()
            .zip(0..)
            .map(|(&live, row)| if live { row } else { padding });
        Self {
            lengths: lengths.to_vec(),
            steps,
            live: (0..steps).map(of_step).collect(),
            valid: Rows::new(device, &all),
            zeroed: device.indices(&zeroed.collect::<Vec<u32>>()),
        }
    }

    /// Number of steps of each row, `B` of them.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// Number of steps of the longest sequence, 0 if there is none.
    pub fn longest(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0)
    }

    /// `T`
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The live rows of a step; `None` if all are.
    pub fn live(&self, t: usize) -> Option<&LiveRows<T>> {
        self.live[t].as_ref()
    }

    /// The rows of `x [T, B, F]` that are no padding, `[N, F]`, and all of them where nothing is
    /// padding.
    #[track_caller]
    pub fn pick<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        flat(x).gather_rows(&self.valid.chosen)
    }

    /// The way back from [`pick`](Self::pick), `[T, B, F]`; padding holds some other row's values.
    #[track_caller]
    pub fn spread<'t>(&self, picked: Var<'t, T>) -> Var<'t, T> {
        let shape = [self.steps, self.lengths.len(), picked.shape().last()];
        picked.gather_rows(&self.valid.places).reshape(shape)
    }

    /// `x [T, B, F]` with zeros in place of the padding, whatever that holds: also if it is no
    /// number.
    #[track_caller]
    pub fn without_padding<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let tape = x.tape();
        let features = x.shape().last();
        let zeros = tape.constant(tape.device().zeros([1, features]));
        let rows = Var::concat(&[flat(x), zeros], 0);
        rows.gather_rows(&self.zeroed).reshape(x.shape())
    }

    /// For each row of the flat `[T · B]` the row that stands there when every sequence is reversed
    /// within its length; padding stays in place.
    pub fn reversed(&self) -> Vec<u32> {
        reversed(&self.lengths, self.steps)
    }
}

/// The order of rows that reverses sequences of the given lengths, padded to `steps`.
pub(crate) fn reversed(lengths: &[usize], steps: usize) -> Vec<u32> {
    let batch = lengths.len();
    let row = |t: usize, b: usize| {
        let from = if t < lengths[b] { lengths[b] - 1 - t } else { t };
        (from * batch + b) as u32
    };
    let steps = (0..steps).flat_map(|t| (0..batch).map(move |b| (t, b)));
    steps.map(|(t, b)| row(t, b)).collect()
}

fn flat<T: Real>(x: Var<'_, T>) -> Var<'_, T> {
    let shape = x.shape();
    x.reshape([shape.extent(0) * shape.extent(1), shape.last()])
}

#[cfg(test)]
mod tests {
    use autodiff::{Device, Tape};

    use super::{Lengths, reversed};

    #[test]
    fn padding_is_zeroed_and_left_out() {
        let device = Device::<f64>::reference();
        let lengths = Lengths::new(&device, &[2, 0, 1], 2);
        let tape = Tape::new(&device);
        let nan = f64::NAN;
        let x = tape.leaf(device.tensor([2, 3, 1], &[1.0, nan, 2.0, 3.0, nan, nan]));
        let clean = lengths.without_padding(x);
        assert_eq!(clean.value().to_vec(), [1.0, 0.0, 2.0, 3.0, 0.0, 0.0]);
        let picked = lengths.pick(x);
        assert_eq!(picked.value().to_vec(), [1.0, 2.0, 3.0]);
        assert_eq!(lengths.spread(picked).value().to_vec()[3], 3.0);
        let gradient = tape.backward(clean.sum()).take(x).unwrap();
        assert_eq!(gradient.to_vec(), [1.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(lengths.live(1).unwrap().count(), 1);
    }

    #[test]
    fn only_what_is_no_padding_is_reversed() {
        assert_eq!(reversed(&[3, 1], 3), [4, 1, 2, 3, 0, 5]);
    }

    #[test]
    #[should_panic(expected = "lengths: row 1 has 4 steps of 3; at most 3 fit")]
    fn a_length_above_the_steps_panics() {
        Lengths::new(&Device::<f32>::reference(), &[3, 4], 3);
    }
}
