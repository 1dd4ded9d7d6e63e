//! A product with a weight that is normalized.

use autodiff::{Device, Tape};
use kernels::Real;
use nn::context::{Context, Mode};
use nn::norm::{Memory, Normalizer, Step, WeightNorm, WeightNormConfig};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::case::{Case, Check, everywhere};

struct Weight(Case);

impl Check for Weight {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.0;
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut store = ParamStore::new(device);
        let mut scope = Scope::new(&mut store, &mut rng);
        let norm = WeightNorm::new(&mut scope, case.shape("g")[0], WeightNormConfig::default());
        let gamma = store.find("gamma").expect("a γ");
        let tape = Tape::new(device);
        let [v, g, x] = ["v", "g", "x"].map(|name| tape.leaf(case.tensor(device, name)));
        let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
        context.bind(gamma, g);
        let w = norm.weight(&mut context, v);
        case.compare("w", &w.value());
        let product = norm.operand(&mut context, x).matmul(w);
        let y = norm.step(&mut context, product, Step::new(0, 1), &mut Memory::default());
        case.compare("y", &y.value());
        let loss = y.mul(tape.constant(case.tensor(device, "r"))).sum();
        case.compare("loss", &loss.value());
        let gradients = tape.backward(loss);
        for (name, var) in [("grad.x", x), ("grad.v", v), ("grad.g", g)] {
            case.compare(name, gradients.get(var).expect("a gradient"));
        }
    }
}

#[test]
fn golden_norm_weight() {
    everywhere(&Weight(Case::read("norm_weight")));
}
