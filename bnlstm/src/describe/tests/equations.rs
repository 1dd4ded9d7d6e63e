//! Exact texts.

use super::super::notation::Notation;
use super::super::{Definition, Description, equations};
use super::{REFERENCE, SIZES, described, model};
use crate::cell::{Cell, Site};
use crate::config::ModelConfig;

/// The equations, and the definitions without their notes.
fn formulas(description: &Description) -> Vec<&str> {
    let definitions = description.definitions.iter().map(|found| &found.formula);
    description
        .equations
        .iter()
        .chain(definitions)
        .map(String::as_str)
        .collect()
}

#[test]
fn the_whole_text() {
    let model = model(Cell::Lstm, "batch", "none", 2);
    let text = Description::new(&model, SIZES, REFERENCE, false).to_string();
    let expected = "\
BN-LSTM γ=0.1
normalization: h=BATCH,x=BATCH,c=BATCH
regularization: none
1 layer, units H = 2, inputs D = 3, time steps T = 4, examples B = 5

equations
  (f, i, o, g)_t = BN(h_{t−1} W_h; γ_h) + BN(x_t W_x; γ_x) + b
  c_t = σ(f) ⊙ c_{t−1} + σ(i) ⊙ tanh(g)
  h_t = σ(o) ⊙ tanh(BN(c_t; γ_c, β_c))
  h_0 and c_0 are learned, the same for all examples

  BN(v; γ, β) = β + γ ⊙ (v − mean(v)) / √(var(v) + 1e-5)
      mean and biased variance over the batch, at each time step; in evaluation the population's of that \
step, those of the last step known for later ones
      running averages, to evaluate with instead: 0.99 of the old ones, the rest of the batch's
      what follows a sequence's end is left out
      γ starts at 0.1
      β is 0 where it is not given
      h, x, c=BATCH (Cooijmans et al. 2016, Recurrent Batch Normalization, arXiv 1603.09025)

parameters          shape  count
-----------------  ------  -----
lstm/norm_h/gamma     [8]      8
lstm/norm_x/gamma     [8]      8
lstm/norm_c/gamma     [2]      2
lstm/norm_c/beta      [2]      2
lstm/w_x           [3, 8]     24
lstm/w_h           [2, 8]     16
lstm/bias             [8]      8
lstm/h_0              [2]      2
lstm/c_0              [2]      2
total                         72
  52 without normalization

statistics                     shape  count
----------------------------  ------  -----
lstm/norm_h/running_mean      [4, 8]     32
lstm/norm_h/running_var       [4, 8]     32
lstm/norm_h/running_count        [4]      4
lstm/norm_h/population_mean   [4, 8]     32
lstm/norm_h/population_var    [4, 8]     32
lstm/norm_h/population_count     [4]      4
lstm/norm_x/running_mean      [4, 8]     32
lstm/norm_x/running_var       [4, 8]     32
lstm/norm_x/running_count        [4]      4
lstm/norm_x/population_mean   [4, 8]     32
lstm/norm_x/population_var    [4, 8]     32
lstm/norm_x/population_count     [4]      4
lstm/norm_c/running_mean      [4, 2]      8
lstm/norm_c/running_var       [4, 2]      8
lstm/norm_c/running_count        [4]      4
lstm/norm_c/population_mean   [4, 2]      8
lstm/norm_c/population_var    [4, 2]      8
lstm/norm_c/population_count     [4]      4
total                                   312

a training step
  3840 floating-point operations of matrix products: 1600 forward, 2240 backward
  90 values normalized at each time step, 0 elements of weights once
  step by step on reference: the device has no such operation for a sequence of this size
";
    let batch = "batch(gamma=0.1,eps=1e-5,stats=per-step,momentum=0.99,padding=mask)";
    assert_eq!(text, expected.replace("BATCH", batch));
}

#[test]
fn cells_without_normalization() {
    assert_eq!(
        formulas(&described(Cell::Rnn, "none", "none")),
        [
            "h_t = tanh(h_{t−1} W_h + x_t W_x + b)",
            "h_0 is learned, the same for all examples",
        ]
    );
    assert_eq!(
        formulas(&described(Cell::Lstm, "none", "none")),
        [
            "(f, i, o, g)_t = h_{t−1} W_h + x_t W_x + b",
            "c_t = σ(f) ⊙ c_{t−1} + σ(i) ⊙ tanh(g)",
            "h_t = σ(o) ⊙ tanh(c_t)",
            "h_0 and c_0 are learned, the same for all examples",
        ]
    );
    assert_eq!(
        formulas(&described(Cell::Gru, "none", "none")),
        [
            "(a_r, a_z, a_n)_t = h_{t−1} W_h",
            "(b_r, b_z, b_n)_t = x_t W_x + b",
            "r = σ(a_r + b_r), z = σ(a_z + b_z)",
            "n = tanh(b_n + r ⊙ (a_n + b'_n))",
            "h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}",
            "h_0 is learned, the same for all examples",
        ]
    );
}

#[test]
fn the_rnn_with_replaced_weights_and_a_sum() {
    assert_eq!(
        formulas(&described(Cell::Rnn, "h=weight,x=rms,sum=dyt,out=layer", "none")),
        [
            "h_t = LN(tanh(DyT(h_{t−1} WN(W_h; γ_h) + RMS(x_t W_x; γ_x); γ_sum, α_sum) + b); γ_out, β_out)",
            "h_0 is learned, the same for all examples",
            "WN(W; γ)_j = γ_j w_j / max(‖w_j‖, 1e-6)",
            "RMS(v; γ) = γ ⊙ v / √(mean(v²) + 1e-5)",
            "DyT(v; γ, α) = γ ⊙ tanh(α v)",
            "LN(v; γ, β) = β + γ ⊙ (v − mean(v)) / √(var(v) + 1e-5)",
        ]
    );
}

#[test]
fn the_lstm_with_something_at_every_site() {
    let text =
        "h=cosine,x=batch(stats=sequence-wise),sum=layer(groups=gate),c=batch(eps=0.01),carry=online,out=dyt";
    let description = described(
        Cell::Lstm,
        text,
        "weight-drop+zoneout(h=0,c=0.25)+recurrent-dropout",
    );
    assert_eq!(
        formulas(&description),
        [
            "(f, i, o, g)_t = LN(γ_h ⊙ (CN(h_{t−1}) D(CN(W_h))) + BN₁(x_t W_x; γ_x); γ_sum) + b",
            "c'_t = ON(σ(f) ⊙ c_{t−1} + σ(i) ⊙ d_g(tanh(g)); γ_carry, β_carry)",
            "c_t = z_c(c_{t−1}, c'_t)",
            "h_t = DyT(σ(o) ⊙ tanh(BN₂(c'_t; γ_c, β_c)); γ_out, α_out, β_out)",
            "h_0 and c_0 are learned, the same for all examples",
            "CN(v) = v / max(‖v‖, 0.001)",
            "BN₁(v; γ) = γ ⊙ (v − mean(v)) / √(var(v) + 1e-5)",
            "LN(v; γ) = γ ⊙ (v − mean(v)) / √(var(v) + 1e-5)",
            "BN₂(v; γ, β) = β + γ ⊙ (v − mean(v)) / √(var(v) + 0.01)",
            "ON(v; γ, β) = β + γ ⊙ (v − μ) / √(σ² + 1e-5)",
            "DyT(v; γ, α, β) = β + γ ⊙ tanh(α v)",
            "z_c(s, s') = m ⊙ s + (1 − m) ⊙ s', m ~ Bernoulli(0.25)",
            "d_g(v) = m ⊙ v / (1 − 0.1), m ~ Bernoulli(1 − 0.1)",
            "D(W) = m ⊙ W / (1 − 0.5), m ~ Bernoulli(1 − 0.5)",
        ]
    );
}

/// Gains of 1e-4 leave tanh the identity and all gates open by half, up to squares of the gains:
/// Var h = γ²(1 + 1/4) · 1/4 / (1 − 1/4) for a GRU whose reset gate halves the recurrent term, and
/// Var c = 2γ² / 4 / (1 − 1/4), Var h = γ_c² / 4 for an LSTM with forget bias 0.
#[test]
fn the_constants_of_norm_propagation() {
    let text = "norm-propagation(gamma=2e-4,cell=3e-4)";
    let mut lstm = model(Cell::Lstm, text, "none", 4);
    lstm.forget_bias = 0.0;
    let notation = Notation::new(&lstm, 4);
    assert_eq!(
        equations::equations(&lstm, &notation)[..3],
        [
            "(f, i, o, g)_t = h_{t−1} NP₁(W_h; γ_h) + x_t NP₁(W_x; γ_x) + b",
            "c_t = σ(f) ⊙ c_{t−1} + σ(i) ⊙ tanh(g)",
            "h_t = NP₃(σ(o) ⊙ tanh(NP₂(c_t; γ_c)))",
        ]
    );
    let formula = |definition: &Definition| definition.formula.clone();
    let defined: Vec<String> = notation.definitions().iter().map(formula).collect();
    assert_eq!(
        defined,
        [
            "NP₁(W; γ)_j = γ_j w_j / max(‖w_j‖, 1e-6)",
            "NP₂(v; γ) = γ ⊙ v / 0.000163299",
            "NP₃(v) = v / 0.00015",
        ]
    );
    let gru = Notation::new(&model(Cell::Gru, text, "none", 4), 4);
    let defined: Vec<String> = gru.definitions().iter().map(formula).collect();
    assert_eq!(
        defined,
        [
            "NP₁(W; γ)_j = γ_j w_j / max(‖w_j‖, 1e-6) / 0.000129099",
            "NP₂(W; γ)_j = γ_j w_j / max(‖w_j‖, 1e-6)",
        ]
    );
}

#[test]
fn regularizers_are_in_the_equations() {
    let all = "zoneout+recurrent-dropout+variational+weight-drop+norm-stabilizer";
    let description = described(Cell::Lstm, "none", all);
    assert_eq!(
        description.equations[..6],
        [
            "(f, i, o, g)_t = d_h(h_{t−1}) D(W_h) + d_x(x_t) W_x + b",
            "c'_t = σ(f) ⊙ c_{t−1} + σ(i) ⊙ d_g(tanh(g))",
            "c_t = z_c(c_{t−1}, c'_t)",
            "h'_t = σ(o) ⊙ tanh(c'_t)",
            "h_t = z_h(h_{t−1}, h'_t)",
            "loss ← loss + S(h)",
        ]
    );
    let symbols: Vec<&str> = description
        .definitions
        .iter()
        .map(|found| found.symbol.as_str())
        .collect();
    assert_eq!(symbols, ["z_h", "z_c", "d_g", "d_x", "d_h", "D", "S"]);
    for definition in &description.definitions {
        assert!(
            definition.notes[0].len() > 5 && definition.reference.len() > 5,
            "{definition:?}"
        );
    }
}

#[test]
fn noise_on_the_initial_state_is_told() {
    let model = ModelConfig {
        initial_noise: 0.1,
        ..model(Cell::Rnn, "none", "none", 4)
    };
    let notation = Notation::new(&model, 4);
    assert_eq!(
        equations::equations(&model, &notation)[1],
        "h_0 is learned, the same for all examples; h_0 gets Gaussian noise of standard deviation 0.1"
    );
    assert_eq!(Site::ALL.map(|site| notation.values(site, "v")), ["v"; 6]);
}
