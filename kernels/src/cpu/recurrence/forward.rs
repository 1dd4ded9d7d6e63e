//! The sequence forward, for the own units.

use super::columns::{self, Affine};
use super::gates;
use super::member::{Member, Moments, Rows, Workspace, product};
use crate::Real;
use crate::dims::Gemm;
use crate::sequence::{Sequence, Sites, site};

impl<T: Real> Member<'_, T> {
    /// The normalization of a site at step `t`, for the forward pass: computes the moments unless
    /// they are given.
    fn prepare(
        &self,
        which: usize,
        t: usize,
        x: &[T],
        moments: &mut Moments<&mut [T]>,
        affine: &mut Affine<T>,
    ) {
        let Some(norm) = &self.norms[which] else { return };
        let step = t * self.width(which)..(t + 1) * self.width(which);
        let (mean, var) = moments[which].as_mut().expect("a normalization has moments");
        let (mean, var) = (&mut mean[step.clone()], &mut var[step]);
        if !norm.fixed {
            columns::moments(x, self.dims.batch, mean, var);
        }
        norm.prepare(mean, var, affine);
    }

    /// `h` and `c` of all steps.
    pub fn forward(
        &self,
        workspace: Workspace<&mut [T]>,
        mut moments: Moments<&mut [T]>,
        h_rows: Rows<'_, T>,
        c_rows: Rows<'_, T>,
    ) {
        let Sequence { steps, batch, hidden } = self.dims;
        let (units, width) = (self.part.units(), self.part.columns());
        let packed = self.recurrent_weight();
        let mut full_h = self.h_0.to_vec();
        let mut h = vec![T::zero(); batch * units];
        let mut c_previous = self.c_0.clone();
        let mut c = vec![T::zero(); batch * units];
        let mut input = vec![T::zero(); batch * width];
        let mut affines: Sites<Affine<T>> = std::array::from_fn(|which| Affine::identity(self.width(which)));
        let beta = self.cell_beta();
        let (mut h_rows, mut c_rows) = (h_rows.into_iter(), c_rows.into_iter());
        for t in 0..steps {
            let columns = t * batch * width..(t + 1) * batch * width;
            let cells = t * batch * units..(t + 1) * batch * units;
            let recurrent = &mut workspace.recurrent[columns.clone()];
            let gates = &mut workspace.gates[columns];
            product(Gemm::new(batch, hidden, width), &full_h, &packed, recurrent);
            self.source.fill(t, batch, &self.part, &mut input);
            self.prepare(
                site::RECURRENT,
                t,
                recurrent,
                &mut moments,
                &mut affines[site::RECURRENT],
            );
            self.prepare(site::INPUT, t, &input, &mut moments, &mut affines[site::INPUT]);
            let terms = gates::Terms {
                recurrent,
                input: &input,
            };
            let how = gates::Preactivation {
                recurrent: &affines[site::RECURRENT],
                input: &affines[site::INPUT],
                shift: &self.shift,
            };
            gates::forward(terms, how, &c_previous, gates, &mut c);
            self.prepare(site::CELL, t, &c, &mut moments, &mut affines[site::CELL]);
            let tanh_c = &mut workspace.tanh_c[cells];
            gates::output(gates, &c, &affines[site::CELL], &beta, tanh_c, &mut h);
            for (from, to) in h.chunks_exact(units).zip(&mut h_rows) {
                to.copy_from_slice(from);
            }
            for (from, to) in c.chunks_exact(units).zip(&mut c_rows) {
                to.copy_from_slice(from);
            }
            if t + 1 < steps {
                self.part.scatter_units(&h, &mut full_h);
                self.team.exchange(self.index, t, &h, |other, slab| {
                    self.other(other).scatter_units(slab, &mut full_h);
                });
            }
            std::mem::swap(&mut c, &mut c_previous);
        }
        packed.recycle();
    }
}
