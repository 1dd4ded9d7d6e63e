//! Every task is learned, with the same bits whatever the number of threads.

use bnlstm::device::DeviceChoice;
use bnlstm::task::Task;
use bnlstm::trainer::Trainer;
use tempfile::tempdir;

use crate::support::{CPU, config, saved};

const SMALL: [&str; 2] = ["model.hidden_size=16", "optimizer.learning_rate=1e-2"];

/// Mean losses of the first updates and of as many later ones.
fn losses(preset: &str, changes: &[&str], updates: usize) -> [f64; 2] {
    let config = config(preset, &[&SMALL[..], changes].concat());
    let task = config.task.load().unwrap();
    let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &CPU.open());
    let first = trainer.train(10, || ()).unwrap().loss;
    trainer.train(updates, || ()).unwrap();
    [first, trainer.train(10, || ()).unwrap().loss]
}

/// The last losses are below the first ones by a factor.
#[track_caller]
fn check(preset: &str, changes: &[&str], updates: usize, factor: f64) {
    let [first, last] = losses(preset, changes, updates);
    assert!(last < factor * first, "{preset}: from {first} to {last}");
}

#[test]
fn digits_are_learned() {
    check("digits-quick", &["training.batch=50"], 60, 0.7);
}

/// From ln 63 = 4.1 down to what the frequencies of letters alone say, and less.
#[test]
fn characters_are_learned() {
    check("charlm-quick", &["task.length=11", "training.batch=16"], 60, 0.8);
    let carried = ["task.length=11", "training.batch=16", "task.carry_state=true"];
    check("charlm-quick", &carried, 60, 0.8);
}

/// Two hundred questions that come again and again, with other numbers for their entities.
#[test]
fn questions_are_learned() {
    let changes = [
        "model.reader.embedding_size=16",
        "task.limit=200",
        "training.batch=20",
    ];
    check("qa-quick", &changes, 180, 0.95);
}

#[test]
fn symbols_are_repeated() {
    check("copy-quick", &["task.delay=1", "training.batch=20"], 200, 0.97);
}

/// A mean of 1 is soon found, which leaves 1/6 of the squared error at most.
#[test]
fn numbers_are_added() {
    check("adding-quick", &["task.steps=6", "training.batch=20"], 100, 0.5);
}

/// A product `h W_h` has 64 · 256 · 64 = 2²⁰ multiply-adds of characters, half as many of questions,
/// and a sequence is split among threads from 2¹⁷ a step for each.
#[test]
fn one_and_two_threads_give_the_same_bits() {
    let folder = tempdir().unwrap();
    for (preset, changes) in [
        (
            "charlm-quick",
            ["task.length=9", "model.hidden_size=64", "training.batch=64"],
        ),
        (
            "qa-quick",
            ["task.limit=64", "model.hidden_size=64", "training.batch=32"],
        ),
    ] {
        let config = config(preset, &changes);
        let task = config.task.load().unwrap();
        let [one, two] = [1, 2].map(|threads| {
            let device = DeviceChoice { threads, ..CPU }.open();
            let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &device);
            trainer.train(3, || ()).unwrap();
            trainer.estimate();
            saved(&trainer, folder.path())
        });
        assert!(one == two, "{preset}: bytes differ");
    }
}

/// What a model reads and answers is what the batches hold.
#[test]
fn every_preset_without_files_trains() {
    let names = [
        "digits-quick",
        "charlm-quick",
        "qa-quick",
        "copy-quick",
        "adding-quick",
    ];
    for name in names {
        let tiny = [
            "model.hidden_size=4",
            "training.batch=8",
            "evaluation.estimation_batches=2",
        ];
        let mut config = config(name, &tiny);
        config.evaluation.batches = Some(2);
        let task: Box<dyn Task> = config.task.load().unwrap();
        config.check_batches(task.as_ref()).unwrap();
        let mut trainer = Trainer::<f32>::new(&config, task.as_ref(), &CPU.open());
        assert!(trainer.train(1, || ()).unwrap().loss > 0.0, "{name}");
    }
}
