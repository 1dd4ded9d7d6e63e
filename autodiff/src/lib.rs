//! What a gradient is: [`Tensor`], [`Tape`], [`Var`], one file per operation, and [`gradcheck`].
//!
//! Shapes are written in letters: `B` batch, `T` time, `D` input, `H` hidden, `F` features,
//! `V` vocabulary, `C` classes. Sequences are time-major `[T, B, D]`; weights are `[in, out]`, a
//! row vector times a matrix.
//!
//! ```
//! use autodiff::{Device, Tape};
//!
//! let device = Device::<f64>::reference();
//! let tape = Tape::new(&device);
//! let x = tape.leaf(device.tensor([3], &[1.0, 2.0, 3.0]));
//! let loss = (x * x).sum();
//! let gradients = tape.backward(loss);
//! assert_eq!(gradients.get(x).unwrap().to_vec(), [2.0, 4.0, 6.0]);
//! ```
//!
//! An operation of one's own implements [`Op`], whose backward pass is required, and goes onto
//! the tape with [`Tape::record`]. Nothing here knows what a layer is.
#![forbid(unsafe_code)]

mod check;
mod device;
mod gradcheck;
mod op;
mod ops;
mod shape;
mod tape;
mod tensor;
#[cfg(test)]
mod testing;

pub use device::{Device, PoolStatistics};
pub use gradcheck::{Comparison, GradCheck, gradcheck, values};
pub use op::{Backward, Forward, Gradient, Op};
pub use ops::{BatchNormalized, LstmSequence, SequenceMoments, SequenceNorm, SequenceStates, SequenceTerm};
pub use shape::Shape;
pub use tape::{Gradients, Tape, Var};
pub use tensor::Tensor;
