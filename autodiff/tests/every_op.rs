//! A walk over all operations: every input of every one has a gradient, and it is right.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use autodiff::{Device, Shape, Tape, Tensor, Var, gradcheck, values};
use kernels::{Cpu, Reference, RowMoments};

type Function = for<'t> fn(&'t Tape<f64>, &[Var<'t, f64>]) -> Vec<Var<'t, f64>>;

/// File of the operation, shapes of its inputs, its application.
const OPERATIONS: &[(&str, &[&[usize]], Function)] = &[
    ("abs", &[&[2, 3]], |_, x| vec![x[0].abs()]),
    ("add", &[&[2, 3], &[3]], |_, x| vec![x[0] + x[1]]),
    ("batch_norm", &[&[2, 4, 3], &[3], &[3]], |_, x| {
        let out = x[0].batch_norm(x[1], Some(x[2]), 1e-3);
        vec![out.y, out.mean, out.var]
    }),
    ("batch_norm_fixed", &[&[4, 3], &[3], &[3]], |tape, x| {
        let [mean, var] = [0.1, 0.5].map(|v| tape.device().full([1, 3], v));
        vec![x[0].batch_norm_fixed(x[1], Some(x[2]), &mean, &var, 1e-3)]
    }),
    ("batch_renorm", &[&[4, 3], &[3], &[3]], |tape, x| {
        // Far away, so that the corrections stay at their limits: they have no gradient.
        let [mean, std] = [9.0, 0.01].map(|v| tape.device().full([1, 3], v));
        let out = x[0].batch_renorm(x[1], Some(x[2]), 1e-3, &mean, &std, (1.5, 0.5));
        vec![out.y, out.mean, out.var]
    }),
    ("broadcast_to", &[&[3]], |_, x| vec![x[0].broadcast_to([2, 3])]),
    ("concat", &[&[2, 3], &[2, 1]], |_, x| vec![Var::concat(x, 1)]),
    ("cross_entropy", &[&[2, 3]], |tape, x| {
        vec![x[0].cross_entropy(&tape.device().indices(&[2, 0]))]
    }),
    ("div", &[&[2, 3], &[2, 1]], |_, x| vec![x[0] / x[1]]),
    ("exp", &[&[2, 3]], |_, x| vec![x[0].exp()]),
    ("gather_rows", &[&[3, 2]], |tape, x| {
        vec![x[0].gather_rows(&tape.device().indices(&[2, 0, 1, 2]))]
    }),
    ("ln", &[&[2, 3]], |_, x| vec![x[0].ln()]),
    ("log_softmax", &[&[2, 3]], |_, x| vec![x[0].log_softmax()]),
    ("lstm_gates", &[&[2, 8], &[2, 2]], |_, x| {
        let (c, o) = x[0].lstm_gates(x[1]);
        vec![c, o]
    }),
    ("matmul", &[&[2, 3], &[3, 4]], |_, x| vec![x[0].matmul(x[1])]),
    ("max_axis", &[&[2, 3]], |_, x| vec![x[0].max_axis(1)]),
    ("mul", &[&[2, 3], &[3]], |_, x| vec![x[0] * x[1]]),
    ("neg", &[&[2, 3]], |_, x| vec![-x[0]]),
    ("relu", &[&[2, 3]], |_, x| vec![x[0].relu()]),
    ("reshape", &[&[2, 3]], |_, x| vec![x[0].reshape([6])]),
    ("row_norm", &[&[2, 4], &[4], &[4]], |_, x| {
        let moments = RowMoments {
            groups: 2,
            centered: false,
        };
        vec![
            x[0].layer_norm(x[1], Some(x[2]), 1e-3),
            x[0].row_norm(x[1], Some(x[2]), 1e-3, moments),
        ]
    }),
    ("scale", &[&[2, 3]], |_, x| vec![x[0].scale(0.3)]),
    ("shift", &[&[2, 3]], |_, x| vec![x[0].shift(0.3)]),
    ("sigmoid", &[&[2, 3]], |_, x| vec![x[0].sigmoid()]),
    ("slice", &[&[2, 3]], |_, x| vec![x[0].slice(1, 1..3)]),
    ("split", &[&[2, 4]], |_, x| x[0].split(1, 2)),
    ("sqrt", &[&[2, 3]], |_, x| vec![x[0].sqrt()]),
    ("square", &[&[2, 3]], |_, x| vec![x[0].square()]),
    ("stack", &[&[2, 3], &[2, 3]], |_, x| vec![Var::stack(x)]),
    ("sub", &[&[2, 3], &[3]], |_, x| vec![x[0] - x[1]]),
    ("sum_axis", &[&[2, 3]], |_, x| vec![x[0].sum_axis(0)]),
    ("tanh", &[&[2, 3]], |_, x| vec![x[0].tanh()]),
    ("transpose", &[&[2, 3]], |_, x| vec![x[0].transpose()]),
    ("unbind", &[&[2, 3]], |_, x| x[0].unbind()),
    ("unit_axis", &[&[2, 3]], |_, x| vec![x[0].unit_axis(0, 1e-6)]),
];

/// Operations that not every device has; they are checked in their own files.
const OPTIONAL: [&str; 1] = ["lstm_sequence"];

/// Inputs between 1/2 and 3/2, where all operations are smooth.
fn inputs(device: &Device<f64>, shapes: &[&[usize]]) -> Vec<Tensor<f64>> {
    let input = |(i, dims): (usize, &&[usize])| {
        let shape = Shape::new(dims);
        let values = values(i as u64, shape.len());
        let positive: Vec<f64> = values.into_iter().map(|v| 1.0 + v / 2.0).collect();
        device.tensor(shape, &positive)
    };
    shapes.iter().enumerate().map(input).collect()
}

#[test]
fn every_input_of_every_operation_gradcheck() {
    let devices = [
        Device::new(Arc::new(Reference)),
        Device::new(Arc::new(Cpu::new(1))),
    ];
    for (name, shapes, f) in OPERATIONS {
        for device in &devices {
            let comparisons = gradcheck(f, &inputs(device, shapes));
            assert_eq!(comparisons.len(), shapes.len());
            for comparison in comparisons {
                assert!(
                    comparison.numeric_rms > 1e-3,
                    "{name}: nothing arrives at {comparison}"
                );
            }
        }
    }
}

#[test]
fn no_operation_is_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ops");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_string()
        })
        .filter(|name| !["mod", "operators"].contains(&name.as_str()))
        .collect();
    let listed = OPERATIONS.iter().map(|(name, ..)| name).chain(&OPTIONAL);
    let listed: BTreeSet<String> = listed.map(|name| name.to_string()).collect();
    assert_eq!(files, listed);
}
