//! Settings of all benches.

use std::time::Duration;

use criterion::Criterion;
use kernels::simd::simd_report;

/// Measurements so short that all benches take ten minutes or so, under a line that says what the
/// build can do. Options of the command line go first.
pub fn criterion() -> Criterion {
    println!("{}", simd_report());
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}
