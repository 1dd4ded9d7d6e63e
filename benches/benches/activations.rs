//! Elementwise functions of gates and cells, and their gradients from the returned values. An
//! element of the throughput is an element of the result.

mod common;

use autodiff::Tensor;
use benches::DeviceName;
use benches::noise::noise;
use criterion::{BenchmarkId, Criterion, Throughput};
use kernels::{Binary, Broadcast, Real, Unary};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// The states of 1000 units for 64 examples, and a little more.
const LEN: usize = 1 << 16;

/// What is measured.
enum Function<T> {
    Value(Unary<T>),
    Gradient(Binary),
}

fn functions<T: Real>() -> [(&'static str, Function<T>); 5] {
    [
        ("exp", Function::Value(Unary::Exp)),
        ("tanh", Function::Value(Unary::Tanh)),
        ("sigmoid", Function::Value(Unary::Sigmoid)),
        ("tanh-backward", Function::Gradient(Binary::TanhGrad)),
        ("sigmoid-backward", Function::Gradient(Binary::SigmoidGrad)),
    ]
}

fn measure<T: Real>(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("activations-{}", T::NAME));
    group.throughput(Throughput::Elements(LEN as u64));
    for name in DeviceName::ALL {
        let device = name.device::<T>();
        let backend = device.backend();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        // From the linear part of tanh and σ far into their flat parts.
        let x = device
            .tensor([LEN], &noise(LEN, &mut rng))
            .map(Unary::Scale(T::of(10.0)));
        let dy = device.tensor([LEN], &noise(LEN, &mut rng));
        let values: Tensor<T> = x.map(Unary::Sigmoid);
        let mut y = device.zeros([LEN]);
        for (function, which) in functions() {
            let id = BenchmarkId::new(function, name);
            group.bench_function(id, |bencher| match which {
                Function::Value(f) => bencher.iter(|| backend.map(f, x.view(), y.view_mut())),
                Function::Gradient(f) => {
                    let dims = Broadcast::same(LEN);
                    bencher.iter(|| backend.zip(f, &dims, dy.view(), values.view(), y.view_mut()));
                }
            });
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = common::criterion();
    measure::<f32>(&mut criterion);
    measure::<f64>(&mut criterion);
    criterion.final_summary();
}
