//! Values, statistics and gradients against float64 vectors from another implementation.
//!
//! The folder is `tests/golden`, or the one that `GOLDEN_DIR` names; all shapes come from the
//! files. Every file must be covered by a test here, and its name stand in `COVERED`.
//!
//! Tolerances are relative to the largest value of a tensor: 1e-10 for `f64`, where only the order
//! of summation differs, and 1e-4 for `f32`, whose rounding of 6e-8 a recurrence of normalizations
//! magnifies.

mod attention;
mod case;
mod gru;
mod loss;
mod lstm;
mod norm;
mod norm_weight;
mod optimizer;
mod rnn;

use std::collections::BTreeSet;

use case::folder;

/// Files that a test of this program reads.
const COVERED: [&str; 24] = [
    "attentive_reader",
    "bn_lstm",
    "bn_lstm_eval_longer",
    "bn_lstm_gamma1",
    "bn_lstm_masked",
    "bn_lstm_masked_sequencewise",
    "bn_lstm_sequencewise",
    "bn_lstm_wide",
    "bn_rnn",
    "clip_global_norm",
    "cross_entropy",
    "gru",
    "ln_lstm",
    "lstm",
    "norm_batch",
    "norm_batch_renorm",
    "norm_group",
    "norm_layer",
    "norm_weight",
    "norm_rms",
    "optim_adam",
    "optim_adamw",
    "optim_rmsprop",
    "optim_sgd",
];

#[test]
fn golden_every_file_is_covered() {
    let names: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the folder of golden vectors")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "safetensors")
        })
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    let covered: BTreeSet<String> = COVERED.map(str::to_owned).into();
    let without_test: Vec<&String> = names.difference(&covered).collect();
    let without_file: Vec<&String> = covered.difference(&names).collect();
    assert!(without_test.is_empty(), "covered by no test: {without_test:?}");
    assert!(without_file.is_empty(), "missing: {without_file:?}");
}
