//! Cross-entropy.

use autodiff::{Device, Tape};
use kernels::Real;

use crate::case::{Case, Check, everywhere};

struct CrossEntropy(Case);

impl Check for CrossEntropy {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.0;
        let tape = Tape::new(device);
        let logits = tape.leaf(case.tensor(device, "logits"));
        case.compare("log_softmax", &logits.log_softmax().value());
        let targets = device.indices(&case.indices("targets"));
        let loss = logits.cross_entropy(&targets);
        case.compare("loss", &loss.value());
        let gradients = tape.backward(loss);
        case.compare("grad.logits", gradients.get(logits).expect("a gradient"));
    }
}

#[test]
fn golden_cross_entropy() {
    everywhere(&CrossEntropy(Case::read("cross_entropy")));
}
