//! The sequence forward, for the own units.

use super::columns::{self, Affine, At};
use super::gates;
use super::member::{Member, Moments, Rows, Workspace};
use super::rows::{self, Blocks};
use super::source::Block;
use super::team::Link;
use crate::Real;
use crate::cpu::profile::{Watch, Work};
use crate::dims::Gemm;
use crate::sequence::{Sequence, Sites, site};

/// A forward pass under way.
struct Pass<'p, 'a, T: Real> {
    member: &'p Member<'a, T>,
    moments: Moments<&'p mut [T]>,
    affines: Sites<Affine<T>>,
    blocks: Blocks<T>,
    /// `1 / √(var + ε)` of the rows, `[B]`
    inverse: Vec<T>,
    link: Link<'p, T>,
    watch: Watch<'p>,
}

impl<T: Real> Member<'_, T> {
    /// `h` and `c` of all steps.
    pub fn forward(
        &self,
        workspace: Workspace<&mut [T]>,
        moments: Moments<&mut [T]>,
        h_rows: Rows<'_, T>,
        c_rows: Rows<'_, T>,
    ) {
        let Sequence { steps, batch, hidden } = self.dims;
        let (units, width) = (self.part.units(), self.part.columns());
        let mut pass = Pass::new(self, moments);
        let packed = self.recurrent_weight();
        let mut full_h = self.h_0.to_vec();
        let mut h = vec![T::zero(); batch * units];
        let mut c_previous = self.c_0.clone();
        let mut c = vec![T::zero(); batch * units];
        let mut normalized_c = vec![T::zero(); batch * units];
        let mut input = vec![T::zero(); batch * width];
        let beta = self.cell_beta();
        let (mut h_rows, mut c_rows) = (h_rows.into_iter(), c_rows.into_iter());
        for t in 0..steps {
            let columns = t * batch * width..(t + 1) * batch * width;
            let cells = t * batch * units..(t + 1) * batch * units;
            let states = t * batch * hidden..(t + 1) * batch * hidden;
            let recurrent = &mut workspace.recurrent[columns.clone()];
            let gates = &mut workspace.gates[columns];
            packed.multiply(Gemm::new(batch, hidden, width), &full_h, recurrent);
            pass.watch.lap(Work::Product);
            let in_place = self.input_in_place(t);
            if in_place.is_none() {
                self.source.fill(t, batch, &self.part, &mut input);
            }
            pass.watch.lap(Work::Gates);
            pass.normalize_terms(t, recurrent, &mut input, in_place);
            let terms = gates::Terms {
                recurrent,
                input: in_place.unwrap_or(Block::Dense(&input)),
            };
            let how = gates::Preactivation {
                recurrent: &pass.affines[site::RECURRENT],
                input: &pass.affines[site::INPUT],
                shift: &self.shift,
            };
            gates::forward(terms, how, &c_previous, gates, &mut c);
            pass.watch.lap(Work::Gates);
            let cell = pass.normalize_cell(t, &c, &mut normalized_c);
            let tanh_c = &mut workspace.tanh_c[cells];
            gates::output(gates, cell, &pass.affines[site::CELL], &beta, tanh_c, &mut h);
            self.add_own(self.probe, &states, &mut h);
            for (from, to) in h.chunks_exact(units).zip(&mut h_rows) {
                to.copy_from_slice(from);
            }
            for (from, to) in c.chunks_exact(units).zip(&mut c_rows) {
                to.copy_from_slice(from);
            }
            pass.watch.lap(Work::Gates);
            if t + 1 < steps {
                self.part.scatter_units(&h, &mut full_h);
                pass.link.exchange(&h, |other, slab| {
                    self.parts[other].scatter_units(slab, &mut full_h);
                });
                pass.watch.lap(Work::Exchange);
            }
            std::mem::swap(&mut c, &mut c_previous);
        }
        packed.recycle();
    }
}

impl<'p, 'a, T: Real> Pass<'p, 'a, T> {
    fn new(member: &'p Member<'a, T>, moments: Moments<&'p mut [T]>) -> Self {
        let batch = member.dims.batch;
        Self {
            member,
            moments,
            affines: std::array::from_fn(|which| member.affine(which)),
            blocks: Blocks::new(member.part, batch),
            inverse: vec![T::zero(); batch],
            link: member.link(),
            watch: member.watch(),
        }
    }

    /// Both terms of step `t`, `[B, 4U]` each: moments of columns into the affine map that the
    /// gates apply, rows in place. The input term is `in_place` if that is given.
    fn normalize_terms(
        &mut self,
        t: usize,
        recurrent: &mut [T],
        input: &mut [T],
        in_place: Option<Block<'_, T>>,
    ) {
        let member = self.member;
        let terms = [(site::RECURRENT, recurrent), (site::INPUT, input)];
        let groups = terms.iter().map(|(which, _)| member.groups(*which).count()).sum();
        self.blocks.begin(groups);
        for (which, x) in &terms {
            let which = *which;
            if member.row_moments(which).is_some() {
                let groups = member.groups(which);
                groups.for_each(|group| self.blocks.add_moments(group, x));
            } else {
                let in_place = in_place.filter(|_| which == site::INPUT);
                self.prepare(which, t, in_place.unwrap_or(Block::Dense(x)));
            }
        }
        self.watch.lap(Work::Normalization);
        if groups == 0 {
            return;
        }
        self.blocks.exchange(member.parts, &mut self.link);
        self.watch.lap(Work::Exchange);
        for (which, x) in terms {
            self.normalize_rows(which, t, x);
        }
        self.watch.lap(Work::Normalization);
    }

    /// What the affine map of the cell's site is to be applied to.
    fn normalize_cell<'c>(&mut self, t: usize, c: &'c [T], normalized: &'c mut [T]) -> &'c [T] {
        let member = self.member;
        if member.row_moments(site::CELL).is_none() {
            self.prepare(site::CELL, t, Block::Dense(c));
            self.watch.lap(Work::Normalization);
            return c;
        }
        self.blocks.begin(member.groups(site::CELL).count());
        let groups = member.groups(site::CELL);
        groups.for_each(|group| self.blocks.add_moments(group, c));
        self.watch.lap(Work::Normalization);
        self.blocks.exchange(member.parts, &mut self.link);
        self.watch.lap(Work::Exchange);
        normalized.copy_from_slice(c);
        self.normalize_rows(site::CELL, t, normalized);
        self.watch.lap(Work::Normalization);
        normalized
    }

    /// The affine map of columns at step `t`; computes the moments unless they are given.
    fn prepare(&mut self, which: usize, t: usize, x: Block<'_, T>) {
        let Some(norm) = &self.member.norms[which] else {
            return;
        };
        let member = self.member;
        let batch = member.dims.batch;
        let (mean, var) = at_step(&mut self.moments, which, t, member.moments(which));
        if norm.over.batch() {
            match member.source.scalars(t, batch) {
                Some((x, weight)) if which == site::INPUT => columns::scaled_moments(x, weight, mean, var),
                _ => columns::moments(x, batch, mean, var),
            }
        }
        norm.prepare_forward(At { t, mean, var }, &mut self.affines[which]);
    }

    /// Rows `x [B, width]` of a site, where their moments are in the blocks.
    fn normalize_rows(&mut self, which: usize, t: usize, x: &mut [T]) {
        let Some(norm) = &self.member.norms[which] else {
            return;
        };
        let batch = self.member.dims.batch;
        let (mean, var) = at_step(&mut self.moments, which, t, self.member.moments(which));
        let moments = mean.chunks_exact_mut(batch).zip(var.chunks_exact_mut(batch));
        for (group, (mean, var)) in self.member.groups(which).zip(moments) {
            self.blocks.moments(group, mean, var);
            rows::inverse(var, norm.epsilon, &mut self.inverse);
            rows::normalize(group, x, mean, &self.inverse);
        }
    }
}

/// Mean and variance of a site at step `t`, `size` elements each.
fn at_step<'m, T>(
    moments: &'m mut Moments<&mut [T]>,
    which: usize,
    t: usize,
    size: usize,
) -> (&'m mut [T], &'m mut [T]) {
    let step = t * size..(t + 1) * size;
    let (mean, var) = moments[which].as_mut().expect("a normalization has moments");
    (&mut mean[step.clone()], &mut var[step])
}
