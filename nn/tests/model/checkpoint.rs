//! Saving and restoring.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use autodiff::{Device, Tensor};
use kernels::{Cpu, Indices, Real};
use nn::checkpoint::{Checkpoint, CheckpointError, Snapshot, save, to_bytes};
use nn::context::Mode;
use nn::norm::StepRows;
use nn::optimizer::Optimizer;
use serde::{Deserialize, Serialize};

use crate::support::Norm::Batch;
use crate::support::{Design, Model, RMSPROP, bits, random, snapshot, targets};

/// What a caller may keep beside the tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    pub epoch: u32,
    pub best: f64,
    pub note: String,
}

pub fn progress() -> Progress {
    Progress {
        epoch: 7,
        // Parsers of limited precision read this as a neighbour.
        best: 0.0017918290847781099,
        note: "über \"alles\"\n".to_owned(),
    }
}

pub const DESIGN: Design = Design {
    sites: [Batch; 3],
    input_size: 2,
    hidden_size: 3,
    gamma: 0.1,
    epsilon: 1e-5,
    steps: StepRows::PerStep(4),
    initial_noise: 0.1,
};

/// A model in training.
pub struct Run<T: Real> {
    pub model: Model<T>,
    pub optimizer: Optimizer<T>,
    x: Tensor<T>,
    targets: Arc<Indices>,
}

impl<T: Real> Run<T> {
    pub fn new(device: &Device<T>, design: &Design, seed: u64) -> Self {
        let model = Model::new(device, design, seed);
        Self {
            optimizer: Optimizer::new(RMSPROP, &model.store),
            model,
            x: random(device, [4, 6, design.input_size], 1),
            targets: targets(device, 6),
        }
    }

    /// After three updates, with population estimates.
    pub fn trained(device: &Device<T>, design: &Design, seed: u64) -> Self {
        let mut run = Self::new(device, design, seed);
        run.train(3);
        let tape = autodiff::Tape::inference(device);
        run.model.logits(&tape, Mode::Estimate { seen: 0 }, &run.x);
        run
    }

    fn train(&mut self, updates: usize) {
        for _ in 0..updates {
            self.model.train(&mut self.optimizer, &self.x, &self.targets);
        }
    }

    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        save(path, &self.model.store, &self.optimizer, &progress())
    }

    pub fn restore(&mut self, path: &Path) -> Result<(), CheckpointError> {
        Checkpoint::read(path)?.restore(&mut self.model.store, &mut self.optimizer)
    }

    /// All bits of the tensors, and the number of updates.
    pub fn state(&self) -> (Vec<(String, Vec<u64>)>, u64) {
        let mut tensors = snapshot(&self.model.store);
        for (id, _) in self.model.store.iter() {
            let slots = self.optimizer.state(id);
            tensors.extend(slots.map(|(slot, tensor)| (format!("{id:?} {slot}"), bits(tensor))));
        }
        (tensors, self.optimizer.steps())
    }
}

/// A directory and the path of a checkpoint in it.
pub fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("checkpoint.safetensors");
    (directory, path)
}

fn round_trip<T: Real>(device: &Device<T>) {
    let (_directory, path) = place();
    let mut run = Run::trained(device, &DESIGN, 1);
    run.save(&path).expect("saving");
    let mut other = Run::new(device, &DESIGN, 2);
    assert_ne!(other.state(), run.state());
    other.restore(&path).expect("restoring");
    assert_eq!(other.state(), run.state());
    assert_eq!(other.optimizer.steps(), 3);
    let state: Progress = Checkpoint::read(&path)
        .expect("reading")
        .state()
        .expect("a state");
    assert_eq!(state, progress());
    // The restored run goes on as if it had not stopped, but for the noise.
    other.model.rng = run.model.rng.clone();
    run.train(2);
    other.train(2);
    assert_eq!(other.state(), run.state());
}

#[test]
fn what_was_saved_is_restored() {
    round_trip(&Device::<f32>::reference());
    round_trip(&Device::<f64>::reference());
    round_trip(&Device::<f32>::new(Arc::new(Cpu::new(2))));
    round_trip(&Device::<f64>::new(Arc::new(Cpu::new(2))));
}

#[test]
fn values_that_are_no_numbers_are_kept() {
    let device = Device::<f32>::reference();
    let (_directory, path) = place();
    let mut run = Run::new(&device, &DESIGN, 1);
    let special = [f32::NAN, f32::INFINITY, -0.0];
    let id = run.model.store.find("lstm/h_0").expect("a parameter");
    *run.model.store.get_mut(id) = device.tensor([3], &special);
    run.save(&path).expect("saving");
    let mut other = Run::new(&device, &DESIGN, 2);
    other.restore(&path).expect("restoring");
    assert_eq!(other.state(), run.state());
}

#[test]
fn equal_states_give_equal_bytes() {
    let device = Device::<f64>::reference();
    let (directory, path) = place();
    let again = directory.path().join("again.safetensors");
    let bytes = |run: &Run<f64>, path: &Path| {
        run.save(path).expect("saving");
        std::fs::read(path).expect("reading")
    };
    let first = bytes(&Run::trained(&device, &DESIGN, 1), &path);
    assert_eq!(bytes(&Run::trained(&device, &DESIGN, 1), &again), first);
    // Also after a restart.
    let mut restored = Run::new(&device, &DESIGN, 2);
    restored.restore(&path).expect("restoring");
    assert_eq!(bytes(&restored, &again), first);
    assert_ne!(bytes(&Run::trained(&device, &DESIGN, 2), &again), first);
}

/// Statistics and parameters are told apart, and the optimizer's tensors are those of parameters.
#[test]
fn tensors_are_named_by_what_they_are() {
    let (_directory, path) = place();
    Run::trained(&Device::<f64>::reference(), &DESIGN, 1)
        .save(&path)
        .expect("saving");
    let bytes = std::fs::read(&path).expect("reading");
    let file = nn::tensors::TensorFile::parse(&bytes).expect("tensors");
    let names: Vec<&str> = file.shapes().map(|(name, _)| name).collect();
    // 5 of the LSTM, 2 of the head, gamma and beta of 3 sites, each with 3 tensors of the
    // optimizer; 6 statistics of 3 sites.
    assert_eq!(names.len(), 13 * (1 + 3) + 18);
    for name in [
        "param/lstm/w_h",
        "optimizer/lstm/w_h/mean_square",
        "optimizer/lstm/w_h/velocity",
        "optimizer/lstm/w_h/mean_gradient",
        "statistic/lstm/c/population_count",
        "param/head/bias",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    assert!(
        !names
            .iter()
            .any(|name| name.starts_with("optimizer/") && name.contains("running"))
    );
}

/// The best model travels with the run, and is put back by itself.
#[test]
fn the_best_model_is_kept_beside_the_last_one() {
    let device = Device::<f64>::reference();
    let run = Run::trained(&device, &DESIGN, 1);
    let best = Snapshot::of(&run.model.store);
    let at_best = snapshot(&run.model.store);
    let mut last = Run::trained(&device, &DESIGN, 4);
    let path = Path::new("checkpoint");
    let bytes =
        to_bytes(path, &last.model.store, &last.optimizer, Some(&best), &progress()).expect("writing");
    let checkpoint = Checkpoint::of_bytes(path, bytes);

    let mut restored = Run::new(&device, &DESIGN, 9);
    checkpoint
        .restore(&mut restored.model.store, &mut restored.optimizer)
        .expect("restoring");
    assert_eq!(snapshot(&restored.model.store), snapshot(&last.model.store));
    let found = checkpoint
        .best(&restored.model.store, &restored.optimizer)
        .expect("reading")
        .expect("a best model");
    found.put_back(&mut restored.model.store);
    assert_eq!(snapshot(&restored.model.store), at_best);
    // A snapshot shares memory with the model until that changes.
    let copy = Snapshot::of(&last.model.store);
    let before = snapshot(&last.model.store);
    best.put_back(&mut last.model.store);
    assert_ne!(snapshot(&last.model.store), before);
    copy.put_back(&mut last.model.store);
    assert_eq!(snapshot(&last.model.store), before);

    let bytes = to_bytes(path, &last.model.store, &last.optimizer, None, &progress()).expect("writing");
    let without = Checkpoint::of_bytes(path, bytes);
    let none = without.best(&last.model.store, &last.optimizer).expect("reading");
    assert!(none.is_none());
}
