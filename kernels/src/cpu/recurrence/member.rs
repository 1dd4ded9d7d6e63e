//! One thread of a recurrence: what it owns and reads.

use super::columns::Norm;
use super::part::Part;
use super::source::Source;
use super::team::Team;
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
#[derive(Clone, Copy)]
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
    pub fn width(&self, which: usize) -> usize {
        if which == site::CELL {
            self.part.units()
        } else {
            self.part.columns()
        }
    }

    /// `β` of the cell, 0 where it has none.
    pub fn cell_beta(&self) -> Vec<T> {
        let beta = self.norms[site::CELL].as_ref().and_then(|norm| norm.beta.clone());
        beta.unwrap_or_else(|| vec![T::zero(); self.part.units()])
    }

    /// The own columns of `W_h`, packed.
    pub fn recurrent_weight(&self) -> Packed<T> {
        let (hidden, width) = (self.dims.hidden, self.part.columns());
        let mut own = vec![T::zero(); hidden * width];
        self.part.gather(self.w_h, &mut own);
        Packed::new(Gemm::new(0, hidden, width), &own)
    }

    /// The part of another member.
    pub fn other(&self, index: usize) -> Part {
        Part::cut::<T::Lanes>(self.dims.hidden, self.team.members())[index]
    }
}

/// `C = A · B` with `A` in rows and `B` packed.
pub(super) fn product<T: Real>(dims: Gemm, a: &[T], b: &Packed<T>, c: &mut [T]) {
    let operand = Operand {
        data: a,
        stride: if dims.transpose_a { dims.m } else { dims.k },
        transposed: dims.transpose_a,
    };
    let mut rows: Vec<&mut [T]> = c.chunks_exact_mut(dims.n).collect();
    multiply(dims, operand, 0, b, 0..b.panels(), &mut rows);
}
