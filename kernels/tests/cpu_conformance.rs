//! The fast device against the oracle, alone and with several threads.

use kernels::{Cpu, conformance};

#[test]
fn cpu_conforms_in_single_precision() {
    conformance::check::<f32>(&Cpu::new(1));
    conformance::check::<f32>(&Cpu::new(3));
}

#[test]
fn cpu_conforms_in_double_precision() {
    conformance::check::<f64>(&Cpu::new(1));
    conformance::check::<f64>(&Cpu::new(2));
}

#[test]
fn operations_composed_on_the_cpu_conform() {
    conformance::check::<f32>(&conformance::Required(Cpu::new(2)));
}
