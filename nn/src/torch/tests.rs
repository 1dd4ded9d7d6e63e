use std::path::{Path, PathBuf};

use autodiff::{Device, values};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::params::{ParamStore, Role};
use crate::tensors::{NamedTensor, TensorFile, write_tensors};

/// A model with the cells of `layers`; nothing in it is 0 but the initial states.
fn model(layers: &TorchLayers, input_size: usize, hidden_size: usize, seed: u64) -> ParamStore<f64> {
    let device = Device::reference();
    let mut store = ParamStore::new(&device);
    let width = layers.kind.gates() * hidden_size;
    let mut input = input_size;
    for layer in &layers.layers {
        let paths: Vec<&String> = [&layer.forward].into_iter().chain(&layer.reverse).collect();
        for path in &paths {
            let mut shapes = vec![("w_x", vec![input, width]), ("w_h", vec![hidden_size, width])];
            shapes.extend([("bias", vec![width]), ("h_0", vec![hidden_size])]);
            shapes.push(match layers.kind {
                TorchKind::Lstm => ("c_0", vec![hidden_size]),
                TorchKind::Gru => ("bias_n", vec![hidden_size]),
            });
            for (name, shape) in shapes {
                let mut data = values(seed + store.len() as u64, shape.iter().product());
                if name.ends_with("_0") {
                    data.fill(0.0);
                }
                let tensor = device.tensor(autodiff::Shape::new(&shape), &data);
                store.add(format!("{path}/{name}"), Role::Trainable, tensor);
            }
        }
        input = paths.len() * hidden_size;
    }
    store
}

fn stack(kind: TorchKind, count: usize, two_ways: bool) -> TorchLayers {
    let layers = (0..count).map(|k| TorchLayer {
        forward: format!("rnn/{k}/forward"),
        reverse: two_ways.then(|| format!("rnn/{k}/reverse")),
    });
    TorchLayers {
        kind,
        layers: layers.collect(),
        prefix: "rnn.".to_owned(),
    }
}

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    (folder, path)
}

fn contents(store: &ParamStore<f64>) -> Vec<(String, Vec<f64>)> {
    let params = store.iter();
    params
        .map(|(_, param)| (param.path.clone(), param.tensor.to_vec()))
        .collect()
}

fn set(store: &mut ParamStore<f64>, path: &str, data: &[f64]) {
    let id = store.find(path).unwrap();
    *store.get_mut(id) = store.device().tensor([data.len()], data);
}

/// Writes a file of zeros with these names and shapes.
fn write_zeros(path: &Path, shapes: &[(&str, &[usize])]) {
    let tensors: Vec<NamedTensor<f64>> = shapes
        .iter()
        .map(|&(name, shape)| NamedTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            data: vec![0.0; shape.iter().product()],
        })
        .collect();
    std::fs::write(path, write_tensors(&tensors, "").unwrap()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig {
        rng_seed: proptest::test_runner::RngSeed::Fixed(4),
        failure_persistence: None,
        cases: 32,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_was_exported_is_imported(
        lstm: bool, two_ways: bool, count in 1..4_usize, d in 1..5_usize, h in 1..5_usize
    ) {
        let kind = if lstm { TorchKind::Lstm } else { TorchKind::Gru };
        let layers = stack(kind, count, two_ways);
        let (from, mut to) = (model(&layers, d, h, 1), model(&layers, d, h, 100));
        let initial = to.find("rnn/0/forward/h_0").unwrap();
        *to.get_mut(initial) = to.device().full([h], 5.0);
        prop_assert_ne!(contents(&from), contents(&to));
        let (_folder, path) = place();
        layers.export(&from, &path).unwrap();
        let report = layers.import(&mut to, &path).unwrap();
        prop_assert_eq!(report, TorchImport { unused: vec![], kept: vec![] });
        prop_assert_eq!(contents(&from), contents(&to));
    }
}

#[test]
fn the_file_says_how_the_layer_is_made() {
    let layers = stack(TorchKind::Gru, 2, true);
    let (_folder, path) = place();
    layers.export(&model(&layers, 3, 4, 1), &path).unwrap();
    let bytes = std::fs::read(path).unwrap();
    let file = TensorFile::parse(&bytes).unwrap();
    let expected = "torch.nn.GRU(input_size=3, hidden_size=4, num_layers=2, bidirectional=True)";
    assert_eq!(file.metadata(), Some(expected));
    let shapes: Vec<_> = file.shapes().collect();
    assert_eq!(shapes.len(), 16);
    assert!(shapes.contains(&("rnn.weight_ih_l1_reverse", &[12, 8])));
}

#[test]
fn what_pytorch_would_lose_is_not_written() {
    let layers = stack(TorchKind::Lstm, 1, true);
    let mut store = model(&layers, 2, 3, 1);
    let (_folder, path) = place();
    std::fs::write(&path, "old").unwrap();
    set(&mut store, "rnn/0/reverse/c_0", &[0.0, f64::NAN, 0.0]);
    let text = layers.export(&store, &path).unwrap_err().to_string();
    assert!(text.contains("`rnn/0/reverse/c_0` are not 0"), "{text}");
    set(&mut store, "rnn/0/reverse/c_0", &[0.0; 3]);

    let device = store.device().clone();
    store.add("rnn/0/forward2/gamma", Role::Trainable, device.zeros([3]));
    store.add("head/w", Role::Trainable, device.zeros([3]));
    layers.export(&store, &path).unwrap();
    let written = std::fs::read(&path).unwrap();
    store.add("rnn/0/forward/norm_h/gamma", Role::Trainable, device.zeros([12]));
    store.add("rnn/0/forward/norm_h/mean", Role::Statistic, device.zeros([12]));
    let TorchError::NoPlace { names, .. } = layers.export(&store, &path).unwrap_err() else {
        panic!("normalizations have no place");
    };
    assert_eq!(names, ["rnn/0/forward/norm_h/gamma", "rnn/0/forward/norm_h/mean"]);
    assert_eq!(std::fs::read(&path).unwrap(), written);
    let report = layers.import(&mut store, &path).unwrap();
    assert_eq!(report.kept, names);
}

#[test]
fn stacks_that_pytorch_does_not_have_are_not_written() {
    let (_folder, path) = place();
    let mut layers = stack(TorchKind::Lstm, 2, true);
    layers.layers[1].reverse = None;
    let error = layers.export(&model(&layers, 2, 3, 1), &path).unwrap_err();
    assert!(
        matches!(error, TorchError::Directions { layer: 1, .. }),
        "{error}"
    );

    // In the wrong order, the first layer does not give what the second reads.
    let mut layers = stack(TorchKind::Lstm, 2, false);
    let store = model(&layers, 2, 3, 1);
    layers.layers.reverse();
    let text = layers.export(&store, &path).unwrap_err().to_string();
    let expected = "`rnn/0/forward/w_x` has shape [2, 12], expected [3, 12]";
    assert!(text.contains(expected), "{text}");
    assert!(!path.exists());
}

#[test]
fn other_cells_than_described_are_refused() {
    let (_folder, path) = place();
    let gru = stack(TorchKind::Gru, 1, false);
    let store = model(&stack(TorchKind::Lstm, 1, false), 2, 3, 1);
    let text = gru.export(&store, &path).unwrap_err().to_string();
    assert!(text.contains("no parameter `rnn/0/forward/bias_n`"), "{text}");
    assert!(text.contains("`rnn/0/forward/c_0`"), "{text}");

    let mut elsewhere = gru.clone();
    elsewhere.layers[0].forward = "encoder".to_owned();
    let text = elsewhere.export(&store, &path).unwrap_err().to_string();
    assert!(
        text.contains("it has `rnn/0/forward/w_x`: check the path"),
        "{text}"
    );
}

/// What an import says, which must leave the store as it was.
fn refused(layers: &TorchLayers, path: &Path, input_size: usize, hidden_size: usize) -> String {
    let mut store = model(layers, input_size, hidden_size, 1);
    let before = contents(&store);
    let text = layers.import(&mut store, path).unwrap_err().to_string();
    assert_eq!(contents(&store), before);
    assert!(text.starts_with(&path.display().to_string()), "{text}");
    text
}

#[test]
fn a_second_layer_that_does_not_fit_leaves_the_first() {
    let (_folder, path) = place();
    let lstm = stack(TorchKind::Lstm, 2, false);
    write_zeros(
        &path,
        &[
            ("rnn.weight_ih_l0", &[12, 2]),
            ("rnn.weight_hh_l0", &[12, 3]),
            ("rnn.weight_ih_l1", &[12, 6]),
            ("rnn.weight_hh_l1", &[12, 3]),
        ],
    );
    let text = refused(&lstm, &path, 2, 3);
    let expected = "tensor `rnn.weight_ih_l1` has shape [12, 6], expected [12, 3]";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("input_size 6 and hidden_size 3"), "{text}");
}

#[test]
fn shapes_tell_the_remedy() {
    let (_folder, path) = place();
    write_zeros(
        &path,
        &[("rnn.weight_ih_l0", &[20, 7]), ("rnn.weight_hh_l0", &[20, 5])],
    );
    let text = refused(&stack(TorchKind::Lstm, 1, false), &path, 2, 3);
    let expected = "tensor `rnn.weight_hh_l0` has shape [20, 5], expected [12, 3]";
    assert!(text.contains(expected), "{text}");
    assert!(text.contains("input_size 7 and hidden_size 5"), "{text}");
    let text = refused(&stack(TorchKind::Gru, 1, false), &path, 7, 5);
    assert!(text.contains("those of an nn.LSTM"), "{text}");
    write_zeros(
        &path,
        &[("rnn.weight_ih_l0", &[24]), ("rnn.weight_hh_l0", &[12, 0])],
    );
    let text = refused(&stack(TorchKind::Lstm, 1, false), &path, 2, 3);
    assert!(text.contains("are matrices"), "{text}");
}

#[test]
fn missing_tensors_are_named_together() {
    let (_folder, path) = place();
    let lstm = stack(TorchKind::Lstm, 1, false);
    write_zeros(&path, &[("encoder.weight_ih_l0", &[12, 2])]);
    let text = refused(&lstm, &path, 2, 3);
    assert!(
        text.contains("no tensor `rnn.weight_hh_l0`, `rnn.weight_ih_l0`"),
        "{text}"
    );
    assert!(text.contains("the prefix `encoder.`"), "{text}");
    // One bias without the other is no layer of PyTorch.
    write_zeros(
        &path,
        &[
            ("rnn.weight_ih_l0", &[12, 2]),
            ("rnn.weight_hh_l0", &[12, 3]),
            ("rnn.bias_hh_l0", &[12]),
        ],
    );
    let text = refused(&lstm, &path, 2, 3);
    assert!(text.contains("no tensor `rnn.bias_ih_l0`, which"), "{text}");
    write_zeros(&path, &[("w", &[1])]);
    let text = refused(&lstm, &path, 2, 3);
    assert!(text.contains("holds no recurrent layer"), "{text}");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let (_folder, path) = place();
    let lstm = stack(TorchKind::Lstm, 1, false);
    assert!(refused(&lstm, &path, 2, 3).contains("cannot read the file"));
    std::fs::write(&path, "no tensors").unwrap();
    assert!(refused(&lstm, &path, 2, 3).contains("not a safetensors file"));
}

#[test]
#[should_panic(expected = "`rnn/0/forward` is named twice")]
fn a_path_is_described_once() {
    let mut layers = stack(TorchKind::Lstm, 1, false);
    layers.layers[0].reverse = Some(layers.layers[0].forward.clone());
    let _ = layers.directions();
}
