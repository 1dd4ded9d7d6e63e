//! The gates and the cell of an LSTM.

use super::{read, write};
use crate::Real;
use crate::backend::{LstmGradients, LstmOutput, LstmSaved};
use crate::dims::Cells;
use crate::functions::Unary;

/// Offsets of the gates `f, i, o, g` of unit `h` of example `b` in `[B, 4H]`.
fn gates_of(dims: Cells, b: usize, h: usize) -> [usize; 4] {
    [0, 1, 2, 3].map(|gate| (b * 4 + gate) * dims.hidden + h)
}

pub(super) fn forward<T: Real>(dims: Cells, z: &[T], c_previous: &[T], output: LstmOutput<'_, T>) {
    let (gates, c, o_copy) = (write(output.gates), write(output.c), write(output.o));
    for b in 0..dims.batch {
        for h in 0..dims.hidden {
            let [f, i, o, g] = gates_of(dims, b, h);
            let unit = b * dims.hidden + h;
            for sigmoid in [f, i, o] {
                gates[sigmoid] = Unary::Sigmoid.apply(z[sigmoid]);
            }
            gates[g] = Unary::Tanh.apply(z[g]);
            let kept = gates[f].as_f64() * c_previous[unit].as_f64();
            c[unit] = flushed(kept + gates[i].as_f64() * gates[g].as_f64());
            o_copy[unit] = gates[o];
        }
    }
}

pub(super) fn backward<T: Real>(
    dims: Cells,
    saved: LstmSaved<'_, T>,
    dc: &[T],
    d_o: &[T],
    gradients: LstmGradients<'_, T>,
) {
    let (gates, c_previous) = (read(saved.gates), read(saved.c_previous));
    let (dz, dc_previous) = (write(gradients.dz), write(gradients.dc_previous));
    for b in 0..dims.batch {
        for h in 0..dims.hidden {
            let at = gates_of(dims, b, h);
            let unit = b * dims.hidden + h;
            let [f, i, o, g] = at.map(|gate| gates[gate].as_f64());
            let [dc, d_o, c] = [dc[unit], d_o[unit], c_previous[unit]].map(T::as_f64);
            dz[at[0]] = flushed(dc * c * f * (1.0 - f));
            dz[at[1]] = flushed(dc * g * i * (1.0 - i));
            dz[at[2]] = flushed(d_o * o * (1.0 - o));
            dz[at[3]] = flushed(dc * i * (1.0 - g * g));
            dc_previous[unit] = flushed(dc * f);
        }
    }
}

/// Rounded, and 0 below [`Real::TINY`].
fn flushed<T: Real>(value: f64) -> T {
    let value = T::of(value);
    if value.abs() < T::TINY {
        return T::zero();
    }
    value
}
