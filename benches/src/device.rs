//! The devices that are compared.

use std::fmt;
use std::sync::Arc;

use autodiff::Device;
use kernels::{Backend, Cpu, Real};

/// A device as the results name it: `reference`, `cpu-1`, `cpu-2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceName {
    /// [`kernels::Reference`].
    Reference,
    /// [`Cpu`] with a number of threads.
    Cpu(usize),
}

impl DeviceName {
    /// All that are compared where a call of the slowest takes some milliseconds at most.
    pub const ALL: [Self; 3] = [Self::Reference, Self::Cpu(1), Self::Cpu(2)];
    /// Those that are meant to be fast.
    pub const CPUS: [Self; 2] = [Self::Cpu(1), Self::Cpu(2)];

    /// What computes.
    ///
    /// # Panics
    /// If it is to have 0 threads.
    #[track_caller]
    pub fn backend<T: Real>(self) -> Arc<dyn Backend<T>> {
        match self {
            Self::Reference => T::reference(),
            Self::Cpu(threads) => T::cpu(Cpu::new(threads)),
        }
    }

    /// The same for tensors.
    ///
    /// # Panics
    /// If it is to have 0 threads.
    #[track_caller]
    pub fn device<T: Real>(self) -> Device<T> {
        Device::new(self.backend())
    }

    /// The device, and what runs work where its operations start other threads at the lowest cost,
    /// as a training loop does.
    ///
    /// # Panics
    /// If it is to have 0 threads.
    #[track_caller]
    pub fn open<T: Real>(self) -> (Device<T>, Home) {
        match self {
            Self::Reference => (self.device(), Home(None)),
            Self::Cpu(threads) => {
                let cpu = Cpu::new(threads);
                (Device::new(T::cpu(cpu.clone())), Home(Some(cpu)))
            }
        }
    }
}

/// Where a device's work runs.
#[derive(Clone, Debug)]
pub struct Home(Option<Cpu>);

impl Home {
    /// Runs `f` there.
    pub fn run<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        match &self.0 {
            Some(cpu) => cpu.install(f),
            None => f(),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reference => f.write_str("reference"),
            Self::Cpu(threads) => write!(f, "cpu-{threads}"),
        }
    }
}
