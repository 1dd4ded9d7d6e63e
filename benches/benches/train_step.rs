//! One training step of an LSTM classifier, for each normalization. An element of the throughput
//! is a time step of one example.

mod common;

use benches::{DeviceName, Norm, TrainStep, TrainStepConfig};
use criterion::{BenchmarkId, Criterion, Throughput};

/// Training steps of one size on several devices.
fn measure(criterion: &mut Criterion, size: &str, config: TrainStepConfig, devices: &[DeviceName]) {
    let mut group = criterion.benchmark_group(format!("train_step-{size}"));
    group.throughput(Throughput::Elements((config.steps * config.batch) as u64));
    for &name in devices {
        let device = name.device::<f32>();
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
    measure(&mut criterion, "small", TrainStepConfig::SMALL, &DeviceName::CPUS);
    let tiny = [DeviceName::Reference, DeviceName::Cpu(1)];
    measure(&mut criterion, "tiny", TrainStepConfig::TINY, &tiny);
    criterion.final_summary();
}
