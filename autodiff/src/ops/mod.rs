//! The operations, one per file: formula, derivative, method of [`Var`](crate::Var), test.

mod abs;
mod add;
mod batch_norm;
mod batch_norm_fixed;
mod broadcast_to;
mod concat;
mod cross_entropy;
mod div;
mod exp;
mod gather_rows;
mod layer_norm;
mod ln;
mod log_softmax;
mod lstm_gates;
mod matmul;
mod max_axis;
mod mul;
mod neg;
mod operators;
mod relu;
mod reshape;
mod scale;
mod shift;
mod sigmoid;
mod slice;
mod split;
mod sqrt;
mod square;
mod stack;
mod sub;
mod sum_axis;
mod tanh;
mod transpose;
mod unbind;

pub use batch_norm::BatchNormalized;
