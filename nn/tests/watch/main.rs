//! Watched passes: they compute what others do, and tell what they compute.

mod support;

use std::sync::Arc;

use autodiff::{Device, Tape, Tensor, Var, values};
use kernels::Cpu;
use nn::cell::{Cell, Lstm, LstmConfig, Sequence, Sites};
use nn::context::{Context, Mode, Statistics};
use nn::params::{ParamStore, Scope};
use nn::watch::{Gate, Moments, Place, Watch};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use support::{BATCH, CELLS, D, H, LENGTHS, Made, Make, NORMS, STEPS, batch, group, inputs, made};

/// All that was told.
#[derive(Debug, Default)]
struct Told<'t> {
    values: Vec<(String, String, Option<usize>, Var<'t, f64>)>,
    inputs: Vec<Vec<&'static str>>,
    gates: Vec<(String, &'static str, Vec<f64>, Vec<bool>)>,
    moments: Vec<MomentsTold<'t>>,
}

#[derive(Debug)]
struct MomentsTold<'t> {
    path: String,
    time: Option<usize>,
    x: Var<'t, f64>,
    mean: Tensor<f64>,
    var: Tensor<f64>,
    live: Option<Vec<bool>>,
}

impl<'t> Watch<'t, f64> for Told<'t> {
    fn value(&mut self, place: Place<'_>, value: Var<'t, f64>, inputs: &[(&'static str, Var<'t, f64>)]) {
        let (layer, what) = (place.layer.to_owned(), place.what.to_owned());
        self.values.push((layer, what, place.time, value));
        self.inputs.push(inputs.iter().map(|input| input.0).collect());
    }

    fn gate(&mut self, gate: &Gate<'_, f64>) {
        let live = gate.live.map_or(vec![true; BATCH], |live| live.are_live());
        let activation = gate.activation.to_vec();
        self.gates
            .push((gate.cell.to_owned(), gate.name, activation, live));
    }

    fn moments(&mut self, path: &str, moments: &Moments<'_, 't, f64>) {
        self.moments.push(MomentsTold {
            path: path.to_owned(),
            time: moments.time,
            x: moments.x,
            mean: moments.mean.clone(),
            var: moments.var.clone(),
            live: moments.live.map(|live| live.are_live()),
        });
    }
}

/// Everything that a pass computes and leaves behind.
fn pass(
    device: &Device<f64>,
    name: &str,
    make: Make,
    mode: Mode,
    padded: bool,
    watched: bool,
) -> Vec<Vec<f64>> {
    let Made { mut store, layer } = made(device, name, Some(make));
    let tape = Tape::new(device);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut told = Told::default();
    let mut context = Context::new(&tape, &mut store, mode, &mut rng);
    if watched {
        context = context.watched_by(&mut told);
    }
    let states = layer.forward(&mut context, &inputs(&tape, padded));
    let loss = states.h.square().sum();
    let gradients = context.param_gradients(tape.backward(loss));
    let mut all = vec![states.h.value().to_vec(), states.last.value().to_vec()];
    all.extend(gradients.iter().map(Tensor::to_vec));
    all.extend(store.iter().map(|(_, param)| param.tensor.to_vec()));
    all.push(vec![f64::from(rng.get_word_pos() as u32)]);
    assert_eq!(!told.values.is_empty(), watched);
    all
}

#[test]
fn a_watch_changes_no_bit() {
    let device = Device::<f64>::reference();
    let modes = [
        Mode::Train,
        Mode::Eval(Statistics::Batch),
        Mode::Estimate { seen: 0 },
    ];
    for name in CELLS {
        for make in NORMS {
            for mode in modes {
                for padded in [false, true] {
                    let [plain, watched] =
                        [false, true].map(|watched| pass(&device, name, make, mode, padded, watched));
                    let bits = |all: &[Vec<f64>]| -> Vec<u64> {
                        all.iter().flatten().map(|x| x.to_bits()).collect()
                    };
                    assert_eq!(bits(&plain), bits(&watched), "{name} {mode:?} {padded}");
                }
            }
        }
    }
}

/// Looks at a pass of a cell without anything that is dropped.
fn look(name: &str, make: Option<Make>, padded: bool, check: impl FnOnce(&Told<'_>)) {
    let device = Device::<f64>::reference();
    let Made { mut store, layer } = made(&device, name, make);
    let tape = Tape::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut told = Told::default();
    let mode = Mode::Eval(Statistics::Batch);
    let mut context = Context::new(&tape, &mut store, mode, &mut rng).watched_by(&mut told);
    layer.forward(&mut context, &inputs(&tape, padded));
    check(&told);
}

#[test]
fn an_lstm_tells_its_values_in_their_order() {
    look("lstm", Some(batch), false, |told| {
        let step = |t: usize| {
            let names = [
                "recurrent term h_{t-1} W_h",
                "normalized recurrent term",
                "normalized sum of both terms",
                "sum of the terms and the bias",
                "cell c_t",
                "normalized cell",
                "normalized copy of the cell",
                "hidden state h_t",
                "normalized hidden state",
            ];
            names.map(|name| (name, Some(t)))
        };
        let before = [
            ("input term x_t W_x", Some(0)),
            ("normalized input term", Some(0)),
        ];
        let expected: Vec<_> = before.into_iter().chain((0..STEPS).flat_map(step)).collect();
        let found: Vec<_> = told
            .values
            .iter()
            .map(|value| (value.1.as_str(), value.2))
            .collect();
        assert_eq!(found, expected);
        assert!(told.values.iter().all(|value| value.0 == "lstm"));
        assert_eq!(told.inputs[0], ["x_t", "W_x"]);
        assert_eq!(told.inputs[2], ["h_{t-1}", "W_h"]);
    });
}

#[test]
fn gates_are_those_that_make_the_state() {
    look("lstm", None, true, |told| {
        let of_step = |t: usize| {
            let gates: Vec<&Vec<f64>> = told.gates[4 * t..4 * t + 4].iter().map(|gate| &gate.2).collect();
            let names: Vec<&str> = told.gates[4 * t..4 * t + 4].iter().map(|gate| gate.1).collect();
            assert_eq!(names, ["f", "i", "o", "g"]);
            gates
        };
        let value = |what: &str, t: usize| {
            let found = told
                .values
                .iter()
                .find(|value| value.1 == what && value.2 == Some(t));
            found.expect("it is told").3.value().to_vec()
        };
        for t in 0..STEPS {
            let [f, i, o, g] = of_step(t).try_into().expect("four gates");
            let (c, h) = (value("cell c_t", t), value("hidden state h_t", t));
            let live: Vec<bool> = LENGTHS.iter().map(|&length| t < length).collect();
            assert_eq!(told.gates[4 * t].3, live);
            for k in 0..BATCH * H {
                // A few roundings of numbers below 1.
                assert!((o[k] * c[k].tanh() - h[k]).abs() < 1e-15);
                if t == 0 {
                    // The cell starts at 0.
                    assert!((i[k] * g[k] - c[k]).abs() < 1e-15 && f[k] > 0.0);
                }
            }
        }
    });
    for (name, gates) in [("gru", vec!["r", "z", "n"]), ("rnn", vec!["h"])] {
        look(name, None, false, |told| {
            let names: Vec<&str> = told.gates.iter().map(|gate| gate.1).collect();
            assert_eq!(names, gates.repeat(STEPS));
            assert!(told.gates.iter().all(|gate| gate.0 == name));
        });
    }
}

/// Mean and biased variance.
fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    (mean, values.map(|x| (x - mean).powi(2)).sum::<f64>() / n)
}

#[test]
fn moments_are_those_of_the_values() {
    look("lstm", Some(batch), true, |told| {
        let of_state: Vec<_> = told
            .moments
            .iter()
            .filter(|moments| moments.path == "lstm/norm_h")
            .collect();
        assert_eq!(of_state.len(), STEPS);
        let terms = told
            .values
            .iter()
            .filter(|value| value.1 == "recurrent term h_{t-1} W_h");
        for ((t, found), term) in of_state.into_iter().enumerate().zip(terms) {
            assert_eq!(found.time, Some(t));
            let x = term.3.value().to_vec();
            for unit in 0..4 * H {
                let rows = (0..BATCH).filter(|&b| t < LENGTHS[b]);
                let (mean, var) = moments(rows.map(|b| x[b * 4 * H + unit]));
                // Sums of three numbers of magnitude one.
                assert!((found.mean.to_vec()[unit] - mean).abs() < 1e-15);
                assert!((found.var.to_vec()[unit] - var).abs() < 1e-15);
            }
        }
    });
    look("gru", Some(group), true, |told| {
        let of_inputs: Vec<_> = told
            .moments
            .iter()
            .filter(|moments| moments.path == "gru/norm_x")
            .collect();
        assert_eq!(of_inputs.len(), STEPS);
        for (t, found) in of_inputs.into_iter().enumerate() {
            let x = found.x.value().to_vec();
            let row = 3 * H / 2;
            assert_eq!(found.time, Some(t));
            assert_eq!(found.mean.to_vec(), [0.0; 2 * BATCH]);
            if t > 0 {
                let live: Vec<bool> = LENGTHS.iter().map(|&length| t < length).collect();
                assert_eq!(found.live, Some(live));
            }
            for (part, var) in found.var.to_vec().into_iter().enumerate() {
                let values = &x[(t * BATCH * 2 + part) * row..][..row];
                let square = values.iter().map(|x| x * x).sum::<f64>() / row as f64;
                assert!((var - square).abs() < 1e-15);
            }
        }
    });
}

/// On a device that has the sequence as one operation, too.
#[test]
fn a_watched_sequence_goes_step_by_step() {
    let device = Device::<f64>::new(Arc::new(Cpu::new(1)));
    let mut store = ParamStore::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut scope = Scope::new(&mut store, &mut rng);
    let lstm = Lstm::new(&mut scope, &LstmConfig::new(D, 20), Sites::default());
    let tape = Tape::new(&device);
    let mode = Mode::Eval(Statistics::Batch);
    let mut context = Context::new(&tape, &mut store, mode, &mut rng);
    let x = device.tensor([STEPS, 8, D], &values(3, STEPS * 8 * D));
    let sequence = Sequence::from(tape.constant(x));
    assert_eq!(lstm.unfused(&mut context, &sequence), None);
    let by_steps = lstm.forward_by_steps(&mut context, &sequence).h.value().to_vec();
    let mut told = Told::default();
    let mut context = context.watched_by(&mut told);
    let watched = lstm.forward(&mut context, &sequence).h.value().to_vec();
    assert_eq!(watched, by_steps);
    assert_eq!(told.gates.len(), 4 * STEPS);
}
