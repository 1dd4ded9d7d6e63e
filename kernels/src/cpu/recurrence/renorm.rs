//! Batch renormalization of columns (Ioffe 2017): moments of the batch, corrected towards given ones.
//!
//! `γ (r x̂ + d)` with `x̂ = (x − mean) / s` is the affine map `(x − (mean − d s / r)) · γ r / s`, so
//! the gates apply it as they do any other.

use super::columns::{Affine, At};
use super::part::starts;
use crate::Real;
use crate::simd::Lanes;

/// What the moments are corrected towards, for the own columns.
pub(super) struct Renorm<T> {
    /// `[T, width]`
    pub mean: Vec<T>,
    /// `[T, width]`
    pub std: Vec<T>,
    pub r_max: T,
    pub d_max: T,
}

impl<T: Real> Renorm<T> {
    /// `s`, `r` and `d` of the columns from `j` on.
    #[inline(always)]
    fn corrections(&self, at: At<'_, T>, j: usize, epsilon: T) -> [T::Lanes; 3] {
        let given = at.t * at.mean.len()..(at.t + 1) * at.mean.len();
        let load = |values: &[T]| T::Lanes::load_at(values, j);
        let (given_mean, std) = (load(&self.mean[given.clone()]), load(&self.std[given]));
        let deviation = (load(at.var) + T::Lanes::splat(epsilon)).sqrt();
        let r_max = T::Lanes::splat(self.r_max);
        let r_min = T::Lanes::constant(1.0) / r_max;
        let d_max = T::Lanes::splat(self.d_max);
        let r = (deviation / std).at_least(r_min).at_most(r_max);
        let d = ((load(at.mean) - given_mean) / std)
            .at_least(-d_max)
            .at_most(d_max);
        [deviation, r, d]
    }

    /// Makes of the affine map of the moments that of the corrected ones.
    pub fn correct(&self, at: At<'_, T>, gamma: &[T], epsilon: T, affine: &mut Affine<T>) {
        for j in starts::<T::Lanes>(gamma.len()) {
            let [deviation, r, d] = self.corrections(at, j, epsilon);
            let scale = T::Lanes::load(&gamma[j..]) * r / deviation;
            let mean = T::Lanes::load(&at.mean[j..]) - d * deviation / r;
            scale.store(&mut affine.scale[j..]);
            mean.store(&mut affine.mean[j..]);
        }
    }

    /// What the sums over the batch, `Σ dy` and `Σ dy · (x − mean)`, make of the gradient, with `r`
    /// and `d` constant, given the affine map of the moments:
    ///
    /// ```text
    /// dx = γ r / s (dy − mean(dy) − x̂ mean(dy x̂)),   d_gamma = Σ dy (r x̂ + d)
    /// ```
    pub fn prepare_gradient(
        &self,
        at: At<'_, T>,
        (batch, epsilon): (usize, T),
        sums: (&[T], &[T]),
        affine: &mut Affine<T>,
        d_gamma: &mut [T],
    ) {
        let count = T::Lanes::splat(T::of(batch as f64));
        for j in (0..d_gamma.len()).step_by(T::Lanes::N) {
            let load = |values: &[T]| T::Lanes::load_at(values, j);
            let [deviation, r, d] = self.corrections(at, j, epsilon);
            let product = load(sums.1) / deviation;
            let sum = d.mul_add(load(sums.0), load(d_gamma));
            r.mul_add(product, sum).store_at(d_gamma, j);
            let scale = load(&affine.scale) * r;
            scale.store_at(&mut affine.scale, j);
            (scale * (load(sums.0) / count)).store_at(&mut affine.offset, j);
            (scale / deviation * (product / count)).store_at(&mut affine.slope, j);
        }
    }
}
