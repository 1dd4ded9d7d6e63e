//! One thread of a recurrence: what it owns and reads.

use std::ops::Range;

use super::columns::{Affine, Norm, Over};
use super::part::Part;
use super::rows::Group;
use super::source::{Block, Source};
use super::team::{Link, Team};
use crate::Real;
use crate::cpu::gemm::PackedMatrix;
use crate::cpu::profile::{Profile, Watch};
use crate::dims::{Gemm, RowMoments};
use crate::sequence::{Sequence, Sites, site};

/// Read-only operands of one thread; weights are the own columns only.
pub(super) struct Member<'a, T> {
    pub index: usize,
    pub part: Part,
    /// Of all members.
    pub parts: &'a [Part],
    pub dims: Sequence,
    pub team: &'a Team<T>,
    pub profile: Option<&'a Profile>,
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
    /// `[T, B, H]`
    pub probe: Option<&'a [T]>,
}

/// What the forward pass keeps for the backward pass, one step after another.
#[derive(Clone, Copy)]
pub(super) struct Workspace<S> {
    /// Activations, `[T, B, 4U]`
    pub gates: S,
    /// The recurrent term, `[T, B, 4U]`: normalized where that is done row by row, else before its
    /// normalization.
    pub recurrent: S,
    /// `[T, B, U]`
    pub tanh_c: S,
}

/// Mean and variance of each site: of the own columns, `[T, width]` each, or of the groups of rows,
/// `[T, G, B]` each.
pub(super) type Moments<S> = Sites<Option<(S, S)>>;

/// Rows `[B, U]` of the own columns of `[T, B, H]`, step by step.
pub(super) type Rows<'a, T> = Vec<&'a mut [T]>;

impl<T: Real> Member<'_, T> {
    pub fn width(&self, which: usize) -> usize {
        site::gates(which) * self.part.units()
    }

    /// The moments of a site that is normalized row by row.
    pub fn row_moments(&self, which: usize) -> Option<RowMoments> {
        match self.norms[which].as_ref()?.over {
            Over::Features(moments) => Some(moments),
            Over::Batch | Over::Renorm(_) | Over::Given => None,
        }
    }

    /// The groups of a site that is normalized row by row, none of another. The blocks of both
    /// terms are exchanged together, those of the cell alone.
    pub fn groups(&self, which: usize) -> impl Iterator<Item = Group> + use<T> {
        let before = match which {
            site::INPUT => self.row_moments(site::RECURRENT),
            _ => None,
        };
        let first = before.map_or(0, |moments| moments.groups);
        let (all, part) = (site::gates(which), self.part);
        let moments = self.row_moments(which).into_iter();
        moments.flat_map(move |rows| Group::all(&part, (all, all / rows.groups), rows.centered, first))
    }

    /// Elements of each moment of a site at one step.
    pub fn moments(&self, which: usize) -> usize {
        match self.row_moments(which) {
            Some(rows) => rows.groups * self.dims.batch,
            None => self.width(which),
        }
    }

    /// The input term of step `t` where it can be read in place: rows are normalized in a copy.
    pub fn input_in_place(&self, t: usize) -> Option<Block<'_, T>> {
        match self.row_moments(site::INPUT) {
            Some(_) => None,
            None => self.source.in_place(t, self.dims.batch),
        }
    }

    /// No normalization, or `γ` alone where rows are normalized beforehand.
    pub fn affine(&self, which: usize) -> Affine<T> {
        match &self.norms[which] {
            Some(norm) if matches!(norm.over, Over::Features(_)) => Affine::scaled(norm.gamma.clone()),
            _ => Affine::identity(self.width(which)),
        }
    }

    /// `β` of the cell, 0 where it has none.
    pub fn cell_beta(&self) -> Vec<T> {
        let beta = self.norms[site::CELL].as_ref().and_then(|norm| norm.beta.clone());
        beta.unwrap_or_else(|| vec![T::zero(); self.part.units()])
    }

    /// The own columns of `W_h`, packed.
    pub fn recurrent_weight(&self) -> PackedMatrix<T> {
        let (hidden, width) = (self.dims.hidden, self.part.columns());
        let mut own = vec![T::zero(); hidden * width];
        self.part.gather(self.w_h, &mut own);
        PackedMatrix::new(Gemm::new(0, hidden, width), &own)
    }

    /// Adds the own columns of `[B, H]` rows, where there are any.
    pub fn add_own(&self, all: Option<&[T]>, rows: &Range<usize>, to: &mut [T]) {
        let Some(all) = all else { return };
        let rows = all[rows.clone()].chunks_exact(self.dims.hidden);
        for (row, to) in rows.zip(to.chunks_exact_mut(self.part.units())) {
            add(&row[self.part.from..self.part.to], to);
        }
    }

    pub fn link(&self) -> Link<'_, T> {
        Link::new(self.team, self.index)
    }

    /// Takes the times of the first member.
    pub fn watch(&self) -> Watch<'_> {
        Watch::start(self.profile.filter(|_| self.index == 0))
    }
}

pub(super) fn add<T: Real>(x: &[T], to: &mut [T]) {
    to.iter_mut().zip(x).for_each(|(to, &x)| *to += x);
}
