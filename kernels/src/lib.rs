//! What a device can compute: slices and dimensions in, slices out.
//!
//! * [`Backend`] is the trait of a device, chosen at run time.
//! * [`Reference`] is the oracle: plain sequential loops, readable next to the formula.
//! * [`Cpu`] is fast: SIMD through `wide`, threads through `rayon`, no unsafe code.
//! * [`composed`] builds every fused operation from the few required ones, so that a new device
//!   is complete early.
//! * [`conformance`] compares any device with [`Reference`].
//!
//! Nothing here knows what a gradient is for; the backward passes are just more formulas.
#![forbid(unsafe_code)]

pub mod backend;
mod buffer;
mod check;
pub mod composed;
pub mod conformance;
mod cpu;
mod dims;
mod functions;
mod optimizer;
mod real;
mod reference;
pub mod sequence;
pub mod simd;

pub use backend::Backend;
pub use buffer::{Buffer, Indices, View, ViewMut};
pub use cpu::{Cpu, PackedMatrix, Profile, Work};
pub use dims::{Axis, Broadcast, Cells, Columns, CopyRows, Gemm, MAX_AXES, RowMoments, Rows};
pub use functions::{Binary, Reduce, Unary};
pub use optimizer::{Adam, Denominator, RmsProp, Sgd};
pub use real::Real;
pub use reference::Reference;
