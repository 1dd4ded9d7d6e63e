//! What the build can do, against what the processor can do.

use std::fmt;

use super::{F32, F64, Lanes};

/// The instruction set that was compiled in, and whether the processor has a better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimdReport {
    /// Instruction set of this build.
    pub compiled: &'static str,
    /// Best instruction set of this processor.
    pub available: &'static str,
    /// Lanes of an `f32` vector.
    pub f32_lanes: usize,
    /// Lanes of an `f64` vector.
    pub f64_lanes: usize,
    /// Whether multiply-add is one instruction, and rounds once.
    pub fused_multiply_add: bool,
}

impl SimdReport {
    /// Whether another build would be faster on this processor.
    pub fn leaves_speed(&self) -> bool {
        self.compiled != self.available
    }
}

impl fmt::Display for SimdReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (f32x{}, f64x{})",
            self.compiled, self.f32_lanes, self.f64_lanes
        )?;
        if self.leaves_speed() {
            write!(
                f,
                "; the processor has {}: build with RUSTFLAGS=\"-C target-cpu=native\"",
                self.available
            )?;
        }
        Ok(())
    }
}

/// Looks at the build and at the processor.
pub fn simd_report() -> SimdReport {
    SimdReport {
        compiled: compiled(),
        available: available(),
        f32_lanes: F32::N,
        f64_lanes: F64::N,
        fused_multiply_add: cfg!(any(target_feature = "fma", target_arch = "aarch64")),
    }
}

fn compiled() -> &'static str {
    if cfg!(target_feature = "avx512f") {
        "AVX-512"
    } else if cfg!(all(target_feature = "avx2", target_feature = "fma")) {
        "AVX2+FMA"
    } else if cfg!(target_feature = "avx") {
        "AVX"
    } else if cfg!(target_arch = "x86_64") {
        "SSE2"
    } else if cfg!(target_arch = "aarch64") {
        "NEON"
    } else {
        "portable"
    }
}

#[cfg(target_arch = "x86_64")]
fn available() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        "AVX-512"
    } else if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        "AVX2+FMA"
    } else if std::arch::is_x86_feature_detected!("avx") {
        "AVX"
    } else {
        "SSE2"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn available() -> &'static str {
    compiled()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_for_less_than_the_processor_says_so() {
        let report = SimdReport {
            compiled: "SSE2",
            available: "AVX-512",
            f32_lanes: 8,
            f64_lanes: 4,
            fused_multiply_add: false,
        };
        assert!(report.leaves_speed());
        assert!(report.to_string().contains("target-cpu=native"));
    }

    #[test]
    fn this_build_is_the_best_for_this_machine() {
        assert!(!simd_report().leaves_speed(), "{}", simd_report());
    }
}
