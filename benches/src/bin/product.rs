//! Matrix products against what the machine can do, measured right before and after each of them.
//!
//! `cargo run --release -p benches --bin product`
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

use bench_peers::Element;
use benches::noise::noise;
use benches::peak::peak_flops;
use benches::times::median;
use benches::{Contender, DeviceName, Peer, Product};
use clap::Parser;
use kernels::simd::simd_report;
use kernels::{Gemm, PackedMatrix, Real};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// How long a product is computed before it is timed, and how long it is timed.
const WARM_UP: Duration = Duration::from_millis(100);
const MEASUREMENT: Duration = Duration::from_millis(500);

/// Times a large product in `f32` and `f64`, by this project and by others (OpenBLAS among them if
/// built with `--features openblas`), and the products of recurrent layers with a weight that is
/// packed once, on one thread.
#[derive(Debug, Parser)]
struct Cli {
    /// Threads of the large products.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1024))]
    threads: u32,
}

fn main() {
    let threads = Cli::parse().threads as usize;
    println!("{}", simd_report());
    println!(
        "{:<16} {:<8} {:<12} {:>7} {:>10} {:>8} {:>8} {:>8}",
        "product", "elements", "by", "threads", "median, ms", "GFLOP/s", "peak", "fraction"
    );
    large::<f32>(threads);
    // Forward, `h W_h`, and backward to the state, `dz W_hᵀ`, for 100 units and for 1000.
    packed::<f32>(Gemm::new(100, 100, 400));
    packed::<f32>(Gemm::new(64, 1000, 4000));
    packed::<f32>(transposed_b(64, 4000, 1000));
    packed::<f32>(transposed_b(100, 400, 100));
    large::<f64>(threads);
}

fn transposed_b(m: usize, k: usize, n: usize) -> Gemm {
    Gemm {
        transpose_b: true,
        ..Gemm::new(m, k, n)
    }
}

/// The square product of 1024 rows by everyone who has threads.
fn large<T: Element>(threads: usize) {
    let dims = Gemm::new(1024, 1024, 1024);
    let contenders = [
        Contender::Device(DeviceName::Cpu(threads)),
        Contender::Peer(Peer::Gemm(threads)),
        #[cfg(feature = "openblas")]
        Contender::Peer(Peer::OpenBlas(threads)),
    ];
    for contender in contenders {
        let mut product = Product::<T>::new(contender, dims);
        print_row::<T>(dims, &contender.to_string(), threads, || product.run());
    }
}

/// A product whose right operand is packed beforehand, on this thread.
fn packed<T: Real>(dims: Gemm) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let a = noise::<T>(dims.m * dims.k, &mut rng);
    let b = PackedMatrix::new(dims, &noise(dims.k * dims.n, &mut rng));
    let mut c = vec![T::zero(); dims.m * dims.n];
    print_row::<T>(dims, "packed", 1, || b.multiply(dims, &a, &mut c));
}

/// Measures `product` and the peak.
fn print_row<T: Real>(dims: Gemm, by: &str, threads: usize, product: impl FnMut()) {
    let before = peak_flops::<T>(threads);
    let median_ms = median_ms(product);
    let peak = 1e-9 * before.max(peak_flops::<T>(threads));
    let gflops = 1e-6 * dims.flops() / median_ms;
    println!(
        "{:<16} {:<8} {by:<12} {threads:>7} {median_ms:>10.4} {gflops:>8.1} {peak:>8.1} {:>8.3}",
        format!("{}x{}x{}", dims.m, dims.k, dims.n),
        T::NAME,
        gflops / peak
    );
}

/// Median time of one call of `run`, in milliseconds.
fn median_ms(mut run: impl FnMut()) -> f64 {
    times(&mut run, WARM_UP);
    median(&mut times(&mut run, MEASUREMENT))
}

/// Times of as many calls as fit into `duration`, but of one at least, in milliseconds.
fn times(run: &mut impl FnMut(), duration: Duration) -> Vec<f64> {
    let begin = Instant::now();
    let mut times = Vec::new();
    loop {
        let start = Instant::now();
        run();
        times.push(1e3 * start.elapsed().as_secs_f64());
        if begin.elapsed() >= duration {
            return times;
        }
    }
}
