//! Length checks of the fused LSTM sequence.

use super::shape;
use crate::sequence::{
    InputGradient, InputTerm, Sequence, SequenceGradients, SequenceInput, SequenceOutput, SequenceSaved,
    SequenceUpstream, site,
};

const OPERATION: &str = "lstm_sequence";
const NAMES: [&str; 3] = ["recurrent", "input", "cell"];

fn features(dims: &Sequence, which: usize) -> usize {
    if which == site::CELL {
        dims.hidden
    } else {
        4 * dims.hidden
    }
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
    for (which, norm) in input.norms.iter().enumerate() {
        let Some(norm) = norm else { continue };
        let columns = features(dims, which);
        let fixed = norm.fixed.map(|(mean, var)| [("mean", mean), ("var", var)]);
        for (name, moment) in fixed.into_iter().flatten() {
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
        let Some(moments) = moments else { continue };
        assert!(
            input.norms[which].is_some(),
            "{OPERATION}: moments of the {} site, which has no normalization",
            NAMES[which]
        );
        for moment in [&moments.mean, &moments.var] {
            shape(
                OPERATION,
                "moments",
                moment.len,
                "T, F",
                &[steps, features(dims, which)],
            );
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
        let complete = saved.moments[which].is_some() && gradients.norms[which].is_some();
        assert!(
            norm.is_none() || complete,
            "{OPERATION}: the {} site has a normalization, but no moments or no gradients",
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
    shape(
        OPERATION,
        "gradient of w_h",
        gradients.w_h.len,
        "H, 4H",
        &[hidden, 4 * hidden],
    );
}
