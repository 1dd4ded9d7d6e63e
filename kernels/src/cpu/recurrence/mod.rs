//! LSTM sequences in one parallel region.
//!
//! Each thread owns some hidden units with all four gates of each, so that moments over the batch,
//! gates and cells stay with it; a step needs the other threads only for `h`, and on the way back
//! for the gradient of the recurrent term. Moments over the features take one more exchange of a
//! few numbers for each row. Every element is computed by one thread in a fixed order: the number
//! of threads changes no bit.

mod backward;
mod columns;
mod forward;
mod gates;
mod member;
mod norm_backward;
mod part;
mod renorm;
mod rows;
mod source;
mod team;
mod weights;

use super::Cpu;
use super::memory::{indices, slice, slice_mut};
use super::threads::tasks;
use crate::Real;
use crate::buffer::ViewMut;
use crate::check;
use crate::real::for_every_real;
use crate::sequence::{
    FusedLstm, InputGradient, InputTerm, MomentsMut, NormMoments, Sequence, SequenceGradients, SequenceInput,
    SequenceOutput, SequenceSaved, SequenceUpstream, SiteNorm, Sites, site,
};
use crate::simd::Lanes;
use backward::{Gradients, Saved, Upstream};
use columns::{Norm, Over};
use member::{Member, Moments, Rows, Workspace};
use part::Part;
use renorm::Renorm;
use source::Source;
use team::Team;

/// Multiply-adds of one thread in one step at least; a step ends with a barrier of a microsecond
/// or two, so less than for an operation on its own.
const STEP_PRODUCTS: usize = 1 << 17;

/// Elements of the workspace for each unit of each example at each step: two values for each
/// gate, and the cell's tanh.
const KEPT: usize = 9;

impl Cpu {
    fn parts<T: Real>(&self, dims: Sequence) -> Vec<Part> {
        let work = dims.batch * dims.hidden * 4 * dims.hidden;
        Part::cut::<T::Lanes>(dims.hidden, tasks(work, STEP_PRODUCTS, self.threads.count()))
    }

    fn member<'a, T: Real>(
        &'a self,
        index: usize,
        parts: &'a [Part],
        dims: Sequence,
        team: &'a Team<T>,
        input: &SequenceInput<'a, T>,
    ) -> Member<'a, T> {
        let part = parts[index];
        let mut c_0 = vec![T::zero(); dims.batch * part.units()];
        part.gather_units(slice(input.c_0), &mut c_0);
        let norms: Sites<Option<Norm<T>>> = std::array::from_fn(|which| {
            input.norms[which].map(|norm| Norm {
                gamma: gather(which, &part, slice(norm.gamma)),
                beta: norm.beta.map(|beta| gather(which, &part, slice(beta))),
                epsilon: norm.epsilon,
                over: match norm.moments {
                    NormMoments::Columns => Over::Batch,
                    NormMoments::Given { .. } => Over::Given,
                    NormMoments::Rows(rows) => Over::Features(rows),
                    NormMoments::Renorm {
                        mean,
                        std,
                        r_max,
                        d_max,
                    } => Over::Renorm(Renorm {
                        mean: gather(which, &part, slice(mean)),
                        std: gather(which, &part, slice(std)),
                        r_max,
                        d_max,
                    }),
                },
            })
        });
        let mut shift = gather(site::RECURRENT, &part, slice(input.bias));
        for which in [site::RECURRENT, site::INPUT] {
            if let Some(beta) = norms[which].as_ref().and_then(|norm| norm.beta.as_ref()) {
                shift
                    .iter_mut()
                    .zip(beta)
                    .for_each(|(shift, &beta)| *shift += beta);
            }
        }
        Member {
            index,
            part,
            parts,
            dims,
            team,
            profile: self.profile.as_deref(),
            source: source(&part, input.input),
            w_h: slice(input.w_h),
            shift,
            h_0: slice(input.h_0),
            c_0,
            norms,
            probe: input.probe.map(slice),
        }
    }
}

for_every_real! {
impl FusedLstm<T> for Cpu {
    fn applies(&self, dims: Sequence) -> bool {
        dims.hidden >= <T as Real>::Lanes::N && dims.batch > 0 && dims.steps > 0
    }

    fn supports(&self, which: usize, moments: &NormMoments<'_, T>) -> bool {
        match moments {
            NormMoments::Rows(rows) => rows.fits(site::gates(which)),
            NormMoments::Columns | NormMoments::Given { .. } | NormMoments::Renorm { .. } => true,
        }
    }

    fn workspace_len(&self, dims: Sequence) -> usize {
        KEPT * dims.steps * dims.batch * dims.hidden
    }

    fn forward(&self, dims: Sequence, input: SequenceInput<'_, T>, output: SequenceOutput<'_, T>) {
        check::sequence(&dims, &input, &output);
        let parts = self.parts::<T>(dims);
        let team = Team::new(parts.len());
        let workspaces = cut_workspace_mut(dims, &parts, slice_mut(output.workspace));
        let h = cut_rows(&parts, slice_mut(output.h));
        let c = cut_rows(&parts, slice_mut(output.c));
        let mut moments: Vec<Sites<Option<OwnMoments<T>>>> = parts
            .iter()
            .map(|part| own_moments(dims, part, &input.norms))
            .collect();
        let work = workspaces
            .into_iter()
            .zip(moments.iter_mut())
            .zip(h.into_iter().zip(c))
            .collect();
        self.threads
            .team(work, |index, ((workspace, moments), (h, c))| {
                team.member(|| {
                    let member = self.member(index, &parts, dims, &team, &input);
                    let moments: Moments<&mut [T]> = moments.each_mut().map(|own| {
                        own.as_mut()
                            .map(|own| (own.mean.as_mut_slice(), own.var.as_mut_slice()))
                    });
                    member.forward(workspace, moments, h, c);
                });
            });
        for (which, output) in output.moments.into_iter().enumerate() {
            let Some(MomentsMut { mean, var }) = output else {
                continue;
            };
            let (mean, var) = (slice_mut(mean), slice_mut(var));
            let by_rows = by_rows(&input.norms[which]);
            // Moments of rows are with every thread.
            let holders = if by_rows { 1 } else { parts.len() };
            for (part, own) in parts.iter().zip(&moments).take(holders) {
                let own = own[which].as_ref().expect("moments of a normalization");
                for (from, to) in [(&own.mean, &mut *mean), (&own.var, &mut *var)] {
                    if by_rows {
                        to.copy_from_slice(from);
                    } else {
                        scatter(which, part, from, to);
                    }
                }
            }
        }
    }

    fn backward(
        &self,
        dims: Sequence,
        input: SequenceInput<'_, T>,
        saved: SequenceSaved<'_, T>,
        upstream: SequenceUpstream<'_, T>,
        mut gradients: SequenceGradients<'_, T>,
    ) {
        check::sequence_backward(&dims, &input, &saved, &upstream, &gradients);
        let parts = self.parts::<T>(dims);
        let team = Team::new(parts.len());
        let upstream = Upstream {
            dh: upstream.dh.map(slice),
            dc: upstream.dc.map(slice),
            dh_last: upstream.dh_last.map(slice),
        };
        let d_terms = match &mut gradients.input {
            InputGradient::Product(term) => cut_rows(&parts, slice_mut(term.reborrow())),
            InputGradient::Weight(_) => parts.iter().map(|_| Vec::new()).collect(),
        };
        let d_probes = match &mut gradients.probe {
            Some(probe) => cut_rows(&parts, slice_mut(probe.reborrow())),
            None => parts.iter().map(|_| Vec::new()).collect(),
        };
        let workspace = slice(saved.workspace);
        let work = d_terms.into_iter().zip(d_probes).collect();
        let found = self.threads.team(work, |index, (d_term, d_probe)| {
            team.member(|| {
                let part = &parts[index];
                let member = self.member(index, &parts, dims, &team, &input);
                let own = saved_moments(part, &input.norms, &saved);
                let moments: Moments<&[T]> = own
                    .each_ref()
                    .map(|own| own.as_ref().map(|own| (own.mean.as_slice(), own.var.as_slice())));
                let saved = Saved {
                    workspace: cut_workspace(dims, &parts, index, workspace),
                    moments,
                    h: slice(saved.h),
                    c: slice(saved.c),
                };
                member.backward(saved, upstream, d_term, d_probe)
            })
        });
        for (part, own) in parts.iter().zip(found) {
            put_gradients(part, own, &mut gradients);
        }
    }
}
}

struct OwnMoments<T> {
    mean: Vec<T>,
    var: Vec<T>,
}

fn by_rows<T>(norm: &Option<SiteNorm<'_, T>>) -> bool {
    norm.as_ref()
        .is_some_and(|norm| matches!(norm.moments, NormMoments::Rows(_)))
}

/// The moments of the own columns, or of the rows, as the forward pass has left them.
fn saved_moments<T: Real>(
    part: &Part,
    norms: &Sites<Option<SiteNorm<'_, T>>>,
    saved: &SequenceSaved<'_, T>,
) -> Sites<Option<OwnMoments<T>>> {
    std::array::from_fn(|which| {
        let own = |moment| {
            if by_rows(&norms[which]) {
                slice(moment).to_vec()
            } else {
                gather(which, part, slice(moment))
            }
        };
        saved.moments[which].map(|(mean, var)| OwnMoments {
            mean: own(mean),
            var: own(var),
        })
    })
}

/// Room for the moments of the own columns, or of the rows; filled where they are given.
fn own_moments<T: Real>(
    dims: Sequence,
    part: &Part,
    norms: &Sites<Option<SiteNorm<'_, T>>>,
) -> Sites<Option<OwnMoments<T>>> {
    std::array::from_fn(|which| {
        let norm = norms[which]?;
        let width = if which == site::CELL {
            part.units()
        } else {
            part.columns()
        };
        let zeros = |width: usize| OwnMoments {
            mean: vec![T::zero(); dims.steps * width],
            var: vec![T::zero(); dims.steps * width],
        };
        Some(match norm.moments {
            NormMoments::Given { mean, var } => OwnMoments {
                mean: gather(which, part, slice(mean)),
                var: gather(which, part, slice(var)),
            },
            NormMoments::Columns | NormMoments::Renorm { .. } => zeros(width),
            NormMoments::Rows(rows) => zeros(rows.groups * dims.batch),
        })
    })
}

/// The own columns of `[R, F]` rows of a site.
fn gather<T: Real>(which: usize, part: &Part, rows: &[T]) -> Vec<T> {
    if which == site::CELL {
        let mut own = vec![T::zero(); rows.len() / part.hidden * part.units()];
        part.gather_units(rows, &mut own);
        own
    } else {
        let mut own = vec![T::zero(); rows.len() / (4 * part.hidden) * part.columns()];
        part.gather(rows, &mut own);
        own
    }
}

/// Puts `[R, width]` into the own columns of `[R, F]` rows of a site.
fn scatter<T: Real>(which: usize, part: &Part, own: &[T], rows: &mut [T]) {
    match which {
        site::CELL => part.scatter_units(own, rows),
        _ => part.scatter(own, rows),
    }
}

fn source<'a, T: Real>(part: &Part, input: InputTerm<'a, T>) -> Source<'a, T> {
    match input {
        InputTerm::Product(product) => Source::Product(slice(product)),
        InputTerm::Scalar { x, weight } => Source::Scalar {
            x: slice(x),
            weight: gather(site::INPUT, part, slice(weight)),
        },
        InputTerm::Lookup { table, symbols, .. } => Source::Lookup {
            table: gather(site::INPUT, part, slice(table)),
            symbols: indices(symbols),
        },
    }
}

/// Each thread has one piece of the memory, for all three tensors that it keeps.
fn cut_workspace_mut<'a, T>(
    dims: Sequence,
    parts: &[Part],
    mut all: &'a mut [T],
) -> Vec<Workspace<&'a mut [T]>> {
    let mut cut = Vec::with_capacity(parts.len());
    for part in parts {
        let cells = dims.steps * dims.batch * part.units();
        let (gates, rest) = all.split_at_mut(4 * cells);
        let (recurrent, rest) = rest.split_at_mut(4 * cells);
        let (tanh_c, rest) = rest.split_at_mut(cells);
        cut.push(Workspace {
            gates,
            recurrent,
            tanh_c,
        });
        all = rest;
    }
    cut
}

fn cut_workspace<'a, T>(dims: Sequence, parts: &[Part], index: usize, all: &'a [T]) -> Workspace<&'a [T]> {
    let part = &parts[index];
    let cells = dims.steps * dims.batch * part.units();
    let own = &all[KEPT * dims.steps * dims.batch * part.from..];
    Workspace {
        gates: &own[..4 * cells],
        recurrent: &own[4 * cells..8 * cells],
        tanh_c: &own[8 * cells..9 * cells],
    }
}

/// The own columns of every row of `[.., H]`, for each part; of `[.., 4H]` those of every gate.
fn cut_rows<'a, T>(parts: &[Part], all: &'a mut [T]) -> Vec<Rows<'a, T>> {
    let hidden = parts[0].hidden;
    let mut rows: Vec<Rows<'a, T>> = parts
        .iter()
        .map(|_| Vec::with_capacity(all.len() / hidden))
        .collect();
    for mut row in all.chunks_exact_mut(hidden) {
        for (part, rows) in parts.iter().zip(&mut rows) {
            let (own, rest) = row.split_at_mut(part.units());
            rows.push(own);
            row = rest;
        }
    }
    rows
}

fn put_gradients<T: Real>(part: &Part, own: Gradients<T>, to: &mut SequenceGradients<'_, T>) {
    let gate_columns = |own: &[T], to: &mut ViewMut<'_, T>| part.scatter(own, slice_mut(to.reborrow()));
    let unit_columns = |own: &[T], to: &mut ViewMut<'_, T>| part.scatter_units(own, slice_mut(to.reborrow()));
    gate_columns(&own.w_h, &mut to.w_h);
    gate_columns(&own.bias, &mut to.bias);
    unit_columns(&own.h_0, &mut to.h_0);
    unit_columns(&own.c_0, &mut to.c_0);
    if let InputGradient::Weight(weight) = &mut to.input {
        gate_columns(&own.weight, weight);
    }
    for (which, norm) in to.norms.iter_mut().enumerate() {
        let Some(norm) = norm else { continue };
        scatter(which, part, &own.gamma[which], slice_mut(norm.gamma.reborrow()));
        if let Some(beta) = &mut norm.beta {
            let sum = if which == site::CELL {
                &own.cell_beta
            } else {
                &own.bias
            };
            scatter(which, part, sum, slice_mut(beta.reborrow()));
        }
    }
}
