use super::*;
use crate::cell::{Cell, Site};
use crate::config::RecurrentInit;
use crate::device::DeviceKind;
use crate::list::combinations;
use crate::text::Values;

const SIZES: Sizes = Sizes {
    input_size: 3,
    steps: 4,
    batch: 5,
};

const CPU: DeviceChoice = DeviceChoice {
    kind: DeviceKind::Cpu,
    threads: 1,
};

const REFERENCE: DeviceChoice = DeviceChoice {
    kind: DeviceKind::Reference,
    threads: 1,
};

fn model(cell: Cell, normalization: &str, regularization: &str, hidden_size: usize) -> ModelConfig {
    ModelConfig {
        normalization: Sites::parse(cell, normalization).unwrap(),
        regularization: regularization.parse().unwrap(),
        hidden_size,
        layers: 1,
        bidirectional: false,
        recurrent_init: RecurrentInit::Orthogonal,
        forget_bias: 1.0,
        initial_noise: 0.0,
    }
}

fn described(cell: Cell, normalization: &str, regularization: &str) -> Description {
    let model = model(cell, normalization, regularization, 4);
    Description::new(&model, SIZES, REFERENCE, false)
}

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
lstm/norm_h/population_mean   [4, 8]     32
lstm/norm_h/population_var    [4, 8]     32
lstm/norm_h/population_count     [4]      4
lstm/norm_x/running_mean      [4, 8]     32
lstm/norm_x/running_var       [4, 8]     32
lstm/norm_x/population_mean   [4, 8]     32
lstm/norm_x/population_var    [4, 8]     32
lstm/norm_x/population_count     [4]      4
lstm/norm_c/running_mean      [4, 2]      8
lstm/norm_c/running_var       [4, 2]      8
lstm/norm_c/population_mean   [4, 2]      8
lstm/norm_c/population_var    [4, 2]      8
lstm/norm_c/population_count     [4]      4
total                                   300

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
    let text = "norm-propagation(gamma=2e-4,cell=3e-3)";
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
            "NP₃(v) = v / 0.0015",
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
fn every_combination_names_its_site_and_its_symbol() {
    for combination in combinations() {
        let (cell, site, variant) = (combination.cell, combination.site, combination.variant);
        let text = combination.text();
        let description = described(cell, &text, "none");
        let [definition] = &description.definitions[..] else {
            panic!("{cell} {text}: {:?}", description.definitions);
        };
        assert_eq!(definition.symbol, variant.label, "{cell} {text}");
        assert_eq!(definition.sites, [site.name()], "{cell} {text}");
        assert!(
            definition.formula.starts_with(&format!("{}(", variant.label)),
            "{definition:?}"
        );
        let symbol = format!("{}(", variant.label);
        let with: Vec<_> = description
            .equations
            .iter()
            .filter(|line| line.contains(&symbol))
            .collect();
        assert_eq!(with.len(), 1, "{cell} {text}: {:?}", description.equations);
        let learned = description.parameters.tensors.iter();
        let own: Vec<_> = learned.filter(|tensor| tensor.path.contains("/norm_")).collect();
        for tensor in &own {
            let name = tensor.path.rsplit('/').next().unwrap();
            let letter = ["gamma", "beta", "alpha"]
                .iter()
                .position(|known| *known == name)
                .unwrap();
            let letter = ["γ", "β", "α"][letter];
            assert!(
                with[0].contains(&format!("{letter}_{site}")),
                "{cell} {text}: {with:?}"
            );
        }
        let letters = ["γ_", "β_", "α_"]
            .iter()
            .filter(|letter| with[0].contains(**letter))
            .count();
        assert_eq!(letters, own.len(), "{cell} {text}: {with:?}");
        assert!(
            description.to_string().contains(&definition.text),
            "{cell} {text}"
        );
    }
}

/// Norm propagation is left out: its gains are in constants that are computed of them.
#[test]
fn every_number_of_the_options_is_in_the_definition() {
    let others = combinations().filter(|found| found.variant.name != "norm-propagation");
    for combination in others {
        let numbers = combination
            .variant
            .options
            .iter()
            .enumerate()
            .filter(|(_, option)| matches!(option.values, Values::Number(_) | Values::Count(_)));
        for (i, option) in numbers {
            let number = match option.values {
                // Groups have to divide the units.
                Values::Count(_) => 4,
                _ => 0,
            };
            let value = if number > 0 {
                number.to_string()
            } else {
                format!("0.{}37", i + 1)
            };
            let value = if option.name == "rmax" {
                "7.125".to_owned()
            } else {
                value
            };
            let text = format!("{}({}={value})", combination.text(), option.name);
            let description = described(combination.cell, &text, "none");
            let Definition { formula, notes, .. } = &description.definitions[0];
            let found = notes.iter().chain([formula]).any(|line| line.contains(&value));
            assert!(found, "{text}: {formula} {notes:?}");
        }
    }
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

/// Two layers of both directions: only those of the first do without the gradient of their inputs.
#[test]
fn a_stack_counted_by_hand() {
    let model = ModelConfig {
        layers: 2,
        bidirectional: true,
        ..model(Cell::Gru, "h=cosine,x=weight,out=layer", "none", 4)
    };
    let description = Description::new(&model, SIZES, REFERENCE, false);
    // A cell: W_x [D, 12], W_h [4, 12], biases 12 + 4, h_0 4; γ of 12, 12 and 4, β of 4.
    let cell = |d: usize| d * 12 + 48 + 20;
    assert_eq!(description.parameters_without, 2 * cell(3) + 2 * cell(8));
    assert_eq!(
        description.parameters.total,
        description.parameters_without + 4 * 32
    );
    assert_eq!(description.statistics.total, 0);
    // 20 rows of inputs and states, 2 operations an element of a weight.
    let cost = &description.cost;
    assert_eq!(cost.forward_operations, 40 * 12 * (2 * (3 + 4) + 2 * (8 + 4)));
    assert_eq!(cost.backward_operations, 40 * 12 * (2 * (3 + 8) + 2 * (16 + 8)));
    // h_{t−1} and h_t at each step; W_h and W_x once.
    assert_eq!(cost.normalized_values, 4 * 5 * (4 + 4));
    assert_eq!(cost.normalized_weights, 12 * (2 * (3 + 4) + 2 * (8 + 4)));
    assert_eq!(
        description.equations[5..],
        [
            "x_t is h_t of the layer below, where there is one",
            "h_t of a layer is that of both directions, side by side",
            "h_0 is learned, the same for all examples",
        ]
    );
}

#[test]
fn what_makes_it_go_step_by_step() {
    let because = |cell, normalization, regularization| {
        // One vector of the widest, 16 numbers, fits.
        let model = model(cell, normalization, regularization, 16);
        Description::new(&model, SIZES, CPU, false).cost.unfused_because
    };
    for fused in [
        "none",
        "batch",
        "layer-gate",
        "weight",
        "batch-renorm",
        "x=assorted-time",
        "x=cosine,c=rms",
    ] {
        assert_eq!(because(Cell::Lstm, fused, "weight-drop"), None, "{fused}");
    }
    for (cell, normalization, regularization, expected) in [
        (
            Cell::Gru,
            "none",
            "none",
            "no device has sequences of this cell as one operation",
        ),
        (
            Cell::Lstm,
            "h=layer,carry=dyt",
            "none",
            "the operation has no normalization at carry (carry=dyt(gamma=1,alpha=0.5))",
        ),
        (
            Cell::Lstm,
            "c=group(groups=2)",
            "none",
            "the operation does not have the normalization that stands at c (c=group(gamma=1,eps=1e-5,groups=2))",
        ),
        (
            Cell::Lstm,
            "batch",
            "zoneout(h=0,c=0.5)",
            "zoneout_c changes what happens between two steps (zoneout(h=0,c=0.5))",
        ),
    ] {
        let reason = because(cell, normalization, regularization);
        assert_eq!(reason.as_deref(), Some(expected), "{normalization}");
    }
}

#[test]
fn a_measured_step_takes_time() {
    let model = model(Cell::Lstm, "batch", "norm-stabilizer", 4);
    let measured = Description::new(&model, SIZES, CPU, true).measured.unwrap();
    assert!(
        measured.milliseconds > 0.0 && measured.milliseconds_without > 0.0,
        "{measured:?}"
    );
    assert_eq!(
        measured.ratio,
        measured.milliseconds / measured.milliseconds_without
    );
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
