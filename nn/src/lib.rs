//! What models are made of: parameters, initializers, layers, cells, normalizers, losses,
//! optimizers, data and checkpoints. Knows no experiment.
//!
//! A layer holds ids and settings; its tensors are in a [`params::ParamStore`], and its forward
//! pass gets a [`context::Context`]: tape, store, mode, randomness.
//!
//! ```
//! use autodiff::{Device, Tape};
//! use nn::context::{Context, Mode};
//! use nn::init::Initializer;
//! use nn::linear::Linear;
//! use nn::optimizer::{Optimizer, OptimizerConfig};
//! use nn::params::{ParamStore, Scope};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! let device = Device::<f32>::reference();
//! let mut rng = ChaCha8Rng::seed_from_u64(1);
//! let mut store = ParamStore::new(&device);
//! let layer = Linear::new(&mut Scope::new(&mut store, &mut rng), 3, 2, &Initializer::Glorot);
//! let sgd = OptimizerConfig::Sgd { learning_rate: 0.1, momentum: 0.9 };
//! let mut optimizer = Optimizer::new(sgd, &store);
//! let (x, targets) = (device.full([4, 3], 1.0), device.indices(&[0, 1, 1, 1]));
//! let mut tape = Tape::new(&device);
//! let mut losses = Vec::new();
//! for _ in 0..20 {
//!     let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
//!     let logits = layer.forward(&mut context, tape.constant(x.clone()));
//!     let loss = logits.cross_entropy(&targets);
//!     losses.push(loss.value().item());
//!     let gradients = context.param_gradients(tape.backward(loss));
//!     optimizer.step(&mut store, &gradients);
//!     tape.clear();
//! }
//! assert!(losses[19] < losses[0]);
//! ```
#![forbid(unsafe_code)]

pub mod attention;
pub mod cell;
pub mod check;
pub mod checkpoint;
pub mod clip;
pub mod context;
pub mod data;
pub mod files;
pub mod init;
pub mod lengths;
pub mod linear;
pub mod loss;
pub mod norm;
pub mod optimizer;
pub mod params;
pub mod regularization;
pub mod tensors;
pub mod torch;
pub mod watch;
