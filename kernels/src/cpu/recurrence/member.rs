//! What one thread does: the sequence for its own units.

use super::columns::{Affine, Norm};
use super::part::Part;
use super::source::Source;
use super::team::Team;
use super::{columns, gates};
use crate::Real;
use crate::cpu::gemm::{Operand, Packed, multiply};
use crate::dims::Gemm;
use crate::sequence::{Sequence, Sites, site};

/// Read-only operands of one thread; weights are the own columns only.
pub(super) struct Member<'a, T> {
    pub index: usize,
    pub part: Part,
    pub dims: Sequence,
    pub team: &'a Team<T>,
    pub source: Source<'a, T>,
    /// `[H, 4H]`
    pub w_h: &'a [T],
    /// Bias and every `β` of the two terms, `[4U]`.
    pub shift: Vec<T>,
    /// `[B, H]`
    pub h_0: &'a [T],
    /// `[B, U]`
    pub c_0: Vec<T>,
    pub norms: Sites<Option<Norm<T>>>,
}

/// What the forward pass keeps for the backward pass, one step after another.
pub(super) struct Workspace<S> {
    /// Activations, `[T, B, 4U]`
    pub gates: S,
    /// The recurrent term before its normalization, `[T, B, 4U]`
    pub recurrent: S,
    /// `[T, B, U]`
    pub tanh_c: S,
}

/// Mean and variance of the own columns of each site, `[T, width]` each.
pub(super) type Moments<S> = Sites<Option<(S, S)>>;

/// Rows `[B, U]` of the own columns of `[T, B, H]`, step by step.
pub(super) type Rows<'a, T> = Vec<&'a mut [T]>;

impl<T: Real> Member<'_, T> {
    fn width(&self, which: usize) -> usize {
        if which == site::CELL {
            self.part.units()
        } else {
            self.part.columns()
        }
    }

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

    /// `β` of the cell, 0 where it has none.
    fn cell_beta(&self) -> Vec<T> {
        let beta = self.norms[site::CELL].as_ref().and_then(|norm| norm.beta.clone());
        beta.unwrap_or_else(|| vec![T::zero(); self.part.units()])
    }

    /// The own columns of `W_h`, packed.
    fn recurrent_weight(&self) -> Packed<T> {
        let (hidden, width) = (self.dims.hidden, self.part.columns());
        let mut own = vec![T::zero(); hidden * width];
        self.part.gather(self.w_h, &mut own);
        Packed::new(Gemm::new(0, hidden, width), &own)
    }

    /// The part of another member.
    fn other(&self, index: usize) -> Part {
        Part::cut::<T::Lanes>(self.dims.hidden, self.team.members())[index]
    }
}

/// `C = A · B` with `A` in rows and `B` packed.
fn product<T: Real>(dims: Gemm, a: &[T], b: &Packed<T>, c: &mut [T]) {
    let operand = Operand {
        data: a,
        stride: if dims.transpose_a { dims.m } else { dims.k },
        transposed: dims.transpose_a,
    };
    let mut rows: Vec<&mut [T]> = c.chunks_exact_mut(dims.n).collect();
    multiply(dims, operand, 0, b, 0..b.panels(), &mut rows);
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

/// States that the forward pass has computed, `[T, B, H]` each.
#[derive(Clone, Copy)]
pub(super) struct States<'a, T> {
    pub h: &'a [T],
    pub c: &'a [T],
}

/// Scratch of the backward pass, `[B, 4U]` or `[B, U]` each.
struct Scratch<T> {
    input: Vec<T>,
    dz: Vec<T>,
    d_recurrent: Vec<T>,
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

impl<T: Real> Member<'_, T> {
    fn scratch(&self) -> Scratch<T> {
        let wide = || vec![T::zero(); self.dims.batch * self.part.columns()];
        let narrow = || vec![T::zero(); self.dims.batch * self.part.units()];
        Scratch {
            input: wide(),
            dz: wide(),
            d_recurrent: wide(),
            d_input: wide(),
            d_normalized: narrow(),
            c: narrow(),
            c_previous: narrow(),
            dh: narrow(),
            dc: narrow(),
            dc_previous: narrow(),
            sum: vec![T::zero(); self.part.columns()],
            product: vec![T::zero(); self.part.columns()],
        }
    }

    /// All gradients; that of a given input term goes to `d_term`, one row of `[U]` for each gate
    /// of each example of each step from the last to the first.
    pub fn backward(
        &self,
        workspace: Workspace<&[T]>,
        moments: Moments<&[T]>,
        states: States<'_, T>,
        upstream: Upstream<'_, T>,
        mut d_term: Vec<&mut [T]>,
    ) -> Gradients<T> {
        let Sequence { steps, batch, hidden } = self.dims;
        let (units, width) = (self.part.units(), self.part.columns());
        let transposed = Packed::new(
            Gemm {
                transpose_b: true,
                ..Gemm::new(0, 4 * hidden, units)
            },
            &self.w_h[self.part.from * 4 * hidden..self.part.to * 4 * hidden],
        );
        let mut s = self.scratch();
        let mut affines: Sites<Affine<T>> = std::array::from_fn(|which| Affine::identity(self.width(which)));
        let mut gradients = Gradients {
            w_h: vec![T::zero(); hidden * width],
            bias: vec![T::zero(); width],
            h_0: Vec::new(),
            c_0: Vec::new(),
            gamma: std::array::from_fn(|which| vec![T::zero(); self.width(which)]),
            cell_beta: vec![T::zero(); units],
            weight: vec![T::zero(); self.source.gradient_len()],
        };
        let mut full = vec![T::zero(); batch * 4 * hidden];
        if let Some(dh_last) = upstream.dh_last {
            self.part.gather_units(dh_last, &mut s.dh);
        }
        for t in (0..steps).rev() {
            let all = t * batch * hidden..(t + 1) * batch * hidden;
            let gates = &workspace.gates[t * batch * width..(t + 1) * batch * width];
            let tanh_c = &workspace.tanh_c[t * batch * units..(t + 1) * batch * units];
            self.add_upstream(upstream.dh, &all, &mut s.dh);
            self.add_upstream(upstream.dc, &all, &mut s.dc);
            gates::output_backward(gates, tanh_c, &s.dh, units, &mut s.dz, &mut s.d_normalized);
            self.part.gather_units(&states.c[all.clone()], &mut s.c);
            self.previous(t, states.c, &mut s.c_previous);
            self.cell_gradient(
                t,
                gates,
                &moments,
                &mut affines[site::CELL],
                &mut s,
                &mut gradients,
            );
            self.term_gradients(t, &workspace, &moments, &mut affines, &mut s, &mut gradients);

            let (d_recurrent, d_input) = (s.d_recurrent.as_slice(), s.d_input.as_slice());
            self.source
                .add_gradient(t, batch, width, d_input, &mut gradients.weight);
            if !d_term.is_empty() {
                let first = d_term.len() - 4 * batch;
                for (to, from) in d_term.drain(first..).zip(d_input.chunks_exact(units)) {
                    to.copy_from_slice(from);
                }
            }
            self.part.scatter(d_recurrent, &mut full);
            let h_previous = if t == 0 {
                self.h_0
            } else {
                &states.h[all.start - batch * hidden..all.start]
            };
            let weights = Gemm {
                transpose_a: true,
                accumulate: true,
                ..Gemm::new(hidden, batch, width)
            };
            let packed = Packed::new(weights, d_recurrent);
            product(weights, h_previous, &packed, &mut gradients.w_h);
            packed.recycle();
            self.team
                .exchange(self.index, steps - 1 - t, d_recurrent, |other, slab| {
                    self.other(other).scatter(slab, &mut full);
                });
            product(Gemm::new(batch, 4 * hidden, units), &full, &transposed, &mut s.dh);
            std::mem::swap(&mut s.dc, &mut s.dc_previous);
        }
        transposed.recycle();
        gradients.h_0 = s.dh;
        gradients.c_0 = s.dc;
        gradients
    }

    fn add_upstream(&self, all: Option<&[T]>, step: &std::ops::Range<usize>, to: &mut [T]) {
        let Some(all) = all else { return };
        let (units, hidden) = (self.part.units(), self.dims.hidden);
        for (row, to) in all[step.clone()]
            .chunks_exact(hidden)
            .zip(to.chunks_exact_mut(units))
        {
            to.iter_mut()
                .zip(&row[self.part.from..self.part.to])
                .for_each(|(to, &d)| *to += d);
        }
    }

    /// The own columns of the state before step `t`.
    fn previous(&self, t: usize, c: &[T], to: &mut [T]) {
        let size = self.dims.batch * self.dims.hidden;
        match t {
            0 => to.copy_from_slice(&self.c_0),
            _ => self.part.gather_units(&c[(t - 1) * size..t * size], to),
        }
    }

    /// Through the cell's normalization, the cell and the gates `f, i, g`.
    fn cell_gradient(
        &self,
        t: usize,
        gates: &[T],
        moments: &Moments<&[T]>,
        affine: &mut Affine<T>,
        s: &mut Scratch<T>,
        gradients: &mut Gradients<T>,
    ) {
        let units = self.part.units();
        if let Some(norm) = &self.norms[site::CELL] {
            let (mean, var) = self.moments_at(site::CELL, t, moments);
            norm.prepare(mean, var, affine);
            let (sum, product) = (&mut s.sum[..units], &mut s.product[..units]);
            gates::sums(&s.d_normalized, &s.c, mean, sum, product);
            norm.prepare_gradient(
                self.dims.batch,
                var,
                (sum, product),
                affine,
                &mut gradients.gamma[site::CELL],
            );
            add(sum, &mut gradients.cell_beta);
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
    fn term_gradients(
        &self,
        t: usize,
        workspace: &Workspace<&[T]>,
        moments: &Moments<&[T]>,
        affines: &mut Sites<Affine<T>>,
        s: &mut Scratch<T>,
        gradients: &mut Gradients<T>,
    ) {
        let (batch, width) = (self.dims.batch, self.part.columns());
        self.source.fill(t, batch, &self.part, &mut s.input);
        let recurrent = &workspace.recurrent[t * batch * width..(t + 1) * batch * width];
        let terms = [
            (site::RECURRENT, recurrent, &mut s.d_recurrent),
            (site::INPUT, s.input.as_slice(), &mut s.d_input),
        ];
        let mut summed = false;
        for (which, x, dx) in terms {
            let Some(norm) = &self.norms[which] else {
                dx.copy_from_slice(&s.dz);
                continue;
            };
            let (mean, var) = self.moments_at(which, t, moments);
            norm.prepare(mean, var, &mut affines[which]);
            gates::sums(&s.dz, x, mean, &mut s.sum, &mut s.product);
            let sums = (s.sum.as_slice(), s.product.as_slice());
            norm.prepare_gradient(batch, var, sums, &mut affines[which], &mut gradients.gamma[which]);
            gates::norm_backward(&s.dz, x, &affines[which], dx);
            summed = true;
        }
        if !summed {
            // Nobody has needed the plain sums yet; those with `x` are not looked at.
            let mean = &affines[site::RECURRENT].mean;
            gates::sums(&s.dz, recurrent, mean, &mut s.sum, &mut s.product);
        }
        add(&s.sum, &mut gradients.bias);
    }

    fn moments_at<'m>(&self, which: usize, t: usize, moments: &Moments<&'m [T]>) -> (&'m [T], &'m [T]) {
        let step = t * self.width(which)..(t + 1) * self.width(which);
        let (mean, var) = moments[which].expect("a normalization has moments");
        (&mean[step.clone()], &var[step])
    }
}

fn add<T: Real>(x: &[T], to: &mut [T]) {
    to.iter_mut().zip(x).for_each(|(to, &x)| *to += x);
}
