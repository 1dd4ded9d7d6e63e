//! Normalization of columns over the batch: each thread has all rows of its own.

use super::part::starts;
use super::renorm::Renorm;
use super::source::Block;
use crate::Real;
use crate::cpu::batch_norm::finite_or_zero;
use crate::dims::RowMoments;
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
pub(super) enum Over<T> {
    /// Of each column over the batch.
    Batch,
    /// Of each column over the batch, corrected towards given ones.
    Renorm(Renorm<T>),
    /// Of each column, given.
    Given,
    /// Of each row over the features.
    Features(RowMoments),
}

impl<T> Over<T> {
    /// Whether the moments are those of the batch.
    pub fn batch(&self) -> bool {
        matches!(self, Self::Batch | Self::Renorm(_))
    }
}

/// Parameters of a normalization, for the own columns.
pub(super) struct Norm<T> {
    pub gamma: Vec<T>,
    pub beta: Option<Vec<T>>,
    pub epsilon: T,
    pub over: Over<T>,
}

/// Moments of the columns of a site at one step, `[width]` each.
#[derive(Clone, Copy)]
pub(super) struct At<'a, T> {
    pub t: usize,
    pub mean: &'a [T],
    pub var: &'a [T],
}

impl<T: Real> Norm<T> {
    /// The map of the forward pass: that of the moments, or of the corrected ones.
    pub fn prepare_forward(&self, at: At<'_, T>, affine: &mut Affine<T>) {
        match &self.over {
            Over::Renorm(renorm) => renorm.correct(at, &self.gamma, self.epsilon, affine),
            _ => self.prepare(at, affine),
        }
    }

    /// `scale = gamma / √(var + ε)` and the mean, from the moments of columns.
    fn prepare(&self, at: At<'_, T>, affine: &mut Affine<T>) {
        affine.mean.copy_from_slice(at.mean);
        let epsilon = T::Lanes::splat(self.epsilon);
        for j in starts::<T::Lanes>(at.mean.len()) {
            let deviation = (T::Lanes::load(&at.var[j..]) + epsilon).sqrt();
            (T::Lanes::load(&self.gamma[j..]) / deviation).store(&mut affine.scale[j..]);
        }
    }

    /// What the sums over the batch, `Σ dy` and `Σ dy · (x − mean)`, make of the gradient; the
    /// gradient of `gamma` is added to `d_gamma`.
    pub fn prepare_gradient(
        &self,
        batch: usize,
        at: At<'_, T>,
        sums: (&[T], &[T]),
        affine: &mut Affine<T>,
        d_gamma: &mut [T],
    ) {
        self.prepare(at, affine);
        if let Over::Renorm(renorm) = &self.over {
            return renorm.prepare_gradient(at, (batch, self.epsilon), sums, affine, d_gamma);
        }
        let of_batch = self.over.batch();
        let count = T::Lanes::splat(T::of(batch as f64));
        let epsilon = T::Lanes::splat(self.epsilon);
        for j in (0..at.var.len()).step_by(T::Lanes::N) {
            let load = |values: &[T]| T::Lanes::load_at(values, j);
            let inverse = T::Lanes::constant(1.0) / (load(at.var) + epsilon).sqrt();
            let product = load(sums.1) * inverse;
            (load(d_gamma) + product).store_at(d_gamma, j);
            if of_batch {
                let scale = load(&affine.scale);
                (scale * (load(sums.0) / count)).store_at(&mut affine.offset, j);
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
