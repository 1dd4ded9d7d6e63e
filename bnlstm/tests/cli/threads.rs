//! Results do not depend on the number of threads.

use crate::support::Workspace;

/// 54 updates. A step's product h W_h has 80 · 448 · 112 = 4.0 million multiply-adds, work for three
/// tasks of at least 2²⁰; its gates count 10 · 80 · 112 = 90 thousand elements, two tasks of at least
/// 2¹⁵; the input term of all steps has 64 · 80 · 448 = 2.3 million elements.
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
