//! The gradient of `W_h`, several steps in one product.

use super::member::Member;
use crate::Real;
use crate::cpu::gemm::PackedMatrix;
use crate::dims::Gemm;

/// Rows of a product. Adding to the gradient costs a pass over it, which is as large as `W_h`: with
/// at least as many rows as the gradient has, that is little beside the product; with far more, the
/// rows no longer stay in the cache.
fn rows(hidden: usize) -> usize {
    hidden.clamp(256, 1024)
}

/// `Σ_t h_{t−1}ᵀ da_t` with `da_t` the gradient of the recurrent term, for the own columns.
pub(super) struct RecurrentGradient<T> {
    /// Steps of one product.
    group: usize,
    /// `da` of the steps of the present group, `[group, B, 4U]`.
    pending: Vec<T>,
    /// Elements of one step.
    size: usize,
    steps: usize,
    /// `[H, 4U]`
    gradient: Vec<T>,
}

impl<T: Real> RecurrentGradient<T> {
    pub fn new(member: &Member<'_, T>) -> Self {
        let (batch, width) = (member.dims.batch, member.part.columns());
        let group = rows(member.dims.hidden).div_ceil(batch).min(member.dims.steps);
        Self {
            group,
            pending: vec![T::zero(); group * batch * width],
            size: batch * width,
            steps: member.dims.steps,
            gradient: vec![T::zero(); member.dims.hidden * width],
        }
    }

    /// Where `da` of step `t` is to be written.
    pub fn step(&mut self, t: usize) -> &mut [T] {
        let slot = t % self.group;
        &mut self.pending[slot * self.size..(slot + 1) * self.size]
    }

    /// After step `t`, going backward: multiplies if the group is complete. `h` is `[T, B, H]`.
    pub fn finish_step(&mut self, t: usize, member: &Member<'_, T>, h: &[T]) {
        if !t.is_multiple_of(self.group) {
            return;
        }
        let steps = self.group.min(self.steps - t);
        let pending = &self.pending[..steps * self.size];
        let states = member.dims.batch * member.dims.hidden;
        if t > 0 {
            let previous = &h[(t - 1) * states..(t - 1 + steps) * states];
            multiply(member, steps, previous, pending, &mut self.gradient);
        } else {
            let (first, rest) = pending.split_at(self.size);
            multiply(
                member,
                steps - 1,
                &h[..(steps - 1) * states],
                rest,
                &mut self.gradient,
            );
            multiply(member, 1, member.h_0, first, &mut self.gradient);
        }
    }

    pub fn into_gradient(self) -> Vec<T> {
        self.gradient
    }
}

fn multiply<T: Real>(member: &Member<'_, T>, steps: usize, h: &[T], da: &[T], gradient: &mut [T]) {
    if steps == 0 {
        return;
    }
    let dims = Gemm {
        transpose_a: true,
        accumulate: true,
        ..Gemm::new(
            member.dims.hidden,
            steps * member.dims.batch,
            member.part.columns(),
        )
    };
    let packed = PackedMatrix::new(dims, da);
    packed.multiply(dims, h, gradient);
    packed.recycle();
}
