//! Length checks of the fused LSTM sequence.

use super::shape;
use crate::sequence::{
    InputGradient, InputTerm, NormMoments, Sequence, SequenceGradients, SequenceInput, SequenceOutput,
    SequenceSaved, SequenceUpstream, site,
};

const OPERATION: &str = "lstm_sequence";
const NAMES: [&str; 3] = ["recurrent", "input", "cell"];

fn features(dims: &Sequence, which: usize) -> usize {
    site::gates(which) * dims.hidden
}

/// Shape of a site's mean and variance, and how it is written.
fn moments_shape<T>(
    dims: &Sequence,
    which: usize,
    moments: &NormMoments<'_, T>,
) -> (&'static str, Vec<usize>) {
    match moments {
        NormMoments::Rows(rows) => ("T, G, B", vec![dims.steps, rows.groups, dims.batch]),
        NormMoments::Columns | NormMoments::Given { .. } | NormMoments::Renorm { .. } => {
            ("T, F", vec![dims.steps, features(dims, which)])
        }
    }
}

/// Requires that groups of rows are of whole gates.
#[track_caller]
fn row_groups<T>(which: usize, moments: &NormMoments<'_, T>) {
    let NormMoments::Rows(rows) = moments else { return };
    let gates = site::gates(which);
    assert!(
        rows.fits(gates),
        "{OPERATION}: rows of the {} site in {} groups; {} would fit",
        NAMES[which],
        rows.groups,
        if gates == 1 {
            "1"
        } else {
            "1, 2 or 4, of whole gates,"
        }
    );
}

#[track_caller]
fn input_term<T>(dims: &Sequence, input: &InputTerm<'_, T>) {
    let Sequence { steps, batch, hidden } = *dims;
    match input {
        InputTerm::Product(product) => {
            shape(
                OPERATION,
                "product",
                product.len,
                "T, B, 4H",
                &[steps, batch, 4 * hidden],
            );
        }
        InputTerm::Scalar { x, weight } => {
            shape(OPERATION, "x", x.len, "T, B", &[steps, batch]);
            shape(OPERATION, "weight", weight.len, "4H", &[4 * hidden]);
        }
        InputTerm::Lookup { table, rows, symbols } => {
            shape(OPERATION, "table", table.len, "V, 4H", &[*rows, 4 * hidden]);
            shape(OPERATION, "symbols", symbols.len(), "T, B", &[steps, batch]);
            assert!(
                symbols.bound() <= *rows,
                "{OPERATION}: symbol {} of a table of {rows} rows",
                symbols.bound() - 1
            );
        }
    }
}

#[track_caller]
fn operands<T>(dims: &Sequence, input: &SequenceInput<'_, T>) {
    let Sequence { steps, batch, hidden } = *dims;
    input_term(dims, &input.input);
    shape(OPERATION, "w_h", input.w_h.len, "H, 4H", &[hidden, 4 * hidden]);
    shape(OPERATION, "bias", input.bias.len, "4H", &[4 * hidden]);
    shape(OPERATION, "h_0", input.h_0.len, "B, H", &[batch, hidden]);
    shape(OPERATION, "c_0", input.c_0.len, "B, H", &[batch, hidden]);
    let probe = input.probe;
    probe.inspect(|probe| shape(OPERATION, "probe", probe.len, "T, B, H", &[steps, batch, hidden]));
    for (which, norm) in input.norms.iter().enumerate() {
        let Some(norm) = norm else { continue };
        let columns = features(dims, which);
        row_groups(which, &norm.moments);
        let given = match norm.moments {
            NormMoments::Given { mean, var } => vec![("mean", mean), ("var", var)],
            NormMoments::Renorm { mean, std, .. } => vec![("mean", mean), ("std", std)],
            NormMoments::Columns | NormMoments::Rows(_) => Vec::new(),
        };
        for (name, moment) in given {
            let name = format!("{name} of {}", NAMES[which]);
            shape(OPERATION, &name, moment.len, "T, F", &[steps, columns]);
        }
        let parameters = [("gamma", Some(norm.gamma)), ("beta", norm.beta)];
        for (name, parameter) in parameters {
            let name = format!("{name} of {}", NAMES[which]);
            parameter.inspect(|parameter| shape(OPERATION, &name, parameter.len, "F", &[columns]));
        }
    }
}

#[track_caller]
pub(crate) fn sequence<T>(dims: &Sequence, input: &SequenceInput<'_, T>, output: &SequenceOutput<'_, T>) {
    let Sequence { steps, batch, hidden } = *dims;
    operands(dims, input);
    shape(OPERATION, "h", output.h.len, "T, B, H", &[steps, batch, hidden]);
    shape(OPERATION, "c", output.c.len, "T, B, H", &[steps, batch, hidden]);
    for (which, moments) in output.moments.iter().enumerate() {
        let computed = input.norms[which]
            .as_ref()
            .is_some_and(|norm| !matches!(norm.moments, NormMoments::Given { .. }));
        assert!(
            moments.is_some() == computed,
            "{OPERATION}: the {} site {} moments, but has {} to put them; both or none fit",
            NAMES[which],
            if computed { "computes" } else { "computes no" },
            if moments.is_some() { "where" } else { "nowhere" }
        );
        let (Some(moments), Some(norm)) = (moments, &input.norms[which]) else {
            continue;
        };
        let (letters, fits) = moments_shape(dims, which, &norm.moments);
        for moment in [&moments.mean, &moments.var] {
            shape(OPERATION, "moments", moment.len, letters, &fits);
        }
    }
}

#[track_caller]
pub(crate) fn sequence_backward<T>(
    dims: &Sequence,
    input: &SequenceInput<'_, T>,
    saved: &SequenceSaved<'_, T>,
    upstream: &SequenceUpstream<'_, T>,
    gradients: &SequenceGradients<'_, T>,
) {
    let Sequence { steps, batch, hidden } = *dims;
    operands(dims, input);
    let states = [
        ("h", Some(saved.h)),
        ("c", Some(saved.c)),
        ("dh", upstream.dh),
        ("dc", upstream.dc),
    ];
    for (name, state) in states {
        state.inspect(|state| shape(OPERATION, name, state.len, "T, B, H", &[steps, batch, hidden]));
    }
    let last = upstream.dh_last;
    last.inspect(|last| shape(OPERATION, "dh_last", last.len, "B, H", &[batch, hidden]));
    for (which, norm) in input.norms.iter().enumerate() {
        let Some(norm) = norm else { continue };
        let (Some((mean, var)), Some(to)) = (saved.moments[which], &gradients.norms[which]) else {
            panic!(
                "{OPERATION}: the {} site has a normalization, but no moments or no gradients; give both",
                NAMES[which]
            );
        };
        let (letters, fits) = moments_shape(dims, which, &norm.moments);
        for moment in [mean, var] {
            shape(OPERATION, "saved moments", moment.len, letters, &fits);
        }
        super::same(
            OPERATION,
            "gradient of gamma",
            to.gamma.len,
            "gamma",
            norm.gamma.len,
        );
        assert!(
            norm.beta.map(|beta| beta.len) == to.beta.as_ref().map(|beta| beta.len),
            "{OPERATION}: beta of the {} site and its gradient differ in length; the same fits",
            NAMES[which]
        );
    }
    match (&gradients.input, &input.input) {
        (InputGradient::Product(to), InputTerm::Product(from)) => {
            super::same(OPERATION, "gradient of the product", to.len, "product", from.len);
        }
        (
            InputGradient::Weight(to),
            InputTerm::Scalar { weight: from, .. } | InputTerm::Lookup { table: from, .. },
        ) => {
            super::same(OPERATION, "gradient of the weight", to.len, "weight", from.len);
        }
        _ => panic!("{OPERATION}: the gradient of the input term is of another kind than the term"),
    }
    let weights = [
        ("gradient of w_h", &gradients.w_h, input.w_h),
        ("gradient of bias", &gradients.bias, input.bias),
        ("gradient of h_0", &gradients.h_0, input.h_0),
        ("gradient of c_0", &gradients.c_0, input.c_0),
    ];
    for (name, to, from) in weights {
        super::same(OPERATION, name, to.len, "its operand", from.len);
    }
    assert!(
        input.probe.map(|probe| probe.len) == gradients.probe.as_ref().map(|probe| probe.len),
        "{OPERATION}: the probe and its gradient differ in length; the same fits, or none of both"
    );
}
