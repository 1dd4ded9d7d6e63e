//! The device that a command computes on.

use autodiff::Device;
use kernels::simd::simd_report;
use kernels::{Cpu, Real};

/// A kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DeviceKind {
    /// SIMD and threads.
    Cpu,
    /// Plain sequential loops: slow, and the measure of all others.
    Reference,
}

impl DeviceKind {
    /// Its name in options.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Reference => "reference",
        }
    }
}

/// A kind of device with its number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceChoice {
    /// What computes.
    pub kind: DeviceKind,
    /// With how many threads. Results do not depend on it.
    pub threads: usize,
}

impl DeviceChoice {
    /// Opens the device.
    pub fn open<T: Real>(self) -> Device<T> {
        Device::new(match self.kind {
            DeviceKind::Cpu => T::cpu(Cpu::new(self.threads)),
            DeviceKind::Reference => T::reference(),
        })
    }

    /// What each of `workers` uses that compute side by side.
    pub fn share(self, workers: usize) -> Self {
        Self {
            threads: (self.threads / workers).max(1),
            ..self
        }
    }

    /// One line that says what computes.
    pub fn describe(self) -> String {
        let device = match self.kind {
            DeviceKind::Cpu => self.kind.name(),
            DeviceKind::Reference => "reference (plain loops, one thread a run)",
        };
        let plural = if self.threads == 1 { "" } else { "s" };
        format!(
            "device {device}, {} thread{plural}, SIMD {}",
            self.threads,
            simd_report()
        )
    }
}

/// Number of threads that the machine offers this process.
pub fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
