//! Single normalizations.

use autodiff::{Device, Tape};
use kernels::Real;

use crate::case::{Case, Check, everywhere};

struct Norm(Case);

impl Check for Norm {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.0;
        let tape = Tape::new(device);
        let [x, gamma, beta] = ["x", "gamma", "beta"].map(|name| tape.leaf(case.tensor(device, name)));
        let epsilon = T::of(case.setting("eps"));
        let y = match case.name.as_str() {
            "norm_batch" => x.batch_norm(gamma, Some(beta), epsilon).y,
            "norm_layer" => x.layer_norm(gamma, Some(beta), epsilon),
            other => panic!("{other}: no such normalization"),
        };
        case.compare("y", &y.value());
        let loss = y.mul(tape.constant(case.tensor(device, "r"))).sum();
        case.compare("loss", &loss.value());
        let gradients = tape.backward(loss);
        for (name, var) in [("grad.x", x), ("grad.gamma", gamma), ("grad.beta", beta)] {
            case.compare(name, gradients.get(var).expect("a gradient"));
        }
    }
}

#[test]
fn golden_norm_batch() {
    everywhere(&Norm(Case::read("norm_batch")));
}

#[test]
fn golden_norm_layer() {
    everywhere(&Norm(Case::read("norm_layer")));
}
