//! What the benches measure: matrix products by this project and by others, normalizations,
//! activations, sequences of an LSTM, and training steps.
//!
//! `cargo bench -p benches` measures everything in ten minutes or so; with `--bench` and `gemm`,
//! `norm`, `activations`, `recurrent_step` or `train_step`, one of them. The machine should have
//! nothing else to do meanwhile. `--features openblas` brings OpenBLAS in, which has to be
//! installed: see [`bench_peers`].
//!
//! Three programs measure by themselves, as `cargo run --release -p benches --bin NAME`: `product`,
//! the matrix products of a recurrence and large ones, and `train_step`, a training step, both
//! against what the machine can do; and `decay`, whether sequences stay fast as their values vanish.
#![forbid(unsafe_code)]

pub mod device;
pub mod lstm;
pub mod noise;
pub mod peak;
pub mod product;
pub mod recurrence;
pub mod times;
pub mod train_step;

pub use device::DeviceName;
pub use lstm::{LstmSpec, Norm};
pub use product::{Contender, Peer, Product};
pub use recurrence::{Course, Decay, Form, Recurrence};
pub use train_step::{LossOn, Phases, Reads, TrainStep, TrainStepConfig};
