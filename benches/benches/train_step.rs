//! One training step of an LSTM classifier, for each normalization. An element of the throughput
//! is a time step of one example.

mod common;

use std::sync::Arc;

use autodiff::Device;
use benches::{Norm, TrainStep, TrainStepConfig};
use criterion::{BenchmarkId, Criterion, Throughput};
use kernels::{Backend, Cpu, Reference};

/// Training steps of one size on several devices, by their names.
fn measure(
    criterion: &mut Criterion,
    size: &str,
    config: TrainStepConfig,
    devices: &[(&str, Arc<dyn Backend<f32>>)],
) {
    let mut group = criterion.benchmark_group(format!("train_step-{size}"));
    group.throughput(Throughput::Elements((config.steps * config.batch) as u64));
    for (name, backend) in devices {
        let device = Device::new(Arc::clone(backend));
        for norm in Norm::ALL {
            let mut step = TrainStep::new(&device, config, norm);
            let id = BenchmarkId::new(norm.to_string(), name);
            group.bench_function(id, |bencher| bencher.iter(|| step.run()));
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = common::criterion();
    let cpu = |threads| -> Arc<dyn Backend<f32>> { Arc::new(Cpu::new(threads)) };
    let small = [("cpu-1", cpu(1)), ("cpu-2", cpu(2))];
    measure(&mut criterion, "small", TrainStepConfig::SMALL, &small);
    let tiny = [("reference", Arc::new(Reference) as _), ("cpu-1", cpu(1))];
    measure(&mut criterion, "tiny", TrainStepConfig::TINY, &tiny);
    criterion.final_summary();
}
