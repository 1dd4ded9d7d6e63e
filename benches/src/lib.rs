//! What the benches measure: matrix products by this project and by others, and training steps.
//!
//! `cargo bench -p benches` measures everything in a few minutes; `--bench gemm` or
//! `--bench train_step` one of the two. The machine should have nothing else to do meanwhile.
#![forbid(unsafe_code)]

pub mod peak;
pub mod product;
pub mod train_step;

pub use product::{Contender, Product};
pub use train_step::{LossOn, Norm, Phases, Reads, TrainStep, TrainStepConfig};
