//! Checkpoints that are damaged, or belong to something else.

use std::fs;
use std::path::Path;

use autodiff::Device;
use kernels::Real;
use nn::checkpoint::{Checkpoint, CheckpointError};
use nn::files::Operation;
use nn::norm::StepRows;
use nn::optimizer::{Optimizer, OptimizerConfig};
use nn::tensors::TensorsError;

use crate::checkpoint::{DESIGN, Progress, Run, place, progress};
use crate::support::Design;
use crate::support::Norm::{Batch, None};

fn device() -> Device<f64> {
    Device::reference()
}

/// The error of restoring, which names the file and leaves the run as it was.
#[track_caller]
fn refused<T: Real>(run: &mut Run<T>, path: &Path) -> CheckpointError {
    let before = run.state();
    let error = run.restore(path).expect_err("a fault");
    assert!(run.state() == before, "the state has changed: {error}");
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    error
}

/// Makes a new file: what is written over an old one goes to the disk at once on some file systems,
/// which takes its time.
fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    if path.exists() {
        fs::remove_file(path).expect("removing");
    }
    fs::write(path, bytes).expect("writing");
}

/// What is wrong with the tensors.
#[track_caller]
fn content(error: CheckpointError) -> TensorsError {
    match error {
        CheckpointError::Content { source, .. } => source,
        other => panic!("{other}"),
    }
}

#[test]
fn a_file_that_was_cut_is_refused() {
    let (_directory, path) = place();
    Run::trained(&device(), &DESIGN, 1).save(&path).expect("saving");
    let bytes = fs::read(&path).expect("reading");
    let mut run = Run::trained(&device(), &DESIGN, 2);
    for length in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        put(&path, &bytes[..length]);
        let error = content(refused(&mut run, &path));
        assert!(
            matches!(error, TensorsError::Truncated { .. }),
            "{length}: {error}"
        );
        let state = Checkpoint::read(&path).expect("reading").state::<Progress>();
        assert!(state.is_err());
    }
    put(&path, [&bytes[..], &[0]].concat());
    let error = content(refused(&mut run, &path));
    assert!(matches!(error, TensorsError::TrailingBytes { .. }), "{error}");
}

/// A flipped bit anywhere, in names, numbers, tensors or the state beside them, is an error.
#[test]
fn a_flipped_bit_is_noticed() {
    let (_directory, path) = place();
    Run::trained(&device(), &DESIGN, 1).save(&path).expect("saving");
    let bytes = fs::read(&path).expect("reading");
    let mut run = Run::trained(&device(), &DESIGN, 2);
    let before = run.state();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        let error = Checkpoint::of_bytes(&path, damaged)
            .restore(&mut run.model.store, &mut run.optimizer)
            .expect_err("a flipped bit");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        assert!(run.state() == before, "byte {at} has changed the state: {error}");
    }
}

#[test]
fn changed_elements_are_told_by_the_checksum() {
    let (_directory, path) = place();
    Run::trained(&device(), &DESIGN, 1).save(&path).expect("saving");
    let mut bytes = fs::read(&path).expect("reading");
    *bytes.last_mut().expect("elements") ^= 4;
    let checkpoint = Checkpoint::of_bytes(&path, bytes);
    let mut run = Run::trained(&device(), &DESIGN, 2);
    let error = checkpoint
        .restore(&mut run.model.store, &mut run.optimizer)
        .expect_err("a changed element");
    assert!(matches!(error, CheckpointError::Checksum { .. }), "{error}");
    assert!(error.to_string().contains("use another checkpoint"), "{error}");
}

#[test]
fn another_shape_is_refused() {
    let (_directory, path) = place();
    Run::trained(&device(), &DESIGN, 1).save(&path).expect("saving");
    let wider = Design {
        input_size: 5,
        ..DESIGN
    };
    let mut run = Run::trained(&device(), &wider, 2);
    let error = refused(&mut run, &path);
    assert!(
        error
            .to_string()
            .contains("tensor `param/lstm/w_x` has shape [2, 12], expected [5, 12]"),
        "{error}"
    );
    let longer = Design {
        steps: StepRows::PerStep(9),
        ..DESIGN
    };
    let error = refused(&mut Run::trained(&device(), &longer, 2), &path);
    assert!(
        error.to_string().contains("has shape [4, 12], expected [9, 12]"),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("tensor `statistic/lstm/h/running_mean`"),
        "{error}"
    );
}

#[test]
fn another_model_is_refused() {
    let (_directory, path) = place();
    Run::trained(&device(), &DESIGN, 1).save(&path).expect("saving");
    let other = Design {
        sites: [Batch, Batch, None],
        ..DESIGN
    };
    let error = content(refused(&mut Run::trained(&device(), &other, 2), &path));
    let TensorsError::Names { missing, unexpected } = error else {
        panic!("{error}");
    };
    assert!(missing.is_empty());
    assert!(
        unexpected.contains(&"param/lstm/c/gamma".to_owned()),
        "{unexpected:?}"
    );
    assert!(
        unexpected.contains(&"statistic/lstm/c/running_var".to_owned()),
        "{unexpected:?}"
    );

    Run::trained(&device(), &other, 1).save(&path).expect("saving");
    let error = refused(&mut Run::trained(&device(), &DESIGN, 2), &path);
    assert!(
        error
            .to_string()
            .contains("missing: `optimizer/lstm/c/beta/mean_gradient`"),
        "{error}"
    );
}

#[test]
fn another_optimizer_is_refused() {
    let (_directory, path) = place();
    Run::trained(&device(), &DESIGN, 1).save(&path).expect("saving");
    let mut run = Run::trained(&device(), &DESIGN, 2);
    let sgd = OptimizerConfig::Sgd {
        learning_rate: 0.1,
        momentum: 0.9,
    };
    run.optimizer = Optimizer::new(sgd, &run.model.store);
    let error = refused(&mut run, &path);
    assert!(
        error.to_string().contains("`optimizer/lstm/w_h/mean_square`"),
        "{error}"
    );
}

#[test]
fn another_element_type_is_refused() {
    let (_directory, path) = place();
    Run::trained(&Device::<f32>::reference(), &DESIGN, 1)
        .save(&path)
        .expect("saving");
    let error = refused(&mut Run::trained(&device(), &DESIGN, 2), &path);
    assert!(
        error
            .to_string()
            .contains("has elements of type f32, expected f64"),
        "{error}"
    );
    assert!(error.to_string().contains("tensor `param/lstm/"), "{error}");
}

#[test]
fn other_files_are_refused() {
    let (directory, path) = place();
    let mut run = Run::trained(&device(), &DESIGN, 2);
    put(&path, "[training]\nepochs = 20\n");
    let error = content(refused(&mut run, &path));
    assert!(matches!(error, TensorsError::NotSafetensors { .. }), "{error}");
    for (path, remedy) in [
        (
            directory.path().join("missing.safetensors"),
            "each directory on it exists",
        ),
        (directory.path().to_owned(), "not of a directory"),
    ] {
        let error = refused(&mut run, &path);
        assert!(error.to_string().contains(remedy), "{error}");
        let CheckpointError::File(error) = error else {
            panic!("{error}");
        };
        assert_eq!((error.path, error.operation), (path, Operation::Read));
    }
}

/// Tensors of another program, and a state of another kind.
#[test]
fn another_state_is_refused() {
    let (_directory, path) = place();
    let mut run = Run::trained(&device(), &DESIGN, 2);
    for metadata in ["", "{}", "{\"optimizer_steps\": -1, \"run\": null}"] {
        let bytes = nn::tensors::write_tensors::<f64>(&[], metadata).expect("tensors");
        put(&path, bytes);
        let error = refused(&mut run, &path);
        assert!(matches!(error, CheckpointError::State { .. }), "{error}");
    }
    run.save(&path).expect("saving");
    let checkpoint = Checkpoint::read(&path).expect("reading");
    let error = checkpoint.state::<Vec<u32>>().expect_err("another kind");
    assert!(error.to_string().contains("its state does not parse"), "{error}");
    assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    assert_eq!(checkpoint.state::<Progress>().expect("a state"), progress());
}
