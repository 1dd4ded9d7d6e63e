//! What each cell computes, with what a model has at its sites.

use super::notation::Notation;
use crate::cell::{Cell, Site};
use crate::config::ModelConfig;
use crate::number::shortest;

/// The equations of one cell, a line each.
pub fn equations(model: &ModelConfig, notation: &Notation) -> Vec<String> {
    let cell = model.normalization.cell();
    let mut lines = match cell {
        Cell::Rnn => rnn(notation),
        Cell::Lstm => lstm(notation),
        Cell::Gru => gru(notation),
    };
    if notation.has("S") {
        lines.push("loss ← loss + S(h)".to_owned());
    }
    if model.layers > 1 {
        lines.push("x_t is h_t of the layer below, where there is one".to_owned());
    }
    if model.bidirectional {
        lines.push("h_t of a layer is that of both directions, side by side".to_owned());
    }
    let states = if cell == Cell::Lstm {
        "h_0 and c_0 are"
    } else {
        "h_0 is"
    };
    let noise = match model.initial_noise {
        0.0 => String::new(),
        noise => format!(
            "; h_0 gets Gaussian noise of standard deviation {}",
            shortest(noise)
        ),
    };
    lines.push(format!("{states} learned, the same for all examples{noise}"));
    lines
}

fn rnn(n: &Notation) -> Vec<String> {
    let [h, x] = terms(n);
    let sum = n.values(Site::Sum, &format!("{h} + {x}"));
    let h = n.values(Site::Out, &format!("tanh({sum} + b)"));
    held(n, "z_h", "h", &h)
}

fn lstm(n: &Notation) -> Vec<String> {
    let [h, x] = terms(n);
    let gates = n.values(Site::Sum, &format!("{h} + {x}"));
    let candidate = n.applied("d_g", "tanh(g)");
    let c = n.values(Site::Carry, &format!("σ(f) ⊙ c_{{t−1}} + σ(i) ⊙ {candidate}"));
    // The output sees the new cell before zoneout holds some of it back.
    let new = if n.has("z_c") { "c'_t" } else { "c_t" };
    let h = n.values(Site::Out, &format!("σ(o) ⊙ tanh({})", n.values(Site::C, new)));
    let mut lines = vec![format!("(f, i, o, g)_t = {gates} + b")];
    lines.extend(held(n, "z_c", "c", &c));
    lines.extend(held(n, "z_h", "h", &h));
    lines
}

fn gru(n: &Notation) -> Vec<String> {
    let [h, x] = terms(n);
    let candidate = n.applied("d_g", "tanh(b_n + r ⊙ (a_n + b'_n))");
    let new = n.values(Site::Out, "(1 − z) ⊙ n + z ⊙ h_{t−1}");
    let mut lines = vec![
        format!("(a_r, a_z, a_n)_t = {h}"),
        format!("(b_r, b_z, b_n)_t = {x} + b"),
        "r = σ(a_r + b_r), z = σ(a_z + b_z)".to_owned(),
        format!("n = {candidate}"),
    ];
    lines.extend(held(n, "z_h", "h", &new));
    lines
}

/// The recurrent term and the input term.
fn terms(n: &Notation) -> [String; 2] {
    [
        n.product(Site::H, "h_{t−1}", "W_h"),
        n.product(Site::X, "x_t", "W_x"),
    ]
}

/// A state's equation, and that of zoneout, if the model has it.
fn held(n: &Notation, zoneout: &str, state: &str, value: &str) -> Vec<String> {
    match n.has(zoneout) {
        true => vec![
            format!("{state}'_t = {value}"),
            format!("{state}_t = {zoneout}({state}_{{t−1}}, {state}'_t)"),
        ],
        false => vec![format!("{state}_t = {value}")],
    }
}
