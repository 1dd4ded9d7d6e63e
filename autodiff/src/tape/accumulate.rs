//! Adding up the gradients of one value.

use kernels::{Binary, Real};

use crate::{Gradient, Shape, Tensor};

/// Panics if `gradient` does not fit input `i` of the operation `name`.
pub(super) fn check<T: Real>(name: &str, i: usize, shape: Shape, gradient: &Gradient<T>) {
    match gradient {
        Gradient::None => {}
        Gradient::Whole(whole) => assert!(
            whole.shape().broadcast(&shape) == Some(whole.shape()),
            "{name}: its backward pass gives a gradient {} for input {i} {shape}; {shape}, or what \
             it was broadcast to, would fit",
            whole.shape()
        ),
        Gradient::Part { axis, start, part } => {
            let fits = part.shape().rank() == shape.rank()
                && *axis < shape.rank()
                && part.shape().with(*axis, 1) == shape.with(*axis, 1)
                && start + part.shape().extent(*axis) <= shape.extent(*axis);
            assert!(
                fits,
                "{name}: its backward pass gives a gradient {} for input {i} {shape} from {start} \
                 on along axis {axis}, which does not lie inside",
                part.shape()
            );
        }
    }
}

/// Adds `gradient` to the sum of a value of the given shape.
pub(super) fn add<T: Real>(sum: &mut Option<Tensor<T>>, shape: Shape, gradient: Gradient<T>) {
    match gradient {
        Gradient::None => {}
        Gradient::Whole(whole) if whole.shape() == shape => add_whole(sum, whole),
        Gradient::Whole(whole) => add_whole(sum, whole.sum_to(shape)),
        Gradient::Part { axis, start, part } => match sum {
            Some(sum) => sum.add_part(axis, start, &part),
            None => {
                let mut first = part.device().zeros(shape);
                first.write(axis, start, &part);
                *sum = Some(first);
            }
        },
    }
}

/// Adds in the memory of whichever side has no other owner; both orders give the same bits.
fn add_whole<T: Real>(sum: &mut Option<Tensor<T>>, mut term: Tensor<T>) {
    let Some(old) = sum else {
        *sum = Some(term);
        return;
    };
    if old.is_unique() {
        old.add_scaled(T::one(), &term);
    } else if term.is_unique() {
        term.add_scaled(T::one(), old);
        *sum = Some(term);
    } else {
        *sum = Some(old.zip(Binary::Add, &term));
    }
}
