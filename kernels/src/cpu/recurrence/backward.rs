//! The sequence backward, for the own units.

use std::ops::Range;

use super::columns::Affine;
use super::gates;
use super::member::{Member, Moments, Rows, Workspace, product};
use super::weights::RecurrentGradient;
use crate::Real;
use crate::cpu::gemm::Packed;
use crate::dims::Gemm;
use crate::sequence::{Sites, site};

/// What the forward pass has left.
#[derive(Clone, Copy)]
pub(super) struct Saved<'a, T> {
    pub workspace: Workspace<&'a [T]>,
    pub moments: Moments<&'a [T]>,
    /// `[T, B, H]`
    pub h: &'a [T],
    /// `[T, B, H]`
    pub c: &'a [T],
}

/// What arrives from outside.
#[derive(Clone, Copy)]
pub(super) struct Upstream<'a, T> {
    /// `[T, B, H]`
    pub dh: Option<&'a [T]>,
    /// `[T, B, H]`
    pub dc: Option<&'a [T]>,
    /// `[B, H]`
    pub dh_last: Option<&'a [T]>,
}

/// Gradients of one thread, for the own columns.
pub(super) struct Gradients<T> {
    /// `[H, 4U]`
    pub w_h: Vec<T>,
    /// `[4U]`
    pub bias: Vec<T>,
    /// `[B, U]`
    pub h_0: Vec<T>,
    /// `[B, U]`
    pub c_0: Vec<T>,
    /// Of every site's `γ`.
    pub gamma: Sites<Vec<T>>,
    /// Of the cell's `β`; the others' are those of the bias.
    pub cell_beta: Vec<T>,
    /// Of the source's weight.
    pub weight: Vec<T>,
}

/// Blocks of one step, `[B, 4U]` or `[B, U]`, and sums over the batch.
struct Scratch<T> {
    input: Vec<T>,
    dz: Vec<T>,
    d_input: Vec<T>,
    d_normalized: Vec<T>,
    c: Vec<T>,
    c_previous: Vec<T>,
    dh: Vec<T>,
    dc: Vec<T>,
    dc_previous: Vec<T>,
    sum: Vec<T>,
    product: Vec<T>,
}

/// A backward pass under way.
struct Pass<'p, 'a, T: Real> {
    member: &'p Member<'a, T>,
    saved: Saved<'p, T>,
    affines: Sites<Affine<T>>,
    scratch: Scratch<T>,
    gradients: Gradients<T>,
}

impl<T: Real> Member<'_, T> {
    /// All gradients; that of a given input term goes to `d_term`, one row of `[U]` for each gate
    /// of each example of each step.
    pub fn backward(
        &self,
        saved: Saved<'_, T>,
        upstream: Upstream<'_, T>,
        mut d_term: Rows<'_, T>,
    ) -> Gradients<T> {
        let (steps, batch, hidden) = (self.dims.steps, self.dims.batch, self.dims.hidden);
        let units = self.part.units();
        let transposed = self.transposed_weight();
        let mut pass = Pass::new(self, saved);
        let mut weights = RecurrentGradient::new(self);
        // Gradient of the recurrent term, of all units.
        let mut full = vec![T::zero(); batch * 4 * hidden];
        if let Some(dh_last) = upstream.dh_last {
            self.part.gather_units(dh_last, &mut pass.scratch.dh);
        }
        for t in (0..steps).rev() {
            let states = t * batch * hidden..(t + 1) * batch * hidden;
            self.add_own(upstream.dh, &states, &mut pass.scratch.dh);
            self.add_own(upstream.dc, &states, &mut pass.scratch.dc);
            let d_recurrent = weights.step(t);
            pass.step(t, states, d_recurrent);
            pass.pass_on_input(t, &mut d_term);
            self.part.scatter(d_recurrent, &mut full);
            let turn = steps - 1 - t;
            self.team.exchange(self.index, turn, d_recurrent, |other, slab| {
                self.other(other).scatter(slab, &mut full);
            });
            weights.finish_step(t, self, saved.h);
            product(
                Gemm::new(batch, 4 * hidden, units),
                &full,
                &transposed,
                &mut pass.scratch.dh,
            );
        }
        transposed.recycle();
        Gradients {
            w_h: weights.into_gradient(),
            h_0: pass.scratch.dh,
            c_0: pass.scratch.dc,
            ..pass.gradients
        }
    }

    /// `W_hᵀ` with the own units as columns, packed.
    fn transposed_weight(&self) -> Packed<T> {
        let row = 4 * self.dims.hidden;
        let dims = Gemm {
            transpose_b: true,
            ..Gemm::new(0, row, self.part.units())
        };
        Packed::new(dims, &self.w_h[self.part.from * row..self.part.to * row])
    }

    /// Adds the own columns of `[B, H]` rows, where there are any.
    fn add_own(&self, all: Option<&[T]>, rows: &Range<usize>, to: &mut [T]) {
        let Some(all) = all else { return };
        let rows = all[rows.clone()].chunks_exact(self.dims.hidden);
        for (row, to) in rows.zip(to.chunks_exact_mut(self.part.units())) {
            add(&row[self.part.from..self.part.to], to);
        }
    }
}

impl<'p, 'a, T: Real> Pass<'p, 'a, T> {
    fn new(member: &'p Member<'a, T>, saved: Saved<'p, T>) -> Self {
        let (units, width) = (member.part.units(), member.part.columns());
        let wide = || vec![T::zero(); member.dims.batch * width];
        let narrow = || vec![T::zero(); member.dims.batch * units];
        Self {
            member,
            saved,
            affines: std::array::from_fn(|which| Affine::identity(member.width(which))),
            scratch: Scratch {
                input: wide(),
                dz: wide(),
                d_input: wide(),
                d_normalized: narrow(),
                c: narrow(),
                c_previous: narrow(),
                dh: narrow(),
                dc: narrow(),
                dc_previous: narrow(),
                sum: vec![T::zero(); width],
                product: vec![T::zero(); width],
            },
            gradients: Gradients {
                w_h: Vec::new(),
                bias: vec![T::zero(); width],
                h_0: Vec::new(),
                c_0: Vec::new(),
                gamma: std::array::from_fn(|which| vec![T::zero(); member.width(which)]),
                cell_beta: vec![T::zero(); units],
                weight: vec![T::zero(); member.source.gradient_len()],
            },
        }
    }

    /// From `dh` and `dc` of step `t` to the gradients of both terms, and to `dc` of the step before.
    fn step(&mut self, t: usize, states: Range<usize>, d_recurrent: &mut [T]) {
        let member = self.member;
        let (batch, units, width) = (member.dims.batch, member.part.units(), member.part.columns());
        let gates = &self.saved.workspace.gates[t * batch * width..(t + 1) * batch * width];
        let tanh_c = &self.saved.workspace.tanh_c[t * batch * units..(t + 1) * batch * units];
        let s = &mut self.scratch;
        gates::output_backward(gates, tanh_c, &s.dh, units, &mut s.dz, &mut s.d_normalized);
        member.part.gather_units(&self.saved.c[states.clone()], &mut s.c);
        match t {
            0 => s.c_previous.copy_from_slice(&member.c_0),
            _ => {
                let before = states.start - states.len()..states.start;
                member.part.gather_units(&self.saved.c[before], &mut s.c_previous);
            }
        }
        self.cell(t, gates);
        self.terms(t, d_recurrent);
        let s = &mut self.scratch;
        std::mem::swap(&mut s.dc, &mut s.dc_previous);
    }

    /// Through the cell's normalization, the cell and the gates `f, i, g`.
    fn cell(&mut self, t: usize, gates: &[T]) {
        let (member, s) = (self.member, &mut self.scratch);
        let affine = &mut self.affines[site::CELL];
        if let Some(norm) = &member.norms[site::CELL] {
            let units = member.part.units();
            let (mean, var) = moments_at(member, &self.saved, site::CELL, t);
            norm.prepare(mean, var, affine);
            let (sum, product) = (&mut s.sum[..units], &mut s.product[..units]);
            gates::sums(&s.d_normalized, &s.c, mean, sum, product);
            let d_gamma = &mut self.gradients.gamma[site::CELL];
            norm.prepare_gradient(member.dims.batch, var, (sum, product), affine, d_gamma);
            add(sum, &mut self.gradients.cell_beta);
        }
        let at = gates::CellGradient {
            gates,
            c: &s.c,
            c_previous: &s.c_previous,
            d_normalized: &s.d_normalized,
            cell: affine,
            dc: &s.dc,
        };
        gates::cell_backward(at, &mut s.dc_previous, &mut s.dz);
    }

    /// From `dz` through the normalizations of both terms, with what that gives for the parameters.
    fn terms(&mut self, t: usize, d_recurrent: &mut [T]) {
        let (member, s) = (self.member, &mut self.scratch);
        let (batch, width) = (member.dims.batch, member.part.columns());
        member.source.fill(t, batch, &member.part, &mut s.input);
        let recurrent = &self.saved.workspace.recurrent[t * batch * width..(t + 1) * batch * width];
        let terms = [
            (site::RECURRENT, recurrent, d_recurrent),
            (site::INPUT, s.input.as_slice(), s.d_input.as_mut_slice()),
        ];
        let mut summed = false;
        for (which, x, dx) in terms {
            let Some(norm) = &member.norms[which] else {
                dx.copy_from_slice(&s.dz);
                continue;
            };
            let (mean, var) = moments_at(member, &self.saved, which, t);
            let affine = &mut self.affines[which];
            norm.prepare(mean, var, affine);
            gates::sums(&s.dz, x, mean, &mut s.sum, &mut s.product);
            let d_gamma = &mut self.gradients.gamma[which];
            norm.prepare_gradient(batch, var, (&s.sum, &s.product), affine, d_gamma);
            gates::norm_backward(&s.dz, x, affine, dx);
            summed = true;
        }
        if !summed {
            gates::sum(&s.dz, &mut s.sum);
        }
        add(&s.sum, &mut self.gradients.bias);
    }

    /// Hands the gradient of the input term on to where the term comes from.
    fn pass_on_input(&mut self, t: usize, d_term: &mut Rows<'_, T>) {
        let (batch, units) = (self.member.dims.batch, self.member.part.units());
        let d_input = &self.scratch.d_input;
        let width = self.member.part.columns();
        self.member
            .source
            .add_gradient(t, batch, width, d_input, &mut self.gradients.weight);
        if d_term.is_empty() {
            return;
        }
        // Four gates of each example; the last step's rows are at the end.
        let first = d_term.len() - 4 * batch;
        for (to, from) in d_term.drain(first..).zip(d_input.chunks_exact(units)) {
            to.copy_from_slice(from);
        }
    }
}

fn moments_at<'a, T: Real>(
    member: &Member<'_, T>,
    saved: &Saved<'a, T>,
    which: usize,
    t: usize,
) -> (&'a [T], &'a [T]) {
    let width = member.width(which);
    let (mean, var) = saved.moments[which].expect("a normalization has moments");
    (
        &mean[t * width..(t + 1) * width],
        &var[t * width..(t + 1) * width],
    )
}

fn add<T: Real>(x: &[T], to: &mut [T]) {
    to.iter_mut().zip(x).for_each(|(to, &x)| *to += x);
}
