//! Evaluation with fixed statistics looks at each example alone.

use autodiff::Device;
use bnlstm::device::{DeviceChoice, DeviceKind};
use bnlstm::run_directory::RunDirectory;
use bnlstm::task::{Split, Task};
use bnlstm::trainer::Trainer;
use kernels::Real;
use nn::context::Statistics;

use crate::support::{Workspace, config};

fn device<T: Real>() -> Device<T> {
    let kind = DeviceKind::Cpu;
    DeviceChoice { kind, threads: 2 }.open()
}

fn task() -> Box<dyn Task> {
    config("batch").task.load().unwrap()
}

/// Largest difference of the logits of 64 examples, one by one and all at once.
fn difference<T: Real>(trainer: &mut Trainer<'_, T>, statistics: Statistics) -> f64 {
    let chosen: Vec<usize> = (0..64).collect();
    let mut logits = |chosen: &[usize]| {
        let logits = trainer.predict(Split::Test, chosen, statistics).unwrap();
        logits.to_vec()
    };
    let together = logits(&chosen);
    let alone: Vec<T> = chosen.iter().flat_map(|&example| logits(&[example])).collect();
    assert_eq!(together.len(), 64 * 10);
    let pairs = together.iter().zip(&alone);
    pairs
        .map(|(a, b)| (a.as_f64() - b.as_f64()).abs())
        .fold(0.0, f64::max)
}

/// `tolerance` for fixed statistics; those of a batch must make a difference.
fn check<T: Real>(normalization: &str, tolerance: f64) {
    let task = task();
    let mut trainer = Trainer::<T>::new(&config(normalization), task.as_ref(), &device());
    trainer.train(12, || ()).unwrap();
    trainer.estimate();
    for statistics in [Statistics::Population, Statistics::Running] {
        let difference = difference(&mut trainer, statistics);
        assert!(difference <= tolerance, "{statistics:?}: {difference:e}");
    }
    let difference = difference(&mut trainer, Statistics::Batch);
    assert!(difference > 1e-3, "{difference:e}");
}

#[test]
fn logits_at_batch_1_and_64_agree_to_1e_minus_6() {
    check::<f32>("batch", 1e-6);
    check::<f32>("batch(stats=shared)", 1e-6);
    check::<f64>("batch", 1e-12);
}

#[test]
fn eval_prints_the_same_at_batch_1_and_64() {
    let workspace = Workspace::with_run(&["--norm", "batch"]);
    let rows = |batch: &str| {
        let outcome = workspace.run(&["eval", "run", "--batch", batch]);
        let table: Vec<String> = outcome.succeeds().stdout.lines().map(str::to_owned).collect();
        let row = |name: &str| {
            let found = table.iter().find(|line| line.starts_with(name));
            found.unwrap().clone()
        };
        ["batch ", "running ", "population "].map(row)
    };
    let [one, many] = [rows("1"), rows("64")];
    assert_eq!(one[1..], many[1..]);
    assert_ne!(one[0], many[0]);
}

#[test]
fn population_statistics_that_were_never_estimated_are_an_error() {
    let workspace = Workspace::new();
    let config = config("h=batch");
    let task = task();
    let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &device());
    trainer.train(12, || ()).unwrap();
    let error = trainer
        .evaluate(Split::Test, [Statistics::Population])
        .unwrap_err();
    assert_eq!(error.path, "lstm/norm_h");
    trainer
        .evaluate(Split::Test, [Statistics::Running, Statistics::Batch])
        .unwrap();
    let directory = RunDirectory::create(workspace.path("run"), false).unwrap();
    directory.write_config(&config).unwrap();
    trainer.save(&directory.checkpoint()).unwrap();
    workspace.refuses(
        &["eval", "run"],
        1,
        &[
            "population statistics of `lstm/norm_h` were never estimated",
            "with a pass",
        ],
    );
    trainer.estimate();
    trainer.save(&directory.checkpoint()).unwrap();
    workspace.run(&["eval", "run"]).succeeds();
}

#[test]
fn a_model_without_statistics_has_one_score() {
    let task = task();
    let mut trainer = Trainer::<f32>::new(&config("layer"), task.as_ref(), &device());
    trainer.estimate();
    let kinds = [Statistics::Batch, Statistics::Running, Statistics::Population];
    let [batch, running, population] = trainer.evaluate(Split::Test, kinds).unwrap();
    assert!(batch.loss.is_finite());
    assert_eq!([batch, batch], [running, population]);
}
