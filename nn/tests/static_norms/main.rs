//! Normalizations that measure no moments of activations, in whole cells: weight normalization,
//! cosine normalization, normalization propagation, dynamic tanh.

mod fused;
mod gradients;
mod properties;
mod support;
