//! Recurrent layers: cells, how they run over a sequence, and what is built of them.
//!
//! A [`Cell`] says what one time step computes, in plain operations; that is its definition. Running
//! it over a [`Sequence`] gives masks, both directions and stacks for nothing, to a cell of one's own
//! as well. Where a device has a whole sequence of a cell as one operation, that takes its place.

mod gru;
mod initial;
mod layer;
mod lstm;
mod part;
mod probe;
mod rnn;
mod sequence;
mod sites;
mod state;
mod term;
mod unfused;

use autodiff::Var;
use kernels::Real;

use crate::context::Context;
use crate::lengths::LiveRows;
use crate::norm::Step;

pub use gru::{GATE_N, Gru, GruConfig};
pub use layer::Layer;
pub use lstm::{GATE_F, GATE_G, Lstm, LstmConfig};
pub use rnn::{Rnn, RnnConfig};
pub use sequence::{Input, Sequence, Symbols};
pub use sites::{Site, Sites};
pub use state::{State, StateValues, States};
pub use term::{AtSite, Term, TermPass};
pub use unfused::Unfused;

/// What one time step of a recurrence computes.
pub trait Cell<T: Real>: std::fmt::Debug + Send + Sync {
    /// `H`, number of units.
    fn hidden_size(&self) -> usize;

    /// Begins a pass over `input`: everything that is the same for all of its steps, or is computed
    /// for all of them at once, such as the input term.
    fn begin<'a, 't>(
        &'a self,
        context: &mut Context<'t, '_, T>,
        input: &Sequence<'t, T>,
    ) -> Box<dyn Pass<'t, T> + 'a>
    where
        't: 'a;

    /// The whole sequence as one operation, if the device and every part of the cell have that form.
    /// Not asked for in a [watched](Context::watched_by) pass.
    fn fused<'t>(&self, _: &mut Context<'t, '_, T>, _: &Sequence<'t, T>) -> Option<States<'t, T>> {
        None
    }

    /// Why [`fused`](Self::fused) would give nothing; `None` if it would give states. A cell that has
    /// one of them has the other.
    fn unfused<'t>(&self, _: &mut Context<'t, '_, T>, _: &Sequence<'t, T>) -> Option<Unfused> {
        Some(Unfused::Cell)
    }

    /// All states for a sequence.
    ///
    /// # Panics
    /// If the inputs do not fit the weights.
    #[track_caller]
    fn forward<'t>(&self, context: &mut Context<'t, '_, T>, input: &Sequence<'t, T>) -> States<'t, T> {
        let fused = match context.is_watched() {
            true => None,
            false => self.fused(context, input),
        };
        match fused {
            Some(states) => states,
            None => self.forward_by_steps(context, input),
        }
    }

    /// The same as [`forward`](Self::forward), always step by step in plain operations: the
    /// definition, which the fused form is tested against.
    ///
    /// # Panics
    /// If the inputs do not fit the weights.
    #[track_caller]
    fn forward_by_steps<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        input: &Sequence<'t, T>,
    ) -> States<'t, T> {
        let of = input.steps();
        assert!(of > 0, "cell: a sequence of 0 steps has no state; 1 or more fit");
        let (from, hidden_size) = (input.first_step(), self.hidden_size());
        let probe = input.probe(hidden_size).map(Var::unbind);
        let mut pass = self.begin(context, input);
        let mut state = match input.start(hidden_size) {
            Some(start) => start,
            None => pass.initial(context),
        };
        let (mut h, mut c) = (Vec::with_capacity(of), Vec::new());
        for t in 0..of {
            let live = input.live(t);
            // A step that no sequence has any more changes nothing, and is in no statistic.
            if live.is_none_or(|live| live.count() > 0) {
                let mut next = pass.step(context, state, Step { t, from, of, live });
                next.check_follows(&state);
                if let Some(probe) = &probe {
                    next.h = next.h.add(probe[t]);
                }
                state = match live {
                    Some(live) => hold(live, next, state),
                    None => next,
                };
            }
            h.push(state.h);
            c.extend(state.c);
        }
        States {
            h: Var::stack(&h),
            c: (!c.is_empty()).then(|| Var::stack(&c)),
            last: state.h,
            ends: vec![state],
        }
    }
}

/// A pass of a [`Cell`] over a sequence.
pub trait Pass<'t, T: Real> {
    /// `h_0` and `c_0` of a sequence that does not begin with given states; asked at most once, before
    /// the first step.
    fn initial(&mut self, context: &mut Context<'t, '_, T>) -> State<'t, T>;

    /// The state after `step`, in all rows; those that are no part of their sequence any more are
    /// put back by the caller.
    fn step(
        &mut self,
        context: &mut Context<'t, '_, T>,
        previous: State<'t, T>,
        step: Step<'_, T>,
    ) -> State<'t, T>;
}

/// `new` where rows are live, `old` elsewhere.
fn hold<'t, T: Real>(live: &LiveRows<T>, new: State<'t, T>, old: State<'t, T>) -> State<'t, T> {
    State {
        h: live.keep(new.h, old.h),
        c: new.c.zip(old.c).map(|(new, old)| live.keep(new, old)),
    }
}
