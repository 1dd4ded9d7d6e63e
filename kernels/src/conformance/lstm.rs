//! The gates and the cell of an LSTM.

use proptest::prelude::Strategy;

use super::bound::{denormal, function_ulps, roundings, ulp};
use super::host::{Case, Host, Outputs, check_all, oracle};
use super::values::{Kind, Values, rounded, size, values};
use crate::Real;
use crate::backend::{Backend, LstmGradients, LstmOutput, LstmSaved};
use crate::dims::Cells;
use crate::functions::Unary;

/// Checks `lstm_gates` and `lstm_gates_backward`.
///
/// The gates are as exact as `σ` and `tanh` elsewhere, the cell and the gradients follow with a
/// rounding for every operation. Cells and gradients below [`Real::TINY`] must be 0.
pub fn lstm<T: Real>(backend: &dyn Backend<T>) {
    let dims = || (size(), size()).prop_map(|(batch, hidden)| Cells { batch, hidden });
    let forward = (dims(), values(&[Kind::Special]));
    check_all(
        backend,
        150,
        forward.prop_map(|(dims, values)| Forward { dims, values }),
    );
    let backward = (dims(), values(&[Kind::Missing]));
    check_all(
        backend,
        150,
        backward.prop_map(|(dims, values)| Backward { dims, values }),
    );
}

/// Where the gates `f, i, o, g` of a unit `[B, H]` are in `[B, 4H]`.
fn gates_of(dims: Cells, unit: usize) -> [usize; 4] {
    let (b, h) = (unit / dims.hidden, unit % dims.hidden);
    [0, 1, 2, 3].map(|gate| (b * 4 + gate) * dims.hidden + h)
}

#[derive(Debug)]
struct Forward {
    dims: Cells,
    values: Values,
}

impl Forward {
    fn units(&self) -> usize {
        self.dims.batch * self.dims.hidden
    }

    /// Finite or NaN: an infinity times a gate that is 0 in one type and tiny in another one
    /// would have no common value.
    fn c_previous(&self) -> Vec<f64> {
        let kind = match self.values.kind {
            Kind::Special => Kind::Missing,
            kind => kind,
        };
        self.values.of(kind).take(1, self.units())
    }

    /// Ordinary ones are stretched to where the gates saturate.
    fn z(&self) -> Vec<f64> {
        let mut z = self.values.take(0, 4 * self.units());
        z.iter_mut().step_by(3).for_each(|z| *z *= 30.0);
        z
    }
}

impl Case for Forward {
    fn operation(&self) -> &'static str {
        "lstm_gates"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let (z, c_previous) = (host.input(&self.z()), host.input(&self.c_previous()));
        let mut gates = host.output(4 * self.units());
        let (mut c, mut o) = (host.output(self.units()), host.output(self.units()));
        let output = LstmOutput {
            gates: gates.view_mut(),
            c: c.view_mut(),
            o: o.view_mut(),
        };
        host.backend
            .lstm_gates(self.dims, z.view(), c_previous.view(), output);
        vec![
            ("gates", host.values(&gates)),
            ("c", host.values(&c)),
            ("o", host.values(&o)),
        ]
    }

    fn want<T: Real>(&self) -> Outputs {
        let mut outputs = self.run(&oracle::<T>());
        flush::<T>(&mut outputs[1].1);
        outputs
    }

    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        let c_previous = self.c_previous().into_iter().map(rounded::<T>);
        let (values, mut gates) = (&want[0].1, vec![0.0; 4 * self.units()]);
        let (mut c, mut o) = (vec![], vec![]);
        for (unit, c_previous) in c_previous.enumerate() {
            let at = gates_of(self.dims, unit);
            for (gate, &i) in at.iter().enumerate() {
                gates[i] = function_ulps::<T>(gate < 3) * ulp::<T>(values[i]);
            }
            let [f, i, _, g] = at.map(|i| values[i].abs());
            let [f_error, i_error, o_error, g_error] = at.map(|i| gates[i]);
            // The products' terms of second order stay below the fourth rounding.
            let (kept, written) = (f * c_previous.abs(), i * g);
            let of_gates = f_error * c_previous.abs() + i_error * g + g_error * i;
            let rounded = roundings::<T>(4.0, 4.0) * (kept + written);
            let error = of_gates + rounded + 3.0 * denormal::<T>();
            c.push(match want[1].1[unit].abs() {
                _ if kept + written < T::TINY.as_f64() * (1.0 - BORDER) => 0.0,
                cell if cell < T::TINY.as_f64() * (1.0 + BORDER) + error => error + T::TINY.as_f64(),
                _ => error,
            });
            o.push(o_error);
        }
        vec![gates, c, o]
    }
}

#[derive(Debug)]
struct Backward {
    dims: Cells,
    values: Values,
}

/// The operands, rounded to the type under test: `gates [B, 4H]`, the others `[B, H]`.
struct Operands {
    gates: Vec<f64>,
    c_previous: Vec<f64>,
    dc: Vec<f64>,
    d_o: Vec<f64>,
}

impl Operands {
    fn new(dims: Cells, values: Values, round: fn(f64) -> f64) -> Self {
        let units = dims.batch * dims.hidden;
        let ordinary = values.of(Kind::Ordinary);
        let take = |values: Values, stream| values.take(stream, units).into_iter().map(round).collect();
        let mut gates = vec![0.0; 4 * units];
        let z = ordinary.take(0, 4 * units);
        for unit in 0..units {
            let at = gates_of(dims, unit);
            for (gate, i) in at.into_iter().enumerate() {
                let f = if gate < 3 { Unary::Sigmoid } else { Unary::Tanh };
                // Every seventh is saturated, to exactly 0, 1 or -1.
                let z = if i % 7 == 3 { z[i] * 1e6 } else { z[i] * 3.0 };
                gates[i] = round(f.apply(z));
            }
        }
        Self {
            gates,
            c_previous: take(ordinary, 1),
            dc: take(values, 2),
            d_o: take(values, 3),
        }
    }
}

impl Case for Backward {
    fn operation(&self) -> &'static str {
        "lstm_gates_backward"
    }

    fn run<E: Real>(&self, host: &Host<'_, E>) -> Outputs {
        let operands = Operands::new(self.dims, self.values, host.round);
        let put = |values: &Vec<f64>| host.input(values);
        let (gates, c_previous) = (put(&operands.gates), put(&operands.c_previous));
        let (dc, d_o) = (put(&operands.dc), put(&operands.d_o));
        let mut dz = host.output(operands.gates.len());
        let mut dc_previous = host.output(operands.dc.len());
        let saved = LstmSaved {
            gates: gates.view(),
            c_previous: c_previous.view(),
        };
        let gradients = LstmGradients {
            dz: dz.view_mut(),
            dc_previous: dc_previous.view_mut(),
        };
        host.backend
            .lstm_gates_backward(self.dims, saved, dc.view(), d_o.view(), gradients);
        vec![
            ("dz", host.values(&dz)),
            ("dc_previous", host.values(&dc_previous)),
        ]
    }

    /// What the oracle keeps in `f64` is flushed as the type under test flushes it.
    fn want<T: Real>(&self) -> Outputs {
        let mut outputs = self.run(&oracle::<T>());
        outputs.iter_mut().for_each(|(_, values)| flush::<T>(values));
        outputs
    }

    fn allowed<T: Real>(&self, want: &Outputs) -> Vec<Vec<f64>> {
        let operands = Operands::new(self.dims, self.values, rounded::<T>);
        let border = T::TINY.as_f64() * (1.0 + BORDER);
        // Factors of a result have five roundings at most: three products and `1 − f`.
        let bound = |want: f64| match want.abs() {
            0.0 => 0.0,
            size if size < border => size,
            size => roundings::<T>(5.0, 5.0) * size,
        };
        let mut dz: Vec<f64> = want[0].1.iter().map(|&want| bound(want)).collect();
        for unit in 0..operands.dc.len() {
            let [_, i, _, g] = gates_of(self.dims, unit);
            // `1 − g²` cancels: its error is relative to 1.
            if dz[g] > 0.0 {
                let whole = (operands.dc[unit] * operands.gates[i]).abs();
                dz[g] += roundings::<T>(1.0, 1.0) * whole;
            }
        }
        vec![dz, want[1].1.iter().map(|&want| bound(want)).collect()]
    }
}

fn flush<T: Real>(values: &mut [f64]) {
    for x in values {
        if x.abs() < T::TINY.as_f64() * (1.0 - BORDER) {
            *x = 0.0;
        }
    }
}

/// Relative width of the border around [`Real::TINY`] where rounding decides what is flushed.
const BORDER: f64 = 1e-5;
