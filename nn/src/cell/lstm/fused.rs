//! An LSTM's sequence as one operation of the device.

use autodiff::{LstmSequence, SequenceNorm, SequenceStates, SequenceTerm, Var};
use kernels::Real;

use super::super::{Input, Sequence, Site, State, States, Unfused};
use super::Lstm;
use crate::context::Context;
use crate::norm::FusedNorm;
use crate::regularization::weight_drop;

/// Sites in the order of [`kernels::sequence::site`].
const SITES: [Site; 3] = [Site::H, Site::X, Site::C];

/// How the operation normalizes.
pub(super) struct Plan<'t, T: Real> {
    norms: [Option<SequenceNorm<'t, T>>; 3],
    /// Whether the input term is normalized before the operation instead.
    outside: bool,
    /// Constant by which the hidden state is multiplied.
    out: Option<T>,
}

/// All states, if the device has the operation and every normalizer a form in it.
#[track_caller]
pub(super) fn run<'t, T: Real>(
    lstm: &Lstm<T>,
    context: &mut Context<'t, '_, T>,
    input: &Sequence<'t, T>,
) -> Option<States<'t, T>> {
    let plan = plan(lstm, context, input).ok()?;
    Some(record(lstm, context, input, plan))
}

/// How the operation is to normalize, or why it cannot be.
pub(super) fn plan<'t, T: Real>(
    lstm: &Lstm<T>,
    context: &mut Context<'t, '_, T>,
    input: &Sequence<'t, T>,
) -> Result<Plan<'t, T>, Unfused> {
    let (steps, batch, times) = (input.steps(), input.batch(), input.time_steps());
    let others = [Site::Sum, Site::Carry];
    let device = context.tape().device();
    if !LstmSequence::applies(device, steps, batch, lstm.hidden_size) {
        return Err(Unfused::Device);
    }
    if input.lengths().is_some() {
        return Err(Unfused::Lengths);
    }
    if let Some(site) = others.into_iter().find(|&site| lstm.sites.at(site).is_some()) {
        return Err(Unfused::Site(site));
    }
    if let Some(setting) = lstm.regularization.within_steps(context.mode()) {
        return Err(Unfused::Regularization(setting));
    }
    let out = match lstm.sites.at(Site::Out) {
        None => None,
        Some(normalizer) => match normalizer.fused(context, times.clone()) {
            Some(FusedNorm::Constant(factor)) => Some(factor),
            _ => return Err(Unfused::Site(Site::Out)),
        },
    };
    let mut norms = [const { None }; 3];
    let mut outside = false;
    for (which, site) in SITES.into_iter().enumerate() {
        let Some(normalizer) = lstm.sites.at(site) else {
            continue;
        };
        let fused = normalizer
            .fused(context, times.clone())
            .filter(|norm| match norm {
                FusedNorm::Values(values) => LstmSequence::supports(device, which, &values.moments),
                FusedNorm::Weight => true,
                FusedNorm::Constant(_) => false,
            });
        match fused {
            Some(FusedNorm::Values(values)) => norms[which] = Some(values),
            Some(_) => {}
            // The input term is known before the recurrence begins, so it can always be normalized
            // on its own.
            None if site == Site::X => outside = true,
            None => return Err(Unfused::Normalizer(site)),
        }
    }
    Ok(Plan { norms, outside, out })
}

#[track_caller]
fn record<'t, T: Real>(
    lstm: &Lstm<T>,
    context: &mut Context<'t, '_, T>,
    input: &Sequence<'t, T>,
    Plan { norms, outside, out }: Plan<'t, T>,
) -> States<'t, T> {
    let batch = input.batch();
    // What is drawn is drawn in the order of a pass by steps.
    let input = &lstm.dropped(context, input);
    let term = match outside {
        true => SequenceTerm::Product(lstm.input_term().of_sequence(context, input)),
        false => term(lstm, context, input),
    };
    let w_h = lstm.recurrent_term().weight(context);
    let w_h = weight_drop(context, lstm.regularization.weight_drop, w_h);
    let initial = match input.start(lstm.hidden_size) {
        Some(start) => start,
        None => lstm.initial.of_batch(context, batch),
    };
    let probe = input.probe(lstm.hidden_size);
    // With h = k h' the operation can compute h', since h_{t−1} W_h = h'_{t−1} (k W_h).
    let (w_h, h_0, probe) = match out {
        Some(factor) => {
            let inverse = T::one() / factor;
            let probe = probe.map(|probe| probe.scale(inverse));
            (w_h.scale(factor), initial.h.scale(inverse), probe)
        }
        None => (w_h, initial.h, probe),
    };
    let sequence = LstmSequence {
        input: term,
        w_h,
        bias: context.param(lstm.bias),
        h_0,
        c_0: initial.cell(),
        norms,
        probe,
    };
    let states = sequence.record(input.steps());
    for (site, moments) in SITES.into_iter().zip(&states.moments) {
        if let (Some(normalizer), Some((mean, var))) = (lstm.sites.at(site), moments) {
            normalizer.observe(context, input.first_step(), batch, mean, var);
        }
    }
    let SequenceStates { h, c, last, .. } = states;
    let scaled = |h: Var<'t, T>| out.map_or(h, |factor| h.scale(factor));
    let (last, steps) = (scaled(last), input.steps());
    let c_last = c.slice(0, steps - 1..steps).reshape(last.shape());
    States {
        h: scaled(h),
        c: Some(c),
        last,
        ends: vec![State {
            h: last,
            c: Some(c_last),
        }],
    }
}

/// The input term, before its normalization, in the form that costs least.
#[track_caller]
fn term<'t, T: Real>(
    lstm: &Lstm<T>,
    context: &mut Context<'t, '_, T>,
    input: &Sequence<'t, T>,
) -> SequenceTerm<'t, T> {
    let weight = lstm.input_term().weight(context);
    match input.input() {
        Input::Dense(x) if x.shape().last() == 1 && !x.needs_gradient() => SequenceTerm::Scalar {
            x: x.value().reshape([input.steps(), input.batch()]),
            weight,
        },
        Input::Symbols(symbols) if symbols.unchanged().is_some() => SequenceTerm::Lookup {
            table: weight,
            symbols: symbols.unchanged().expect("asked").clone(),
        },
        _ => SequenceTerm::Product(input.product(weight)),
    }
}
