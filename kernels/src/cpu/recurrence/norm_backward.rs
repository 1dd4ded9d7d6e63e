//! Gradients through the normalizations of one step.

use super::backward::{Pass, moments_at};
use super::columns::At;
use super::gates;
use super::member::add;
use super::rows::{self, RowGradient};
use super::source::Block;
use crate::Real;
use crate::cpu::profile::Work;
use crate::sequence::site;

impl<T: Real> Pass<'_, '_, T> {
    /// Through the cell's normalization, up to the affine map of its columns.
    pub fn cell_norm(&mut self, t: usize) {
        let (member, s) = (self.member, &mut self.scratch);
        let Some(norm) = &member.norms[site::CELL] else {
            return;
        };
        let (batch, units) = (member.dims.batch, member.part.units());
        let (mean, var) = moments_at(member, &self.saved, site::CELL, t);
        let (sum, product) = (&mut s.sum[..units], &mut s.product[..units]);
        let d_gamma = &mut self.gradients.gamma[site::CELL];
        let d_beta = &mut self.gradients.cell_beta;
        if member.row_moments(site::CELL).is_none() {
            let affine = &mut self.affines[site::CELL];
            gates::sums(&s.d_normalized, Block::Dense(&s.c), mean, sum, product);
            norm.prepare_gradient(batch, At { t, mean, var }, (sum, product), affine, d_gamma);
            add(sum, d_beta);
            self.watch.lap(Work::Normalization);
            return;
        }
        let moments = mean.chunks_exact(batch).zip(var.chunks_exact(batch));
        for (group, (mean, var)) in member.groups(site::CELL).zip(moments) {
            rows::inverse(var, norm.epsilon, &mut s.inverse);
            rows::normalize(group, &mut s.c, mean, &s.inverse);
        }
        let zeros = &s.zeros[..units];
        gates::sums(&s.d_normalized, Block::Dense(&s.c), zeros, sum, product);
        add(product, d_gamma);
        add(sum, d_beta);
        self.blocks.begin(member.groups(site::CELL).count());
        for group in member.groups(site::CELL) {
            self.blocks
                .add_gradients(group, &norm.gamma, &s.d_normalized, &s.c);
        }
        self.watch.lap(Work::Normalization);
        self.blocks.exchange(member.parts, &mut self.link);
        self.watch.lap(Work::Exchange);
        self.through_rows(site::CELL, t, &mut []);
        let s = &mut self.scratch;
        std::mem::swap(&mut s.d_cell, &mut s.d_normalized);
        self.watch.lap(Work::Normalization);
    }

    /// From `dz` through the normalizations of both terms, with what that gives for the parameters.
    pub fn terms(&mut self, t: usize, d_recurrent: &mut [T]) {
        let (member, s) = (self.member, &mut self.scratch);
        let (batch, width) = (member.dims.batch, member.part.columns());
        let in_place = member.input_in_place(t);
        if in_place.is_none() && member.norms[site::INPUT].is_some() {
            member.source.fill(t, batch, &member.part, &mut s.input);
        }
        self.watch.lap(Work::Gates);
        let terms = [site::RECURRENT, site::INPUT];
        let groups = terms.iter().map(|&which| member.groups(which).count()).sum();
        self.blocks.begin(groups);
        let summed = terms.map(|which| self.term(which, t, d_recurrent));
        let s = &mut self.scratch;
        if summed == [false; 2] {
            gates::sum(&s.dz, &mut s.sum[..width]);
        }
        add(&s.sum[..width], &mut self.gradients.bias);
        self.watch.lap(Work::Normalization);
        if groups == 0 {
            return;
        }
        self.blocks.exchange(member.parts, &mut self.link);
        self.watch.lap(Work::Exchange);
        for which in terms {
            self.through_rows(which, t, d_recurrent);
        }
        self.watch.lap(Work::Normalization);
    }

    /// The gradient of a site that is normalized row by row, once the blocks are exchanged; that of
    /// the recurrent term goes to `d_recurrent`.
    fn through_rows(&mut self, which: usize, t: usize, d_recurrent: &mut [T]) {
        let (member, s) = (self.member, &mut self.scratch);
        let Some(norm) = &member.norms[which] else { return };
        let (batch, width) = (member.dims.batch, member.part.columns());
        let recurrent = &self.saved.workspace.recurrent[t * batch * width..(t + 1) * batch * width];
        let (dy, x, dx) = match which {
            site::RECURRENT => (&s.dz, recurrent, d_recurrent),
            site::INPUT => (&s.dz, s.input.as_slice(), s.d_input.as_mut_slice()),
            _ => (&s.d_normalized, s.c.as_slice(), s.d_cell.as_mut_slice()),
        };
        let (_, var) = moments_at(member, &self.saved, which, t);
        for (group, var) in member.groups(which).zip(var.chunks_exact(batch)) {
            rows::inverse(var, norm.epsilon, &mut s.inverse);
            let (sum, product) = (&mut s.row_sum, &mut s.row_product);
            self.blocks.means(group, sum, product);
            let row = RowGradient {
                inverse: &s.inverse,
                sum,
                product,
            };
            rows::backward(group, row, &norm.gamma, dy, x, dx);
        }
    }

    /// One term, but for what takes the other threads: its gradient if it is normalized over the
    /// batch or not at all, and the sums over its columns. Whether those were taken.
    fn term(&mut self, which: usize, t: usize, d_recurrent: &mut [T]) -> bool {
        let (member, s) = (self.member, &mut self.scratch);
        let (batch, width) = (member.dims.batch, member.part.columns());
        let recurrent = &self.saved.workspace.recurrent[t * batch * width..(t + 1) * batch * width];
        let dx = if which == site::INPUT {
            s.d_input.as_mut_slice()
        } else {
            d_recurrent
        };
        let Some(norm) = &member.norms[which] else {
            dx.copy_from_slice(&s.dz);
            return false;
        };
        let (mean, var) = moments_at(member, &self.saved, which, t);
        let (sum, product) = (&mut s.sum[..width], &mut s.product[..width]);
        let d_gamma = &mut self.gradients.gamma[which];
        if member.row_moments(which).is_none() {
            let x = match which {
                site::INPUT => member.input_in_place(t).unwrap_or(Block::Dense(&s.input)),
                _ => Block::Dense(recurrent),
            };
            let affine = &mut self.affines[which];
            gates::sums(&s.dz, x, mean, sum, product);
            norm.prepare_gradient(batch, At { t, mean, var }, (sum, product), affine, d_gamma);
            gates::norm_backward(&s.dz, x, affine, dx);
            return true;
        }
        if which == site::INPUT {
            let moments = mean.chunks_exact(batch).zip(var.chunks_exact(batch));
            for (group, (mean, var)) in member.groups(which).zip(moments) {
                rows::inverse(var, norm.epsilon, &mut s.inverse);
                rows::normalize(group, &mut s.input, mean, &s.inverse);
            }
        }
        let normalized = if which == site::INPUT { &s.input } else { recurrent };
        gates::sums(&s.dz, Block::Dense(normalized), &s.zeros, sum, product);
        add(product, d_gamma);
        for group in member.groups(which) {
            self.blocks.add_gradients(group, &norm.gamma, &s.dz, normalized);
        }
        true
    }
}
