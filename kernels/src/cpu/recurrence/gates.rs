//! The elementwise work of one step, for the own columns.

use super::columns::Affine;
use super::part::starts;
use super::source::Block;
use crate::Real;
use crate::cpu::lstm::flush;
use crate::simd::{Lanes, math};

/// The two terms that go into the gates, before normalization, `[B, 4U]` each.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a, T> {
    pub recurrent: &'a [T],
    pub input: Block<'a, T>,
}

/// How the sites of the two terms are normalized, and what is added to them, `[4U]`.
#[derive(Clone, Copy)]
pub(super) struct Preactivation<'a, T> {
    pub recurrent: &'a Affine<T>,
    pub input: &'a Affine<T>,
    pub shift: &'a [T],
}

/// Activations `[B, 4U]` of the gates, and cells `[B, U]`.
pub(super) fn forward<T: Real>(
    terms: Terms<'_, T>,
    how: Preactivation<'_, T>,
    c_previous: &[T],
    gates: &mut [T],
    c: &mut [T],
) {
    let width = how.shift.len();
    let units = width / 4;
    for v in starts::<T::Lanes>(units) {
        let columns: [usize; 4] = std::array::from_fn(|gate| gate * units + v);
        let at = |values: &[T]| columns.map(|j| T::Lanes::load(&values[j..]));
        let (mean_a, scale_a) = (at(&how.recurrent.mean), at(&how.recurrent.scale));
        let (mean_x, scale_x) = (at(&how.input.mean), at(&how.input.scale));
        let shift = at(how.shift);
        let rows = terms.recurrent.chunks_exact(width).zip(terms.input.rows(width));
        let states = c_previous.chunks_exact(units).zip(c.chunks_exact_mut(units));
        for (((a, x), gates), (c_previous, c)) in rows.zip(gates.chunks_exact_mut(width)).zip(states) {
            let z: [T::Lanes; 4] = std::array::from_fn(|k| {
                let j = columns[k];
                let input = (T::Lanes::load(&x[j..]) - mean_x[k]).mul_add(scale_x[k], shift[k]);
                (T::Lanes::load(&a[j..]) - mean_a[k]).mul_add(scale_a[k], input)
            });
            let [f, i, o] = [0, 1, 2].map(|k| math::sigmoid(z[k]));
            let g = math::tanh(z[3]);
            for (value, j) in [f, i, o, g].into_iter().zip(columns) {
                value.store(&mut gates[j..]);
            }
            flush(f.mul_add(T::Lanes::load(&c_previous[v..]), i * g)).store(&mut c[v..]);
        }
    }
}

/// `t = tanh(N_c(c))` and `h = o ⊙ t`, `[B, U]` each.
pub(super) fn output<T: Real>(
    gates: &[T],
    c: &[T],
    cell: &Affine<T>,
    beta: &[T],
    tanh_c: &mut [T],
    h: &mut [T],
) {
    let units = beta.len();
    for v in starts::<T::Lanes>(units) {
        let [mean, scale, beta] = [&cell.mean, &cell.scale, beta].map(|values| T::Lanes::load(&values[v..]));
        let outputs = tanh_c.chunks_exact_mut(units).zip(h.chunks_exact_mut(units));
        let rows = gates.chunks_exact(4 * units).zip(c.chunks_exact(units));
        for ((gates, c), (tanh_c, h)) in rows.zip(outputs) {
            let normalized = (T::Lanes::load(&c[v..]) - mean).mul_add(scale, beta);
            let t = math::tanh(normalized);
            t.store(&mut tanh_c[v..]);
            (T::Lanes::load(&gates[2 * units + v..]) * t).store(&mut h[v..]);
        }
    }
}

/// Gradients through the output: `dh [B, U]` becomes that of the gate `o` before its `σ`, written
/// into `dz [B, 4U]`, and that of the normalized cell, `[B, U]`.
pub(super) fn output_backward<T: Real>(
    gates: &[T],
    tanh_c: &[T],
    dh: &[T],
    units: usize,
    dz: &mut [T],
    d_normalized: &mut [T],
) {
    let one = T::Lanes::constant(1.0);
    let rows = gates
        .chunks_exact(4 * units)
        .zip(tanh_c.chunks_exact(units).zip(dh.chunks_exact(units)));
    let outputs = dz
        .chunks_exact_mut(4 * units)
        .zip(d_normalized.chunks_exact_mut(units));
    for ((gates, (tanh_c, dh)), (dz, d_normalized)) in rows.zip(outputs) {
        for v in starts::<T::Lanes>(units) {
            let o = T::Lanes::load(&gates[2 * units + v..]);
            let (t, dh) = (T::Lanes::load(&tanh_c[v..]), T::Lanes::load(&dh[v..]));
            flush(dh * t * (o * (one - o))).store(&mut dz[2 * units + v..]);
            (dh * o * t.neg_mul_add(t, one)).store(&mut d_normalized[v..]);
        }
    }
}

/// What goes into the gradient of the cell and its gates at one step.
#[derive(Clone, Copy)]
pub(super) struct CellGradient<'a, T> {
    pub gates: &'a [T],
    pub c: &'a [T],
    pub c_previous: &'a [T],
    pub d_normalized: &'a [T],
    pub cell: &'a Affine<T>,
    /// What arrives at `c` from the step after and from outside.
    pub dc: &'a [T],
}

/// `dc_previous [B, U]` goes to the step before; `dz [B, 4U]` gets the gradients of `f, i, g`
/// before their functions.
pub(super) fn cell_backward<T: Real>(at: CellGradient<'_, T>, dc_previous: &mut [T], dz: &mut [T]) {
    let units = at.cell.mean.len();
    let one = T::Lanes::constant(1.0);
    for v in starts::<T::Lanes>(units) {
        let affine = [&at.cell.mean, &at.cell.scale, &at.cell.offset, &at.cell.slope];
        let [mean, scale, offset, slope] = affine.map(|values| T::Lanes::load(&values[v..]));
        let states = at.c.chunks_exact(units).zip(at.c_previous.chunks_exact(units));
        let saved = at.gates.chunks_exact(4 * units).zip(states);
        let outputs = dc_previous
            .chunks_exact_mut(units)
            .zip(dz.chunks_exact_mut(4 * units));
        let arriving = at.d_normalized.chunks_exact(units).zip(at.dc.chunks_exact(units));
        for (((gates, (c, c_previous)), (d_normalized, dc)), (dc_out, dz)) in saved.zip(arriving).zip(outputs)
        {
            let [f, i, _, g] = std::array::from_fn(|gate| T::Lanes::load(&gates[gate * units + v..]));
            let through_norm = T::Lanes::load(&d_normalized[v..]).mul_add(scale, -offset);
            let through_norm = (T::Lanes::load(&c[v..]) - mean).neg_mul_add(slope, through_norm);
            let d = T::Lanes::load(&dc[v..]) + through_norm;
            let df = d * T::Lanes::load(&c_previous[v..]) * (f * (one - f));
            flush(df).store(&mut dz[v..]);
            flush(d * g * (i * (one - i))).store(&mut dz[units + v..]);
            flush(d * i * g.neg_mul_add(g, one)).store(&mut dz[3 * units + v..]);
            flush(d * f).store(&mut dc_out[v..]);
        }
    }
}

/// Column sums of `dy` and of `dy · (x − mean)`, `[width]` each.
pub(super) fn sums<T: Real>(dy: &[T], x: Block<'_, T>, mean: &[T], sum: &mut [T], product: &mut [T]) {
    let width = mean.len();
    let mut j = 0;
    while j + 4 * T::Lanes::N <= width {
        block_sums::<T, 4>(dy, x, mean, j, sum, product);
        j += 4 * T::Lanes::N;
    }
    for start in starts::<T::Lanes>(width).skip(j / T::Lanes::N) {
        block_sums::<T, 1>(dy, x, mean, start, sum, product);
    }
}

#[inline(always)]
fn block_sums<T: Real, const W: usize>(
    dy: &[T],
    x: Block<'_, T>,
    mean: &[T],
    j: usize,
    sum: &mut [T],
    product: &mut [T],
) {
    let width = mean.len();
    let n = T::Lanes::N;
    let zero = T::Lanes::constant(0.0);
    let shift: [T::Lanes; W] = std::array::from_fn(|k| T::Lanes::load(&mean[j + k * n..]));
    let (mut sums, mut products) = ([zero; W], [zero; W]);
    for (dy, x) in dy.chunks_exact(width).zip(x.rows(width)) {
        let (dy, x) = (&dy[j..j + W * n], &x[j..j + W * n]);
        for k in 0..W {
            let d = T::Lanes::load(&dy[k * n..]);
            sums[k] += d;
            products[k] = d.mul_add(T::Lanes::load(&x[k * n..]) - shift[k], products[k]);
        }
    }
    for k in 0..W {
        sums[k].store(&mut sum[j + k * n..]);
        products[k].store(&mut product[j + k * n..]);
    }
}

/// Column sums of `dy`, `[width]`.
pub(super) fn sum<T: Real>(dy: &[T], sum: &mut [T]) {
    sum.fill(T::zero());
    for row in dy.chunks_exact(sum.len()) {
        for j in (0..row.len()).step_by(T::Lanes::N) {
            (T::Lanes::load_at(sum, j) + T::Lanes::load_at(row, j)).store_at(sum, j);
        }
    }
}

/// `dx = scale · dy − offset − slope · (x − mean)`
pub(super) fn norm_backward<T: Real>(dy: &[T], x: Block<'_, T>, affine: &Affine<T>, dx: &mut [T]) {
    let width = affine.mean.len();
    let rows = dy.chunks_exact(width).zip(x.rows(width));
    for ((dy, x), dx) in rows.zip(dx.chunks_exact_mut(width)) {
        for j in starts::<T::Lanes>(width) {
            let [mean, scale, offset, slope] = [&affine.mean, &affine.scale, &affine.offset, &affine.slope]
                .map(|values| T::Lanes::load(&values[j..]));
            let d = T::Lanes::load(&dy[j..]).mul_add(scale, -offset);
            (T::Lanes::load(&x[j..]) - mean)
                .neg_mul_add(slope, d)
                .store(&mut dx[j..]);
        }
    }
}
