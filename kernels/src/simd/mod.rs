//! Vectors of lanes, and the functions computed on them.
//!
//! The lane width is chosen here and nowhere else: 512 bits where the build has AVX-512, else 256.

mod lanes;
pub mod math;
#[cfg(test)]
mod math_tests;
mod report;

pub use lanes::Lanes;
pub use report::{SimdReport, simd_report};

/// The vector of `f32` that kernels compute with.
#[cfg(target_feature = "avx512f")]
pub type F32 = wide::f32x16;
/// The vector of `f64` that kernels compute with.
#[cfg(target_feature = "avx512f")]
pub type F64 = wide::f64x8;
/// The vector of `f32` that kernels compute with.
#[cfg(not(target_feature = "avx512f"))]
pub type F32 = wide::f32x8;
/// The vector of `f64` that kernels compute with.
#[cfg(not(target_feature = "avx512f"))]
pub type F64 = wide::f64x4;
