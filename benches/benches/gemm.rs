//! Matrix products against the crates `gemm` and `matrixmultiply`, and against OpenBLAS with the
//! feature `openblas`. An element of the throughput is a floating-point operation: `Gelem/s` are
//! GFLOP/s.

mod common;

use bench_peers::Element;
use benches::{Contender, DeviceName, Product};
use criterion::{BenchmarkId, Criterion, Throughput};
use kernels::Gemm;

/// A name, and dimensions.
type Shape = (&'static str, Gemm);

/// The largest product that the reference computes, in floating-point operations: it takes some
/// milliseconds for them.
const REFERENCE_FLOPS: f64 = 1e7;

/// A large square product, and the products of recurrent layers: of one time step forward,
/// `h W_h`, backward to the state, `dz W_hᵀ`, and backward to the weight, `hᵀ dz`.
fn shapes() -> [Shape; 6] {
    let backward = Gemm {
        transpose_b: true,
        ..Gemm::new(64, 4000, 1000)
    };
    let weight = Gemm {
        transpose_a: true,
        ..Gemm::new(1000, 64, 4000)
    };
    [
        ("1024x1024x1024", Gemm::new(1024, 1024, 1024)),
        ("100x100x400", Gemm::new(100, 100, 400)),
        ("64x64x256", Gemm::new(64, 64, 256)),
        ("64x1000x4000", Gemm::new(64, 1000, 4000)),
        ("64x4000x1000-transposed-b", backward),
        ("1000x64x4000-transposed-a", weight),
    ]
}

fn compare<T: Element>(criterion: &mut Criterion, shapes: &[Shape]) {
    let mut group = criterion.benchmark_group(format!("gemm-{}", T::NAME));
    for &(name, dims) in shapes {
        group.throughput(Throughput::Elements(dims.flops() as u64));
        for &contender in Contender::ALL {
            if contender == Contender::Device(DeviceName::Reference) && dims.flops() > REFERENCE_FLOPS {
                continue;
            }
            let mut product = Product::<T>::new(contender, dims);
            let id = BenchmarkId::new(name, contender);
            group.bench_function(id, |bencher| bencher.iter(|| product.run()));
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = common::criterion();
    compare::<f32>(&mut criterion, &shapes());
    let squares = [
        ("512x512x512", Gemm::new(512, 512, 512)),
        ("1024x1024x1024", Gemm::new(1024, 1024, 1024)),
    ];
    compare::<f64>(&mut criterion, &squares);
    criterion.final_summary();
}
