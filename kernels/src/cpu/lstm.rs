//! Gates and cell of an LSTM.

use super::threads::{ELEMENTS, Threads, tasks};
use crate::Real;
use crate::dims::Cells;
use crate::simd::{Lanes, math};

/// `[B, 4H]` rows as their four gates `f, i, o, g`.
fn gates<T>(row: &[T], hidden: usize) -> [&[T]; 4] {
    let (fi, og) = row.split_at(2 * hidden);
    let ((f, i), (o, g)) = (fi.split_at(hidden), og.split_at(hidden));
    [f, i, o, g]
}

fn gates_mut<T>(row: &mut [T], hidden: usize) -> [&mut [T]; 4] {
    let (fi, og) = row.split_at_mut(2 * hidden);
    let ((f, i), (o, g)) = (fi.split_at_mut(hidden), og.split_at_mut(hidden));
    [f, i, o, g]
}

/// Rows of one task.
fn share(threads: &Threads, dims: Cells) -> usize {
    // A row is worth about ten plain elements a unit: four activations and a cell.
    let work = 10 * dims.batch * dims.hidden;
    dims.batch.div_ceil(tasks(work, ELEMENTS, threads.count())).max(1)
}

/// Results as slices, see [`crate::backend::LstmOutput`].
pub(super) struct Output<'a, T> {
    pub gates: &'a mut [T],
    pub c: &'a mut [T],
    pub o: &'a mut [T],
}

pub(super) fn forward<T: Real>(
    threads: &Threads,
    dims: Cells,
    z: &[T],
    c_previous: &[T],
    output: Output<'_, T>,
) {
    let Output {
        gates: activations,
        c,
        o,
    } = output;
    let h = dims.hidden;
    if h == 0 {
        return;
    }
    let part = share(threads, dims);
    let inputs = z.chunks(part * 4 * h).zip(c_previous.chunks(part * h));
    let outputs = activations
        .chunks_mut(part * 4 * h)
        .zip(c.chunks_mut(part * h).zip(o.chunks_mut(part * h)));
    threads.run(
        inputs.zip(outputs).collect(),
        |((z, c_previous), (activations, (c, o)))| {
            let inputs = z.chunks_exact(4 * h).zip(c_previous.chunks_exact(h));
            let outputs = c.chunks_exact_mut(h).zip(o.chunks_exact_mut(h));
            let rows = inputs.zip(activations.chunks_exact_mut(4 * h).zip(outputs));
            for ((z, c_previous), (activations, (c, o))) in rows {
                forward_row(gates(z, h), c_previous, gates_mut(activations, h), c, o);
            }
        },
    );
}

fn forward_row<T: Real>(
    z: [&[T]; 4],
    c_previous: &[T],
    activations: [&mut [T]; 4],
    c: &mut [T],
    o: &mut [T],
) {
    let [to_f, to_i, to_o, to_g] = activations;
    for j in (0..c.len()).step_by(T::Lanes::N) {
        let [zf, zi, zo, zg] = z.map(|gate| T::Lanes::load_at(gate, j));
        let (f, i, out, g) = (
            math::sigmoid(zf),
            math::sigmoid(zi),
            math::sigmoid(zo),
            math::tanh(zg),
        );
        let cell = flush(f.mul_add(T::Lanes::load_at(c_previous, j), i * g));
        f.store_at(to_f, j);
        i.store_at(to_i, j);
        out.store_at(to_o, j);
        g.store_at(to_g, j);
        cell.store_at(c, j);
        out.store_at(o, j);
    }
}

/// What the backward pass starts from: saved values and gradients that arrive.
#[derive(Clone, Copy)]
pub(super) struct Backward<'a, T> {
    pub gates: &'a [T],
    pub c_previous: &'a [T],
    pub dc: &'a [T],
    pub d_o: &'a [T],
}

pub(super) fn backward<T: Real>(
    threads: &Threads,
    dims: Cells,
    input: Backward<'_, T>,
    dz: &mut [T],
    dc_previous: &mut [T],
) {
    let h = dims.hidden;
    if h == 0 {
        return;
    }
    let part = share(threads, dims);
    let outputs = dz.chunks_mut(part * 4 * h).zip(dc_previous.chunks_mut(part * h));
    threads.run(outputs.enumerate().collect(), |(p, (dz, dc_previous))| {
        let rows = dz.chunks_exact_mut(4 * h).zip(dc_previous.chunks_exact_mut(h));
        for (r, (dz, dc_previous)) in rows.enumerate() {
            let r = p * part + r;
            let cells = r * h..(r + 1) * h;
            let upstream = [input.c_previous, input.dc, input.d_o].map(|x| &x[cells.clone()]);
            let activations = gates(&input.gates[r * 4 * h..(r + 1) * 4 * h], h);
            backward_row(activations, upstream, gates_mut(dz, h), dc_previous);
        }
    });
}

fn backward_row<T: Real>(
    activations: [&[T]; 4],
    [c_previous, dc, d_o]: [&[T]; 3],
    dz: [&mut [T]; 4],
    dc_previous: &mut [T],
) {
    let one = T::Lanes::constant(1.0);
    let [to_f, to_i, to_o, to_g] = dz;
    for j in (0..dc.len()).step_by(T::Lanes::N) {
        let [f, i, o, g] = activations.map(|gate| T::Lanes::load_at(gate, j));
        let dc = T::Lanes::load_at(dc, j);
        let df = dc * T::Lanes::load_at(c_previous, j);
        flush(df * (f * (one - f))).store_at(to_f, j);
        flush(dc * g * (i * (one - i))).store_at(to_i, j);
        flush(T::Lanes::load_at(d_o, j) * (o * (one - o))).store_at(to_o, j);
        flush(dc * i * g.neg_mul_add(g, one)).store_at(to_g, j);
        flush(dc * f).store_at(dc_previous, j);
    }
}

/// What lies below [`Real::TINY`] becomes 0, see there.
#[inline(always)]
pub(super) fn flush<V: Lanes>(x: V) -> V
where
    V::Elem: Real,
{
    x.abs().less(V::splat(V::Elem::TINY)).choose(V::constant(0.0), x)
}
