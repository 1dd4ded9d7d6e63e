//! What the tests of the operations share.

use std::sync::Arc;

use kernels::{Cpu, Reference};

use crate::{Comparison, Device, Shape, Tape, Tensor, Var, gradcheck, values};

/// Every device that the operations are tested on.
pub(crate) fn devices() -> [Device<f64>; 2] {
    [
        Device::new(Arc::new(Reference)),
        Device::new(Arc::new(Cpu::new(1))),
    ]
}

/// Reproducible inputs, each with values of its own.
pub(crate) fn inputs(device: &Device<f64>, shapes: &[&[usize]], map: fn(f64) -> f64) -> Vec<Tensor<f64>> {
    let input = |(i, dims): (usize, &&[usize])| {
        let shape = Shape::new(dims);
        let values: Vec<f64> = values(i as u64 + 1, shape.len()).into_iter().map(map).collect();
        device.tensor(shape, &values)
    };
    shapes.iter().enumerate().map(input).collect()
}

/// Checks the gradients of every input on every device, and that none of them is nothing.
#[track_caller]
pub(crate) fn check(
    shapes: &[&[usize]],
    f: impl for<'t> Fn(&'t Tape<f64>, &[Var<'t, f64>]) -> Vec<Var<'t, f64>>,
) {
    for device in devices() {
        all_nonzero(&gradcheck(&f, &inputs(&device, shapes, |v| v)));
    }
}

/// Like [`check`], with inputs between 1/2 and 3/2.
#[track_caller]
pub(crate) fn check_positive(
    shapes: &[&[usize]],
    f: impl for<'t> Fn(&'t Tape<f64>, &[Var<'t, f64>]) -> Vec<Var<'t, f64>>,
) {
    for device in devices() {
        all_nonzero(&gradcheck(&f, &inputs(&device, shapes, |v| 1.0 + v / 2.0)));
    }
}

#[track_caller]
fn all_nonzero(comparisons: &[Comparison]) {
    for comparison in comparisons {
        assert!(
            comparison.numeric_rms > 1e-3,
            "the gradient is almost nothing: {comparison}"
        );
    }
}

/// The value of a function of a vector.
pub(crate) fn value_of(x: &[f64], f: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>) -> Vec<f64> {
    let device = Device::reference();
    let tape = Tape::inference(&device);
    f(tape.constant(device.tensor([x.len()], x))).value().to_vec()
}

/// The shape of a function of zeros, and those of all gradients, which must exist.
#[track_caller]
pub(crate) fn zeros(
    device: &Device<f64>,
    shapes: &[&[usize]],
    f: impl for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>,
) -> Shape {
    let tape = Tape::new(device);
    let leaves: Vec<_> = shapes
        .iter()
        .map(|dims| tape.leaf(device.zeros(Shape::new(dims))))
        .collect();
    let y = f(&leaves);
    let gradients = tape.backward_from(&[(y, device.zeros(y.shape()))]);
    for leaf in leaves {
        let gradient = gradients.get(leaf).expect("a gradient for every leaf");
        assert_eq!(gradient.shape(), leaf.shape());
    }
    y.shape()
}
