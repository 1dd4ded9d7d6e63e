//! What the machine can do: multiply-adds that never leave the registers.

use std::hint::black_box;
use std::time::Instant;

use kernels::Real;
use kernels::simd::Lanes;

/// Independent sums: enough to hide the latency of a multiply-add, which takes four cycles or five
/// where two begin in each, and so few that they stay in the registers along with the factor.
/// AVX-512 has 32 of them, AVX2 has 16.
const SUMS: usize = if cfg!(target_feature = "avx512f") { 24 } else { 12 };
const TURNS: usize = 4_000_000;
const REPEATS: usize = 5;

/// Best rate over several repeats with `threads` threads at once, in floating-point operations a
/// second: a multiply-add counts as two. Threads beyond the processor's own add nothing to it, so
/// no more than those are started.
pub fn peak_flops<T: Real>(threads: usize) -> f64 {
    let threads = std::thread::available_parallelism().map_or(threads, |own| threads.min(own.get()));
    (0..REPEATS).map(|_| once::<T>(threads)).fold(0.0, f64::max)
}

fn once<T: Real>(threads: usize) -> f64 {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| black_box(multiply_add::<T>(black_box(T::of(0.999)))));
        }
    });
    let operations = 2 * threads * TURNS * SUMS * T::Lanes::N;
    operations as f64 / start.elapsed().as_secs_f64()
}

fn multiply_add<T: Real>(factor: T) -> T {
    let factor = T::Lanes::splat(factor);
    let mut sums: [T::Lanes; SUMS] = std::array::from_fn(|i| T::Lanes::constant(i as f64));
    for _ in 0..TURNS {
        for sum in &mut sums {
            *sum = factor.mul_add(*sum, factor);
        }
    }
    sums.into_iter()
        .fold(T::Lanes::constant(0.0), |total, sum| total + sum)
        .sum()
}
