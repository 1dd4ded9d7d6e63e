//! The attention of the Attentive Reader.

use autodiff::{Device, Tape};
use kernels::Real;
use nn::attention::{Attention, AttentionConfig, AttentionSites};
use nn::cell::Sequence;
use nn::context::{Context, Mode};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::case::{Case, Check, everywhere, set};

/// Weights, whose names in the file are those in the store.
const WEIGHTS: [&str; 5] = ["w_ym", "w_um", "w_ms", "w_rg", "w_ug"];

struct AttentiveReader(Case);

impl Check for AttentiveReader {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.0;
        let (of_states, of_query) = (case.shape("w_ym"), case.shape("w_um"));
        let config = AttentionConfig {
            attention_size: of_states[1],
            output_size: case.shape("w_rg")[1],
            ..AttentionConfig::new(of_states[0], of_query[0])
        };
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut scope = Scope::new(&mut store, &mut rng);
        let attention = Attention::new(&mut scope, &config, AttentionSites::default());
        for name in WEIGHTS {
            set(&mut store, name, case.tensor(device, name));
        }
        let tape = Tape::new(device);
        let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
        let [y, u] = ["y", "u"].map(|name| tape.leaf(case.tensor(device, name)));
        let sequence = Sequence::from(y).with_lengths(&case.lengths().expect("lengths"));
        let attended = attention.forward(&mut context, y, sequence.lengths(), u);
        case.compare("attention", &attended.weights.value());
        case.compare("context", &attended.context.value());
        case.compare("g", &attended.g.value());
        let loss = attended.g.mul(tape.constant(case.tensor(device, "r"))).sum();
        case.compare("loss", &loss.value());
        let gradients = tape.backward(loss);
        for (name, var) in [("grad.y", y), ("grad.u", u)] {
            case.compare(name, gradients.get(var).expect("a gradient"));
        }
        let gradients = context.param_gradients(gradients);
        for name in WEIGHTS {
            let id = store.find(name).expect("a parameter");
            case.compare(&format!("grad.{name}"), gradients.get(id).expect("a gradient"));
        }
    }
}

#[test]
fn golden_attentive_reader() {
    everywhere(&AttentiveReader(Case::read("attentive_reader")));
}
