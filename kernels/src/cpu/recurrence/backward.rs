//! The sequence backward, for the own units.

use std::ops::Range;

use super::columns::Affine;
use super::gates;
use super::member::{Member, Moments, Rows, Workspace};
use super::rows::Blocks;
use super::team::Link;
use super::weights::RecurrentGradient;
use crate::Real;
use crate::cpu::gemm::PackedMatrix;
use crate::cpu::profile::{Watch, Work};
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

/// Room for one step.
pub(super) struct Scratch<T> {
    /// `[B, 4U]`
    pub input: Vec<T>,
    /// `[B, 4U]`
    pub dz: Vec<T>,
    /// `[B, 4U]`
    pub d_input: Vec<T>,
    /// `[B, U]`
    pub d_normalized: Vec<T>,
    /// `[B, U]`
    pub d_cell: Vec<T>,
    /// `[B, U]`
    pub c: Vec<T>,
    /// `[B, U]`
    pub c_previous: Vec<T>,
    /// `[B, U]`
    pub dh: Vec<T>,
    /// `[B, U]`
    pub dc: Vec<T>,
    /// `[B, U]`
    pub dc_previous: Vec<T>,
    /// `[4U]`, as are the sums over the batch.
    pub zeros: Vec<T>,
    pub sum: Vec<T>,
    pub product: Vec<T>,
    /// `[B]`, as are the means over the features.
    pub inverse: Vec<T>,
    pub row_sum: Vec<T>,
    pub row_product: Vec<T>,
}

/// A backward pass under way.
pub(super) struct Pass<'p, 'a, T: Real> {
    pub member: &'p Member<'a, T>,
    pub saved: Saved<'p, T>,
    pub affines: Sites<Affine<T>>,
    pub blocks: Blocks<T>,
    pub scratch: Scratch<T>,
    pub gradients: Gradients<T>,
    pub link: Link<'p, T>,
    pub watch: Watch<'p>,
}

impl<T: Real> Member<'_, T> {
    /// All gradients; that of a given input term goes to `d_term`, one row of `[U]` for each gate
    /// of each example of each step, and that of a probe to `d_probe`, one for each example.
    pub fn backward(
        &self,
        saved: Saved<'_, T>,
        upstream: Upstream<'_, T>,
        mut d_term: Rows<'_, T>,
        mut d_probe: Rows<'_, T>,
    ) -> Gradients<T> {
        let (steps, batch, hidden) = (self.dims.steps, self.dims.batch, self.dims.hidden);
        let units = self.part.units();
        let mut pass = Pass::new(self, saved);
        let transposed = self.transposed_weight();
        pass.watch.lap(Work::Product);
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
            if !d_probe.is_empty() {
                fill_last(&mut d_probe, &pass.scratch.dh, units);
            }
            let d_recurrent = weights.step(t);
            pass.step(t, states, d_recurrent);
            pass.pass_on_input(t, &mut d_term);
            pass.watch.lap(Work::Gates);
            self.part.scatter(d_recurrent, &mut full);
            pass.link.exchange(d_recurrent, |other, slab| {
                self.parts[other].scatter(slab, &mut full);
            });
            pass.watch.lap(Work::Exchange);
            weights.finish_step(t, self, saved.h);
            let dims = Gemm::new(batch, 4 * hidden, units);
            transposed.multiply(dims, &full, &mut pass.scratch.dh);
            pass.watch.lap(Work::Product);
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
    fn transposed_weight(&self) -> PackedMatrix<T> {
        let row = 4 * self.dims.hidden;
        let dims = Gemm {
            transpose_b: true,
            ..Gemm::new(0, row, self.part.units())
        };
        PackedMatrix::new(dims, &self.w_h[self.part.from * row..self.part.to * row])
    }
}

impl<'p, 'a, T: Real> Pass<'p, 'a, T> {
    fn new(member: &'p Member<'a, T>, saved: Saved<'p, T>) -> Self {
        let (units, width) = (member.part.units(), member.part.columns());
        let batch = member.dims.batch;
        let wide = || vec![T::zero(); batch * width];
        let narrow = || vec![T::zero(); batch * units];
        Self {
            member,
            saved,
            affines: std::array::from_fn(|which| Affine::identity(member.width(which))),
            blocks: Blocks::new(member.part, batch),
            link: member.link(),
            watch: member.watch(),
            scratch: Scratch {
                input: wide(),
                dz: wide(),
                d_input: wide(),
                d_normalized: narrow(),
                d_cell: narrow(),
                c: narrow(),
                c_previous: narrow(),
                dh: narrow(),
                dc: narrow(),
                dc_previous: narrow(),
                zeros: vec![T::zero(); width],
                sum: vec![T::zero(); width],
                product: vec![T::zero(); width],
                inverse: vec![T::zero(); batch],
                row_sum: vec![T::zero(); batch],
                row_product: vec![T::zero(); batch],
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
        self.watch.lap(Work::Gates);
        self.cell_norm(t);
        let s = &mut self.scratch;
        let at = gates::CellGradient {
            gates,
            c: &s.c,
            c_previous: &s.c_previous,
            d_normalized: &s.d_normalized,
            cell: &self.affines[site::CELL],
            dc: &s.dc,
        };
        gates::cell_backward(at, &mut s.dc_previous, &mut s.dz);
        std::mem::swap(&mut s.dc, &mut s.dc_previous);
        self.watch.lap(Work::Gates);
        self.terms(t, d_recurrent);
    }

    /// Hands the gradient of the input term on to where the term comes from.
    fn pass_on_input(&mut self, t: usize, d_term: &mut Rows<'_, T>) {
        let (batch, units) = (self.member.dims.batch, self.member.part.units());
        let s = &mut self.scratch;
        let d_input = &s.d_input;
        let d_weight = &mut self.gradients.weight;
        self.member
            .source
            .add_gradient(t, batch, d_input, &mut s.sum, d_weight);
        if !d_term.is_empty() {
            // Four gates of each example.
            fill_last(d_term, d_input, units);
        }
    }
}

pub(super) fn moments_at<'a, T: Real>(
    member: &Member<'_, T>,
    saved: &Saved<'a, T>,
    which: usize,
    t: usize,
) -> (&'a [T], &'a [T]) {
    let size = member.moments(which);
    let (mean, var) = saved.moments[which].expect("a normalization has moments");
    (&mean[t * size..(t + 1) * size], &var[t * size..(t + 1) * size])
}

/// Moves `from [R, U]` into the last R rows, which are taken off.
fn fill_last<T: Real>(rows: &mut Rows<'_, T>, from: &[T], units: usize) {
    let first = rows.len() - from.len() / units;
    for (to, from) in rows.drain(first..).zip(from.chunks_exact(units)) {
        to.copy_from_slice(from);
    }
}
