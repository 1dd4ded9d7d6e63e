//! Normalization of columns over the batch: each thread has all rows of its own.

use super::part::starts;
use super::source::Block;
use crate::Real;
use crate::cpu::batch_norm::finite_or_zero;
use crate::simd::Lanes;

/// What a site does to its columns at one step: `(x − mean) · scale`, and for the gradient
/// `dx = scale · dy − offset − slope · (x − mean)`.
pub(super) struct Affine<T> {
    pub mean: Vec<T>,
    pub scale: Vec<T>,
    pub offset: Vec<T>,
    pub slope: Vec<T>,
}

impl<T: Real> Affine<T> {
    /// No normalization: a mean of 0 and a scale of 1.
    pub fn identity(width: usize) -> Self {
        Self::scaled(vec![T::one(); width])
    }

    /// A mean of 0 and the given scale.
    pub fn scaled(scale: Vec<T>) -> Self {
        let zeros = || vec![T::zero(); scale.len()];
        Self {
            mean: zeros(),
            offset: zeros(),
            slope: zeros(),
            scale,
        }
    }
}

/// Which moments a normalization takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// Of each column over the batch.
    Batch,
    /// Of each column, given.
    Given,
    /// Of each row over the features.
    Features,
}

/// Parameters of a normalization, for the own columns.
pub(super) struct Norm<T> {
    pub gamma: Vec<T>,
    pub beta: Option<Vec<T>>,
    pub epsilon: T,
    pub over: Over,
}

impl<T: Real> Norm<T> {
    /// `scale = gamma / √(var + ε)` and the mean, from the moments of columns.
    pub fn prepare(&self, mean: &[T], var: &[T], affine: &mut Affine<T>) {
        affine.mean.copy_from_slice(mean);
        let epsilon = T::Lanes::splat(self.epsilon);
        for j in starts::<T::Lanes>(mean.len()) {
            let deviation = (T::Lanes::load(&var[j..]) + epsilon).sqrt();
            (T::Lanes::load(&self.gamma[j..]) / deviation).store(&mut affine.scale[j..]);
        }
    }

    /// What the sums over the batch, `Σ dy` and `Σ dy · (x − mean)`, make of the gradient; the
    /// gradient of `gamma` is added to `d_gamma`.
    pub fn prepare_gradient(
        &self,
        batch: usize,
        var: &[T],
        sums: (&[T], &[T]),
        affine: &mut Affine<T>,
        d_gamma: &mut [T],
    ) {
        let count = T::Lanes::splat(T::of(batch as f64));
        let epsilon = T::Lanes::splat(self.epsilon);
        for j in (0..var.len()).step_by(T::Lanes::N) {
            let at = |values: &[T]| T::Lanes::load_at(values, j);
            let inverse = T::Lanes::constant(1.0) / (at(var) + epsilon).sqrt();
            let product = at(sums.1) * inverse;
            (at(d_gamma) + product).store_at(d_gamma, j);
            if self.over == Over::Batch {
                let scale = at(&affine.scale);
                (scale * (at(sums.0) / count)).store_at(&mut affine.offset, j);
                (scale * inverse * (product / count)).store_at(&mut affine.slope, j);
            }
        }
    }
}

/// Mean and biased variance of the columns of `x [B, width]`, in one pass over deviations from the
/// first row. That row is one of the batch, so it lies within √B standard deviations of the mean,
/// and what the variance loses to cancellation is at most B roundings of it.
pub(super) fn moments<T: Real>(x: Block<'_, T>, batch: usize, mean: &mut [T], var: &mut [T]) {
    let width = mean.len();
    let count = T::Lanes::splat(T::of(batch as f64));
    let mut j = 0;
    // Four vectors side by side hide the latency of the additions.
    while j + 4 * T::Lanes::N <= width {
        block_moments::<T, 4>(x, count, j, mean, var);
        j += 4 * T::Lanes::N;
    }
    for start in starts::<T::Lanes>(width).skip(j / T::Lanes::N) {
        block_moments::<T, 1>(x, count, start, mean, var);
    }
}

/// Mean and variance of the columns of `x wᵀ` with `x [B]` and `w [width]`: those of `x`, scaled.
pub(super) fn scaled_moments<T: Real>(x: &[T], weight: &[T], mean: &mut [T], var: &mut [T]) {
    let count = T::of(x.len() as f64);
    let shift = x[0];
    let (sum, squares) = x.iter().fold((T::zero(), T::zero()), |(sum, squares), &x| {
        let d = x - shift;
        (sum + d, d.mul_add(d, squares))
    });
    let offset = sum / count;
    let x_mean = shift + offset;
    let x_var = ((squares - sum * offset) / count).max(T::zero());
    for (mean, &w) in mean.iter_mut().zip(weight) {
        *mean = w * x_mean;
    }
    for (var, &w) in var.iter_mut().zip(weight) {
        *var = w * w * x_var;
    }
}

#[inline(always)]
fn block_moments<T: Real, const W: usize>(
    x: Block<'_, T>,
    count: T::Lanes,
    j: usize,
    mean: &mut [T],
    var: &mut [T],
) {
    let width = mean.len();
    let n = T::Lanes::N;
    let first = x.rows(width).next().expect("at least one example");
    let shift: [T::Lanes; W] = std::array::from_fn(|k| finite_or_zero(T::Lanes::load(&first[j + k * n..])));
    let zero = T::Lanes::constant(0.0);
    let (mut sum, mut squares) = ([zero; W], [zero; W]);
    for row in x.rows(width) {
        let row = &row[j..j + W * n];
        for k in 0..W {
            let d = T::Lanes::load(&row[k * n..]) - shift[k];
            sum[k] += d;
            squares[k] = d.mul_add(d, squares[k]);
        }
    }
    for k in 0..W {
        let offset = sum[k] / count;
        let v = (squares[k] - sum[k] * offset) / count;
        (shift[k] + offset).store(&mut mean[j + k * n..]);
        v.at_least(zero).store(&mut var[j + k * n..]);
    }
}
