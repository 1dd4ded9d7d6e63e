//! The LSTM sequence as one operation of the device against the same in plain operations.

use autodiff::{Device, Tape, Tensor};
use nn::cell::{Sequence, Site, Unfused};

use crate::support::{Design, Kind, Model, Norm, assert_close, devices, outputs, random};

/// The same formulas in another order of summation.
const TOLERANCE: f64 = 1e-11;

const STEPS: usize = 5;
const BATCH: usize = 4;
/// Wider than a vector of the processor, so that the device has the operation; no multiple of one.
const HIDDEN: usize = 11;

/// What the inputs are.
#[derive(Clone, Copy, Debug)]
enum Given {
    /// Vectors of that many elements.
    Dense(usize),
    /// One of 6 symbols, as such or as one-hot vectors.
    Symbols { dense: bool },
}

impl Given {
    fn size(self) -> usize {
        match self {
            Self::Dense(size) => size,
            Self::Symbols { .. } => 6,
        }
    }

    fn sequence<'t>(self, tape: &'t Tape<f64>) -> Sequence<'t, f64> {
        let device = tape.device();
        let symbols: Vec<u32> = (0..STEPS * BATCH).map(|i| (i * i % 7 % 6) as u32).collect();
        match self {
            Self::Dense(size) => tape.constant(random(device, &[STEPS, BATCH, size], 8)).into(),
            Self::Symbols { dense: false } => Sequence::symbols(tape, &device.indices(&symbols), BATCH),
            Self::Symbols { dense: true } => {
                let mut x = vec![0.0; symbols.len() * self.size()];
                for (row, &symbol) in symbols.iter().enumerate() {
                    x[row * self.size() + symbol as usize] = 1.0;
                }
                let x = device.tensor([STEPS, BATCH, self.size()], &x);
                tape.constant(x).into()
            }
        }
    }
}

/// All outputs, and the gradients of a random combination of them, with the names of both.
fn results(
    device: &Device<f64>,
    design: &Design<'_>,
    given: Given,
    by_steps: bool,
) -> Vec<(String, Tensor<f64>)> {
    let mut model = Model::learned(device, design);
    let paths: Vec<_> = model.trainable();
    let paths: Vec<_> = paths
        .into_iter()
        .map(|id| (id, model.store.entry(id).path.clone()))
        .collect();
    let tape = Tape::new(device);
    let input = given.sequence(&tape);
    let (mut context, cell) = model.context(&tape);
    let outputs = outputs(cell, &mut context, &input, by_steps);
    let cotangents: Vec<_> = outputs
        .iter()
        .enumerate()
        .map(|(i, output)| (*output, random(device, output.shape().dims(), 20 + i as u64)))
        .collect();
    let gradients = context.param_gradients(tape.backward_from(&cotangents));
    let values = outputs.iter().enumerate();
    let values = values.map(|(i, output)| (format!("output {i}"), output.value()));
    let gradients = paths.into_iter().map(|(id, path)| {
        let gradient = gradients.get(id).expect("a gradient").clone();
        (path, gradient)
    });
    values.chain(gradients).collect()
}

#[track_caller]
fn assert_same(design: &Design<'_>, got: Vec<(String, Tensor<f64>)>, want: Vec<(String, Tensor<f64>)>) {
    for ((name, got), (_, want)) in got.iter().zip(&want) {
        let what = format!("{:?} at {:?}: {name}", design.norm, design.sites);
        assert_close(&what, got, want, TOLERANCE);
    }
}

/// Which of them can be part of the operation, and where.
const FUSED: [(Norm, &[Site]); 8] = [
    (Norm::Weight, &[Site::H, Site::X]),
    (Norm::Weight, &[Site::H]),
    (Norm::Propagation, &[Site::H, Site::X, Site::C]),
    (Norm::Propagation, &[Site::C]),
    // A constant factor of the hidden state goes into the recurrent weight.
    (Norm::Propagation, &[Site::Out]),
    (Norm::Propagation, &[Site::H, Site::X, Site::C, Site::Out]),
    // The input term is normalized before the operation begins.
    (Norm::Cosine, &[Site::X]),
    (Norm::DyT, &[Site::X]),
];

#[test]
fn one_operation_is_the_same_as_steps() {
    let [_, cpu] = devices();
    for (norm, sites) in FUSED {
        for given in [Given::Dense(3), Given::Dense(1), Given::Symbols { dense: false }] {
            let design = Design {
                kind: Kind::Lstm,
                norm,
                sites,
                input_size: given.size(),
                hidden_size: HIDDEN,
            };
            let mut model = Model::learned(&cpu, &design);
            let tape = Tape::new(&cpu);
            let (mut context, cell) = model.context(&tape);
            let reason = cell.unfused(&mut context, &given.sequence(&tape));
            assert_eq!(reason, None, "{norm:?} at {sites:?}");
            assert!(
                cell.fused(&mut context, &given.sequence(&tape)).is_some(),
                "{norm:?} at {sites:?} goes step by step"
            );
            let fused = results(&cpu, &design, given, false);
            assert_same(&design, fused, results(&cpu, &design, given, true));
        }
    }
}

/// Where every step needs its own vector or function, there is no such form.
#[test]
fn others_go_step_by_step() {
    let [_, cpu] = devices();
    for (norm, site, reason) in [
        (Norm::Cosine, Site::H, Unfused::Normalizer(Site::H)),
        (Norm::DyT, Site::H, Unfused::Normalizer(Site::H)),
        (Norm::DyT, Site::C, Unfused::Normalizer(Site::C)),
        (Norm::DyT, Site::Out, Unfused::Site(Site::Out)),
    ] {
        let design = Design {
            kind: Kind::Lstm,
            norm,
            sites: &[site],
            input_size: 3,
            hidden_size: HIDDEN,
        };
        let mut model = Model::learned(&cpu, &design);
        let tape = Tape::new(&cpu);
        let (mut context, cell) = model.context(&tape);
        let input = Given::Dense(3).sequence(&tape);
        assert!(cell.fused(&mut context, &input).is_none(), "{norm:?} at {site:?}");
        assert_eq!(cell.unfused(&mut context, &input), Some(reason));
    }
}

/// A look-up is a product with a one-hot vector, of norm 1.
#[test]
fn symbols_are_one_hot_vectors() {
    for device in devices() {
        for norm in Norm::ALL {
            let design = Design {
                kind: Kind::Lstm,
                norm,
                sites: &[Site::H, Site::X],
                input_size: 6,
                hidden_size: HIDDEN,
            };
            let [symbols, dense] =
                [false, true].map(|dense| results(&device, &design, Given::Symbols { dense }, false));
            assert_same(&design, symbols, dense);
        }
    }
}
