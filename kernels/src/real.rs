//! The element types: `f32` and `f64`.

use std::fmt::{Debug, Display};
use std::sync::Arc;

use bytemuck::Pod;
use num_traits::{Float, FromPrimitive, NumAssign};

use crate::backend::Backend;
use crate::simd::Lanes;
use crate::{Cpu, Reference};

/// Repeats items for each element type, which they call `T`.
///
/// A device's methods are compiled here once and for all; were they generic, every program that
/// uses the device would compile all of them again.
macro_rules! for_every_real {
    ($($item:item)*) => {
        const _: () = {
            type T = f32;
            $($item)*
        };
        const _: () = {
            type T = f64;
            $($item)*
        };
    };
}
pub(crate) use for_every_real;

/// A floating-point element type, `f32` or `f64`.
pub trait Real: Float + NumAssign + FromPrimitive + Pod + Default + Debug + Display + Send + Sync {
    /// The vector type that kernels compute with.
    type Lanes: Lanes<Elem = Self>;

    /// Name of the type, as configurations and reports spell it.
    const NAME: &'static str;

    /// Cells and gradients smaller than this are flushed to zero where a recurrence produces them.
    ///
    /// What vanishes otherwise decays into denormal numbers, which many processors handle an order
    /// of magnitude more slowly. The bound lies far above the smallest normal number, so
    /// that products of a value that was kept with ordinary weights stay normal as well.
    const TINY: Self;

    /// The oracle, for elements of this type.
    fn reference() -> Arc<dyn Backend<Self>>;

    /// A processor, for elements of this type.
    fn cpu(cpu: Cpu) -> Arc<dyn Backend<Self>>;

    /// The nearest value of this type.
    fn of(value: f64) -> Self;

    /// The value as `f64`, exactly.
    fn as_f64(self) -> f64;
}

impl Real for f32 {
    type Lanes = crate::simd::F32;
    const NAME: &'static str = "f32";
    const TINY: Self = 1e-30;

    fn reference() -> Arc<dyn Backend<Self>> {
        Arc::new(Reference)
    }

    fn cpu(cpu: Cpu) -> Arc<dyn Backend<Self>> {
        Arc::new(cpu)
    }

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

    fn reference() -> Arc<dyn Backend<Self>> {
        Arc::new(Reference)
    }

    fn cpu(cpu: Cpu) -> Arc<dyn Backend<Self>> {
        Arc::new(cpu)
    }

    fn of(value: f64) -> Self {
        value
    }

    fn as_f64(self) -> f64 {
        self
    }
}
