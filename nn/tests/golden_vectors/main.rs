//! Values, statistics and gradients against float64 vectors from another implementation.
//!
//! The folder is `tests/golden`, or the one that `GOLDEN_DIR` names; all shapes come from the
//! files. Every file must be covered by a test here or stand in `NOT_COVERED`.
//!
//! Tolerances are relative to the largest value of a tensor: 1e-10 for `f64`, where only the order
//! of summation differs, and 1e-4 for `f32`, whose rounding of 6e-8 a recurrence of normalizations
//! magnifies.

mod case;
mod loss;
mod lstm;
mod norm;
mod norm_weight;
mod optimizer;

use case::{Case, folder};

/// Files whose subject is not implemented.
const NOT_COVERED: [&str; 9] = [
    "attentive_reader",
    "bn_lstm_masked",
    "bn_lstm_masked_sequencewise",
    "bn_lstm_sequencewise",
    "bn_rnn",
    "gru",
    "norm_batch_renorm",
    "norm_group",
    "norm_rms",
];

/// Files that a test of this program reads.
const COVERED: [&str; 15] = [
    "bn_lstm",
    "bn_lstm_eval_longer",
    "bn_lstm_gamma1",
    "bn_lstm_wide",
    "clip_global_norm",
    "cross_entropy",
    "ln_lstm",
    "lstm",
    "norm_batch",
    "norm_layer",
    "norm_weight",
    "optim_adam",
    "optim_adamw",
    "optim_rmsprop",
    "optim_sgd",
];

#[test]
fn golden_every_file_is_covered_or_listed() {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the folder of golden vectors")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "safetensors")
        })
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    names.sort();
    for name in &names {
        let known = COVERED.contains(&name.as_str()) || NOT_COVERED.contains(&name.as_str());
        assert!(
            known,
            "{name}: neither covered by a test nor listed as not covered"
        );
        Case::read(name);
    }
    for name in COVERED {
        assert!(
            names.iter().any(|found| found == name),
            "{name}: the file is missing"
        );
    }
    println!("not covered: {}", NOT_COVERED.join(", "));
}
