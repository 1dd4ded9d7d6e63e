//! Single normalizations.

use autodiff::{Device, Tape};
use kernels::{Real, RowMoments};

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
            "norm_group" => {
                let groups = case.setting("groups") as usize;
                let centered = true;
                x.row_norm(gamma, Some(beta), epsilon, RowMoments { groups, centered })
            }
            "norm_rms" => {
                let (groups, centered) = (1, false);
                x.row_norm(gamma, Some(beta), epsilon, RowMoments { groups, centered })
            }
            "norm_batch_renorm" => {
                let row = |name| {
                    let given = case.tensor(device, name);
                    given.reshape([1, given.shape().len()])
                };
                let limits = ["r_max", "d_max"].map(|name| T::of(case.setting(name)));
                let (mean, std) = (row("pop_mean"), row("pop_std"));
                x.batch_renorm(gamma, Some(beta), epsilon, &mean, &std, limits.into())
                    .y
            }
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

#[test]
fn golden_norm_group() {
    everywhere(&Norm(Case::read("norm_group")));
}

#[test]
fn golden_norm_rms() {
    everywhere(&Norm(Case::read("norm_rms")));
}

#[test]
fn golden_norm_batch_renorm() {
    everywhere(&Norm(Case::read("norm_batch_renorm")));
}
