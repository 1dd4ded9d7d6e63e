//! The batch-normalized network with one tanh.

use autodiff::{Device, Tape};
use kernels::Real;
use nn::cell::{Cell, Rnn, RnnConfig, Sites};
use nn::context::{Context, Mode};
use nn::norm::{BatchNorm, BatchNormConfig, Normalizer, StepRows};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::case::{Case, Check, everywhere, set};

/// Names of the tensors in the file and in the store.
const PATHS: [(&str, &str); 6] = [
    ("w_x", "w_x"),
    ("w_h", "w_h"),
    ("bias", "bias"),
    ("h0", "h_0"),
    ("gamma_x", "x/gamma"),
    ("gamma_h", "h/gamma"),
];

struct BnRnn(Case);

impl BnRnn {
    fn cell<T: Real>(&self, scope: &mut Scope<'_, T>) -> Rnn<T> {
        let [input_size, hidden_size] = *self.0.shape("w_x") else {
            panic!("a matrix")
        };
        let config = BatchNormConfig {
            beta: false,
            epsilon: self.0.setting("eps"),
            steps: StepRows::PerStep(self.0.shape("x")[0]),
            ..BatchNormConfig::default()
        };
        let mut site = |name: &str| -> Option<Box<dyn Normalizer<T>>> {
            let norm = BatchNorm::new(&mut scope.within(name), hidden_size, config);
            Some(Box::new(norm))
        };
        let sites = Sites {
            h: site("h"),
            x: site("x"),
            ..Sites::default()
        };
        Rnn::new(scope, &RnnConfig::new(input_size, hidden_size), sites)
    }
}

impl Check for BnRnn {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.0;
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let rnn = self.cell(&mut Scope::new(&mut store, &mut rng));
        for (name, path) in PATHS {
            set(&mut store, path, case.tensor(device, name));
        }
        let tape = Tape::new(device);
        let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
        let x = tape.leaf(case.tensor(device, "x"));
        let h = rnn.forward(&mut context, &x.into()).h;
        case.compare("h", &h.value());
        let loss = h.mul(tape.constant(case.tensor(device, "r"))).sum();
        case.compare("loss", &loss.value());
        let gradients = tape.backward(loss);
        case.compare("grad.x", gradients.get(x).expect("a gradient of x"));
        let gradients = context.param_gradients(gradients);
        for (name, path) in PATHS {
            let id = store.find(path).expect("a parameter");
            let gradient = gradients
                .get(id)
                .unwrap_or_else(|| panic!("no gradient of {path}"));
            case.compare(&format!("grad.{name}"), gradient);
        }
    }
}

#[test]
fn golden_bn_rnn() {
    everywhere(&BnRnn(Case::read("bn_rnn")));
}
