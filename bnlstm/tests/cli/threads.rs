//! Results do not depend on the number of threads.

use crate::support::Workspace;

/// 54 updates. A step's product h W_h has 80 · 448 · 112 = 4.0 million multiply-adds, and a sequence
/// is split among threads from 2¹⁷ a step for each, so that three take part; the products of all
/// steps together, for the gradient of W_h, are far beyond the 2²⁰ of a product on its own.
const RUN: [&str; 7] = ["train", "--hidden-size", "112", "--batch", "80", "--epochs", "3"];

#[test]
fn checkpoints_have_the_same_bytes_with_1_2_and_3_threads() {
    let workspace = Workspace::new();
    let checkpoint = |threads: &str| {
        let options = ["--permuted", "--threads", threads, "--out", threads];
        workspace.run(&[&RUN[..], &options].concat()).succeeds();
        workspace.read(&format!("{threads}/checkpoint.safetensors"))
    };
    let single = checkpoint("1");
    assert!(single == checkpoint("2"), "1 and 2 threads differ");
    assert!(single == checkpoint("3"), "1 and 3 threads differ");
}
