//! Gradient clipping.

use autodiff::Tensor;
use kernels::{Axis, Binary, Real, Reduce, Unary};

use crate::context::ParamGradients;

/// Scales all gradients together so that their joint L2 norm is at most `max_norm`, by the factor
/// `min(1, max_norm / (norm + 1e-6))`, and returns the norm before, `[1]`.
///
/// Nothing is copied to the host: the factor stays on the device.
///
/// # Panics
/// If there is no gradient at all.
#[track_caller]
pub fn clip_global_norm<T: Real>(gradients: &mut ParamGradients<T>, max_norm: T) -> Tensor<T> {
    let mut squares = gradients.iter().map(sum_squares);
    let mut total = squares.next().expect("clip_global_norm: no gradients");
    for square in squares {
        total.add_scaled(T::one(), &square);
    }
    let factor = total.map(Unary::ClipFactor(max_norm));
    for gradient in gradients.iter_mut() {
        gradient.zip_in_place(Binary::Mul, &factor);
    }
    total.map(Unary::Sqrt)
}

fn sum_squares<T: Real>(x: &Tensor<T>) -> Tensor<T> {
    let mut sum = x.device().empty([1]);
    let dims = Axis {
        outer: 1,
        axis: x.len(),
        inner: 1,
    };
    x.device()
        .backend()
        .reduce(Reduce::SumSquares, dims, x.view(), sum.view_mut());
    sum
}
