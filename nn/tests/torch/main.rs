//! Weights that PyTorch wrote; README.md beside this file tells how.

mod file;

use autodiff::{Device, Shape, Tape};
use file::Vectors;
use nn::cell::{Gru, GruConfig, Layer, Lstm, LstmConfig, Sites};
use nn::context::{Context, Mode, Statistics};
use nn::params::{ParamStore, Role, Scope};
use nn::torch::{TorchError, TorchImport, TorchKind, TorchLayer, TorchLayers};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const INPUT_SIZE: usize = 3;
const HIDDEN_SIZE: usize = 4;

/// Both sides compute in f64 with values near 1 and differ only in the order of a few sums.
const TOLERANCE: f64 = 1e-14;

#[track_caller]
fn assert_close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= TOLERANCE, "element {i}: {got}, not {want}");
    }
}

fn single(kind: TorchKind) -> TorchLayers {
    let forward = "rnn".to_owned();
    TorchLayers {
        kind,
        layers: vec![TorchLayer {
            forward,
            reverse: None,
        }],
        prefix: String::new(),
    }
}

fn stack(kind: TorchKind) -> TorchLayers {
    let layer = |forward: &str, reverse: &str| TorchLayer {
        forward: forward.to_owned(),
        reverse: Some(reverse.to_owned()),
    };
    TorchLayers {
        kind,
        layers: vec![layer("0/forward", "0/reverse"), layer("1/forward", "1/reverse")],
        prefix: "rnn.".to_owned(),
    }
}

/// The parameters of a cell, all of them 9.
fn add_cell(store: &mut ParamStore<f64>, kind: TorchKind, path: &str, input_size: usize) {
    let (gates, last) = match kind {
        TorchKind::Lstm => (4, "c_0"),
        TorchKind::Gru => (3, "bias_n"),
    };
    let width = gates * HIDDEN_SIZE;
    let shapes = [
        ("w_x", Shape::new(&[input_size, width])),
        ("w_h", Shape::new(&[HIDDEN_SIZE, width])),
        ("bias", Shape::new(&[width])),
        ("h_0", Shape::new(&[HIDDEN_SIZE])),
        (last, Shape::new(&[HIDDEN_SIZE])),
    ];
    let device = store.device().clone();
    for (name, shape) in shapes {
        store.add(format!("{path}/{name}"), Role::Trainable, device.full(shape, 9.0));
    }
}

fn values(store: &ParamStore<f64>, path: &str) -> Vec<f64> {
    store.get(store.find(path).expect(path)).to_vec()
}

/// A cell below `path`.
fn cell(scope: &mut Scope<'_, f64>, kind: TorchKind, path: &str, input_size: usize) -> Layer<f64> {
    let mut scope = scope.within(path);
    match kind {
        TorchKind::Lstm => {
            let config = LstmConfig::new(input_size, HIDDEN_SIZE);
            Layer::cell(Lstm::new(&mut scope, &config, Sites::default()))
        }
        TorchKind::Gru => {
            let config = GruConfig::new(input_size, HIDDEN_SIZE);
            Layer::cell(Gru::new(&mut scope, &config, Sites::default()))
        }
    }
}

/// What a layer with the imported weights gives, compared with what PyTorch's gave.
fn check_output(
    file: &Vectors,
    torch: &TorchLayers,
    make: impl FnOnce(&mut Scope<'_, f64>, TorchKind) -> Layer<f64>,
) {
    let device = Device::<f64>::reference();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut store = ParamStore::new(&device);
    let layer = make(&mut Scope::new(&mut store, &mut rng), torch.kind);
    torch.import(&mut store, &file.path).unwrap();
    let tape = Tape::inference(&device);
    let mut context = Context::new(&tape, &mut store, Mode::Eval(Statistics::Population), &mut rng);
    let x = device.tensor(Shape::new(file.shape("x")), file.values("x"));
    let states = layer.forward(&mut context, &tape.constant(x).into());
    assert_close(&states.h.value().to_vec(), file.values("output"));
    if file.shape("output").last() == Some(&HIDDEN_SIZE) {
        // `h_n` and `c_n` are of one layer and one direction.
        assert_close(&states.last.value().to_vec(), file.values("h_n"));
        if let Some(c) = states.c {
            let c_n = file.values("c_n");
            let c = c.value().to_vec();
            assert_close(&c[c.len() - c_n.len()..], c_n);
        }
    }
}

#[test]
fn a_cell_computes_what_it_computes_in_pytorch() {
    for (kind, name) in [
        (TorchKind::Lstm, "lstm"),
        (TorchKind::Lstm, "lstm_no_bias"),
        (TorchKind::Gru, "gru"),
    ] {
        let make = |scope: &mut Scope<'_, f64>, kind| cell(scope, kind, "rnn", INPUT_SIZE);
        check_output(&Vectors::read(name), &single(kind), make);
    }
}

#[test]
fn a_stack_of_both_directions_computes_what_it_computes_in_pytorch() {
    for (kind, name) in [(TorchKind::Lstm, "lstm_stack"), (TorchKind::Gru, "gru_stack")] {
        check_output(&Vectors::read(name), &stack(kind), |scope, kind| {
            let layer = |scope: &mut Scope<'_, f64>, number: &str, input_size| {
                let forward = cell(scope, kind, &format!("{number}/forward"), input_size);
                let reverse = cell(scope, kind, &format!("{number}/reverse"), input_size);
                Layer::bidirectional(forward, reverse)
            };
            let below = layer(scope, "0", INPUT_SIZE);
            Layer::stack(vec![below, layer(scope, "1", 2 * HIDDEN_SIZE)])
        });
    }
}

#[test]
fn what_a_whole_file_has_besides_is_named() {
    let mut store = ParamStore::new(&Device::<f64>::reference());
    add_cell(&mut store, TorchKind::Lstm, "rnn", INPUT_SIZE);
    let file = Vectors::read("lstm");
    let report = single(TorchKind::Lstm).import(&mut store, &file.path).unwrap();
    let unused = ["c_n", "h_n", "output", "x"].map(str::to_owned).to_vec();
    assert_eq!(report, TorchImport { unused, kept: vec![] });
}

/// Gates here and in PyTorch, by the letters of the equations.
fn letters(kind: TorchKind) -> (&'static str, &'static str) {
    match kind {
        TorchKind::Lstm => ("fiog", "ifgo"),
        TorchKind::Gru => ("rzn", "rzn"),
    }
}

/// Every element of a direction is the one that the letters say.
fn check_direction(store: &ParamStore<f64>, kind: TorchKind, path: &str, file: &Vectors, suffix: &str) {
    let (here, torch) = letters(kind);
    let stored = |name: &str| values(store, &format!("{path}/{name}"));
    let (w_x, w_h, bias) = (stored("w_x"), stored("w_h"), stored("bias"));
    let read = |stem: &str| file.values(&format!("rnn.{stem}_{suffix}"));
    let (ih, hh) = (read("weight_ih"), read("weight_hh"));
    let (bias_ih, bias_hh) = (read("bias_ih"), read("bias_hh"));
    let inputs = w_x.len() / bias.len();
    let width = bias.len();
    assert_eq!(ih.len(), w_x.len());
    for (gate, letter) in here.chars().enumerate() {
        let place = torch.find(letter).expect("the same letters");
        for unit in 0..HIDDEN_SIZE {
            let (column, row) = (gate * HIDDEN_SIZE + unit, place * HIDDEN_SIZE + unit);
            for d in 0..inputs {
                assert_eq!(w_x[d * width + column], ih[row * inputs + d]);
            }
            for k in 0..HIDDEN_SIZE {
                assert_eq!(w_h[k * width + column], hh[row * HIDDEN_SIZE + k]);
            }
            if letter == 'n' {
                assert_eq!(
                    (bias[column], stored("bias_n")[unit]),
                    (bias_ih[row], bias_hh[row])
                );
            } else {
                assert_eq!(bias[column], bias_ih[row] + bias_hh[row]);
            }
        }
    }
    assert_eq!(stored("h_0"), [0.0; HIDDEN_SIZE]);
    if kind == TorchKind::Lstm {
        assert_eq!(stored("c_0"), [0.0; HIDDEN_SIZE]);
    }
}

/// A stack of bidirectional layers in a whole model, whose other tensors are left alone.
fn check_stack(kind: TorchKind, name: &str, unused: &[&str]) {
    let file = Vectors::read(name);
    let mut store = ParamStore::new(&Device::<f64>::reference());
    let cells = [
        ("0/forward", "l0", INPUT_SIZE),
        ("0/reverse", "l0_reverse", INPUT_SIZE),
        ("1/forward", "l1", 2 * HIDDEN_SIZE),
        ("1/reverse", "l1_reverse", 2 * HIDDEN_SIZE),
    ];
    for (path, _, input_size) in cells {
        add_cell(&mut store, kind, path, input_size);
    }
    let report = stack(kind).import(&mut store, &file.path).unwrap();
    assert_eq!(report.unused, unused);
    for (path, suffix, _) in cells {
        check_direction(&store, kind, path, &file, suffix);
    }
}

#[test]
fn every_element_of_a_stacked_bidirectional_layer_is_in_its_place() {
    let model = ["head.weight", "norm.num_batches_tracked"];
    let lstm = ["c_n", "h_n", model[0], model[1], "output", "x"];
    let gru = ["h_n", model[0], model[1], "output", "x"];
    for (kind, name, mut unused) in [
        (TorchKind::Lstm, "lstm_stack", lstm.to_vec()),
        (TorchKind::Gru, "gru_stack", gru.to_vec()),
    ] {
        unused.sort_unstable();
        check_stack(kind, name, &unused);
    }
}

#[test]
fn a_projection_is_refused() {
    let file = Vectors::read("lstm_projection");
    let mut store = ParamStore::new(&Device::<f64>::reference());
    add_cell(&mut store, TorchKind::Lstm, "rnn", INPUT_SIZE);
    let error = single(TorchKind::Lstm)
        .import(&mut store, &file.path)
        .unwrap_err();
    assert!(matches!(error, TorchError::Projection { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("`weight_hr_l0` of shape [2, 4]"), "{text}");
    assert!(text.contains("proj_size = 2"), "{text}");
    assert!(values(&store, "rnn/w_x").iter().all(|&x| x == 9.0));
}
