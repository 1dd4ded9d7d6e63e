//! Sequences of an LSTM, forward alone and with the backward pass, as one operation and written in
//! plain ones. An element of the throughput is a time step of one example: its reciprocal is what
//! a step costs.

mod common;

use autodiff::Device;
use benches::{Course, Decay, DeviceName, Form, LstmSpec, Norm, Recurrence};
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, measurement::WallTime};

/// Both passes of one sequence.
fn passes(group: &mut BenchmarkGroup<'_, WallTime>, what: &str, name: DeviceName, mut run: Recurrence<f32>) {
    let id = BenchmarkId::new(format!("{what}-forward"), name);
    group.bench_function(id, |bencher| bencher.iter(|| run.forward()));
    let id = BenchmarkId::new(format!("{what}-forward-backward"), name);
    group.bench_function(id, |bencher| bencher.iter(|| run.forward_backward()));
}

/// Sizes of a sequence, and the devices and forms that are measured with them.
struct Size {
    name: &'static str,
    steps: usize,
    batch: usize,
    input_size: usize,
    hidden_size: usize,
    devices: &'static [DeviceName],
    forms: &'static [Form],
}

const SIZES: [Size; 3] = [
    Size {
        name: "small",
        steps: 64,
        batch: 64,
        input_size: 8,
        hidden_size: 64,
        devices: &DeviceName::CPUS,
        forms: &Form::ALL,
    },
    // Where the two forms differ most: so little work in a step that what surrounds it counts.
    Size {
        name: "pmnist",
        steps: 784,
        batch: 100,
        input_size: 1,
        hidden_size: 100,
        devices: &[DeviceName::Cpu(2)],
        forms: &Form::ALL,
    },
    // So little that the reference takes some milliseconds; it has no fused form.
    Size {
        name: "tiny",
        steps: 8,
        batch: 8,
        input_size: 4,
        hidden_size: 8,
        devices: &[DeviceName::Reference, DeviceName::Cpu(1)],
        forms: &[Form::Plain],
    },
];

fn measure(criterion: &mut Criterion, size: &Size, name: DeviceName, device: &Device<f32>) {
    let mut group = criterion.benchmark_group(format!("recurrent_step-{}", size.name));
    group.throughput(Throughput::Elements((size.steps * size.batch) as u64));
    for norm in Norm::basic() {
        for &form in size.forms {
            let spec = LstmSpec::new(size.steps, size.input_size, size.hidden_size, norm.clone());
            let sequence = Recurrence::new(device, spec, size.batch, form);
            passes(&mut group, &format!("{norm}-{form}"), name, sequence);
        }
    }
    group.finish();
}

/// Values that vanish and values that do not; the program `decay` compares them more precisely.
fn measure_decay(criterion: &mut Criterion, name: DeviceName, device: &Device<f32>) {
    let mut group = criterion.benchmark_group("recurrent_step-decay");
    group.throughput(Throughput::Elements(Decay::EXAMPLE_STEPS as u64));
    for decay in Decay::ALL {
        for course in Course::ALL {
            let sequence = decay.recurrence(course, device, Form::Fused);
            passes(&mut group, &format!("{decay}-{course}"), name, sequence);
        }
    }
    group.finish();
}

fn main() {
    for name in DeviceName::ALL {
        let (device, home) = name.open();
        // A criterion cannot move to the device's threads, so each device has its own.
        home.run(|| {
            let mut criterion = common::criterion();
            for size in SIZES.iter().filter(|size| size.devices.contains(&name)) {
                measure(&mut criterion, size, name, &device);
            }
            if DeviceName::CPUS.contains(&name) {
                measure_decay(&mut criterion, name, &device);
            }
            criterion.final_summary();
        });
    }
}
