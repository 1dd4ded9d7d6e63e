//! Gradients through the normalizations of one step.

use super::backward::{Pass, add, moments_at};
use super::gates;
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
        let (mean, var) = moments_at(member, &self.saved, site::CELL, t);
        let units = member.part.units();
        let (sum, product) = (&mut s.sum[..units], &mut s.product[..units]);
        let d_gamma = &mut self.gradients.gamma[site::CELL];
        let d_beta = &mut self.gradients.cell_beta;
        let Some(place) = member.place(site::CELL) else {
            let affine = &mut self.affines[site::CELL];
            norm.prepare(mean, var, affine);
            gates::sums(&s.d_normalized, Block::Dense(&s.c), mean, sum, product);
            norm.prepare_gradient(member.dims.batch, var, (sum, product), affine, d_gamma);
            add(sum, d_beta);
            self.watch.lap(Work::Normalization);
            return;
        };
        rows::inverse(var, norm.epsilon, &mut s.inverse);
        rows::normalize(&mut s.c, mean, &s.inverse);
        let zeros = &s.zeros[..units];
        gates::sums(&s.d_normalized, Block::Dense(&s.c), zeros, sum, product);
        add(product, d_gamma);
        add(sum, d_beta);
        self.blocks.begin(1);
        self.blocks
            .add_gradients::<1>(place, &norm.gamma, &s.d_normalized, &s.c);
        self.watch.lap(Work::Normalization);
        self.blocks.exchange(member.parts, &mut self.link);
        self.watch.lap(Work::Exchange);
        let (sum, product) = (&mut s.row_sum, &mut s.row_product);
        self.blocks.means(place, 1, sum, product);
        let row = RowGradient {
            inverse: &s.inverse,
            sum,
            product,
        };
        rows::backward(row, &norm.gamma, &s.d_normalized, &s.c, &mut s.d_cell);
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
        let places = [site::RECURRENT, site::INPUT].map(|which| member.place(which));
        self.blocks.begin(places.iter().flatten().count());
        let summed = [site::RECURRENT, site::INPUT].map(|which| self.term(which, t, d_recurrent));
        let s = &mut self.scratch;
        if summed == [false; 2] {
            gates::sum(&s.dz, &mut s.sum[..width]);
        }
        add(&s.sum[..width], &mut self.gradients.bias);
        self.watch.lap(Work::Normalization);
        if places == [None; 2] {
            return;
        }
        self.blocks.exchange(member.parts, &mut self.link);
        self.watch.lap(Work::Exchange);
        let recurrent = &self.saved.workspace.recurrent[t * batch * width..(t + 1) * batch * width];
        let terms = [
            (site::RECURRENT, recurrent, d_recurrent),
            (site::INPUT, s.input.as_slice(), s.d_input.as_mut_slice()),
        ];
        for ((which, x, dx), place) in terms.into_iter().zip(places) {
            let (Some(norm), Some(place)) = (&member.norms[which], place) else {
                continue;
            };
            let (_, var) = moments_at(member, &self.saved, which, t);
            rows::inverse(var, norm.epsilon, &mut s.inverse);
            let (sum, product) = (&mut s.row_sum, &mut s.row_product);
            self.blocks.means(place, 4, sum, product);
            let row = RowGradient {
                inverse: &s.inverse,
                sum,
                product,
            };
            rows::backward(row, &norm.gamma, &s.dz, x, dx);
        }
        self.watch.lap(Work::Normalization);
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
        let Some(place) = member.place(which) else {
            let x = match which {
                site::INPUT => member.input_in_place(t).unwrap_or(Block::Dense(&s.input)),
                _ => Block::Dense(recurrent),
            };
            let affine = &mut self.affines[which];
            norm.prepare(mean, var, affine);
            gates::sums(&s.dz, x, mean, sum, product);
            norm.prepare_gradient(batch, var, (sum, product), affine, d_gamma);
            gates::norm_backward(&s.dz, x, affine, dx);
            return true;
        };
        if which == site::INPUT {
            rows::inverse(var, norm.epsilon, &mut s.inverse);
            rows::normalize(&mut s.input, mean, &s.inverse);
        }
        let normalized = if which == site::INPUT { &s.input } else { recurrent };
        gates::sums(&s.dz, Block::Dense(normalized), &s.zeros, sum, product);
        add(product, d_gamma);
        self.blocks
            .add_gradients::<4>(place, &norm.gamma, &s.dz, normalized);
        true
    }
}
