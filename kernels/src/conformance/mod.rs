//! Tells whether a device computes what [`Reference`] computes.
//!
//! [`check`] runs everything; a function per family of operations runs a part. Cases are drawn
//! with a fixed seed, so a failure repeats: sizes 0, 1, odd, and next to the sizes of vectors and
//! register tiles; NaN, infinities, denormals, large magnitudes, and a mean of 1e6 with a spread
//! of 1e-3.
//!
//! What is demanded:
//! * Results lie within a bound of those of `Reference` in `f64`, which is derived from the
//!   roundings that the operation needs and from its conditioning, and stated where it is used.
//! * NaN comes out where, and only where, it does there; an overflow is the right infinity.
//! * Outputs are filled with NaN before the call, and with another value before a second call,
//!   which must give the same bits: nothing is read, nothing is left out.
//! * Every operand is a part of a larger buffer, whose other elements stay as they are.
//!
//! ```
//! kernels::conformance::check::<f32>(&kernels::Reference);
//! ```
//!
//! # Panics
//! All functions panic at the first difference with the operation, its dimensions, the operand,
//! the index, what came out, what was wanted and the error that would have been allowed.
//!
//! [`Reference`]: crate::Reference

mod batch_norm;
mod bound;
mod elementwise;
mod gemm;
mod host;
mod log_softmax;
mod loss;
mod lstm;
mod memory;
mod optimizer;
mod reduce;
mod required;
mod row_norm;
mod values;

pub use batch_norm::batch_norm;
pub use elementwise::elementwise;
pub use gemm::gemm;
pub use loss::loss;
pub use lstm::lstm;
pub use memory::memory;
pub use optimizer::optimizer;
pub use reduce::reduce;
pub use required::Required;
pub use row_norm::row_norm;

use crate::Real;
use crate::backend::Backend;

/// Checks all operations of a device.
pub fn check<T: Real>(backend: &dyn Backend<T>) {
    memory(backend);
    elementwise(backend);
    gemm(backend);
    reduce(backend);
    batch_norm(backend);
    row_norm(backend);
    lstm(backend);
    loss(backend);
    optimizer(backend);
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wrong;
