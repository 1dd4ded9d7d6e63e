//! One training step of an LSTM classifier, for each normalization. An element of the throughput
//! is a time step of one example.

mod common;

use autodiff::Device;
use benches::{DeviceName, Norm, TrainStep, TrainStepConfig};
use criterion::{BenchmarkId, Criterion, Throughput};

/// A name, sizes, and the devices that are measured with them.
type Size = (&'static str, TrainStepConfig, &'static [DeviceName]);

const SIZES: [Size; 2] = [
    ("small", TrainStepConfig::SMALL, &DeviceName::CPUS),
    (
        "tiny",
        TrainStepConfig::TINY,
        &[DeviceName::Reference, DeviceName::Cpu(1)],
    ),
];

/// Training steps of one size on one device.
fn measure(criterion: &mut Criterion, (size, config, _): Size, name: DeviceName, device: &Device<f32>) {
    let mut group = criterion.benchmark_group(format!("train_step-{size}"));
    group.throughput(Throughput::Elements((config.steps * config.batch) as u64));
    for norm in Norm::basic() {
        let mut step = TrainStep::new(device, config, norm.clone());
        let id = BenchmarkId::new(norm.to_string(), name);
        group.bench_function(id, |bencher| bencher.iter(|| step.run()));
    }
    group.finish();
}

fn main() {
    for name in DeviceName::ALL {
        let (device, home) = name.open();
        // A criterion cannot move to the device's threads, so each device has its own.
        home.run(|| {
            let mut criterion = common::criterion();
            for size in SIZES
                .into_iter()
                .filter(|(_, _, devices)| devices.contains(&name))
            {
                measure(&mut criterion, size, name, &device);
            }
            criterion.final_summary();
        });
    }
}
