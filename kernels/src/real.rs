//! The element types: `f32` and `f64`.

use std::fmt::{Debug, Display};

use bytemuck::Pod;
use num_traits::{Float, FromPrimitive, NumAssign};

use crate::simd::Lanes;

/// A floating-point element type, `f32` or `f64`.
pub trait Real: Float + NumAssign + FromPrimitive + Pod + Default + Debug + Display + Send + Sync {
    /// The vector type that kernels compute with.
    type Lanes: Lanes<Elem = Self>;

    /// Name of the type, as configurations and reports spell it.
    const NAME: &'static str;

    /// Gradients smaller than this are flushed to zero where a recurrence produces them.
    ///
    /// A vanishing gradient otherwise decays into denormal numbers, which many processors handle
    /// an order of magnitude more slowly. The bound lies far above the smallest normal number, so
    /// that products of a value that was kept with ordinary weights stay normal as well.
    const TINY: Self;

    /// The nearest value of this type.
    fn of(value: f64) -> Self;

    /// The value as `f64`, exactly.
    fn as_f64(self) -> f64;
}

impl Real for f32 {
    type Lanes = crate::simd::F32;
    const NAME: &'static str = "f32";
    const TINY: Self = 1e-30;

    fn of(value: f64) -> Self {
        value as f32
    }

    fn as_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    type Lanes = crate::simd::F64;
    const NAME: &'static str = "f64";
    const TINY: Self = 1e-290;

    fn of(value: f64) -> Self {
        value
    }

    fn as_f64(self) -> f64 {
        self
    }
}
