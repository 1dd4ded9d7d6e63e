//! Whole sequences of LSTMs with and without normalization.

use autodiff::{Device, Tape, Var};
use kernels::Real;
use nn::cell::{Cell, Lstm, LstmConfig, Sequence, Sites};
use nn::context::{Context, Mode, Statistics};
use nn::norm::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Normalizer, StepRows};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::case::{Case, Check, everywhere, set};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    None,
    Batch,
    Layer,
}

/// Names of the sites in the files.
const SITES: [&str; 3] = ["h", "x", "c"];

/// Names of the tensors in the files and in the store.
fn paths(kind: Kind) -> Vec<(&'static str, &'static str)> {
    let mut paths = vec![
        ("w_x", "w_x"),
        ("w_h", "w_h"),
        ("bias", "bias"),
        ("h0", "h_0"),
        ("c0", "c_0"),
    ];
    if kind != Kind::None {
        paths.extend([
            ("gamma_x", "x/gamma"),
            ("gamma_h", "h/gamma"),
            ("gamma_c", "c/gamma"),
            ("beta_c", "c/beta"),
        ]);
    }
    paths
}

struct Model<T: Real> {
    store: ParamStore<T>,
    lstm: Lstm<T>,
    rng: ChaCha8Rng,
}

impl<T: Real> Model<T> {
    /// The model of a file, with its parameters.
    fn new(case: &Case, device: &Device<T>, kind: Kind, steps: usize) -> Self {
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut scope = Scope::new(&mut store, &mut rng);
        let (input_size, hidden_size) = (case.shape("w_x")[0], case.shape("w_h")[0]);
        let mut site = |name: &str, features: usize| -> Option<Box<dyn Normalizer<T>>> {
            let mut scope = scope.within(name);
            let (beta, epsilon) = (name == "c", case.setting("eps"));
            match kind {
                Kind::None => None,
                Kind::Batch => {
                    // A momentum of 0 leaves the batch's own moments in the running averages.
                    let config = BatchNormConfig {
                        beta,
                        epsilon,
                        steps: match name == "x" && case.is_set("sequencewise_x") {
                            true => StepRows::SequenceWise,
                            false => StepRows::PerStep(steps),
                        },
                        momentum: 0.0,
                        ..BatchNormConfig::default()
                    };
                    Some(Box::new(BatchNorm::new(&mut scope, features, config)))
                }
                Kind::Layer => {
                    let config = LayerNormConfig {
                        beta,
                        epsilon,
                        gamma: 1.0,
                        ..LayerNormConfig::default()
                    };
                    Some(Box::new(LayerNorm::new(&mut scope, features, config)))
                }
            }
        };
        let sites = Sites {
            h: site("h", 4 * hidden_size),
            x: site("x", 4 * hidden_size),
            c: site("c", hidden_size),
            ..Sites::default()
        };
        let lstm = Lstm::new(&mut scope, &LstmConfig::new(input_size, hidden_size), sites);
        for (name, path) in paths(kind) {
            set(&mut store, path, case.tensor(device, name));
        }
        Self { store, lstm, rng }
    }
}

/// Values, statistics and all gradients of a training pass.
struct Training {
    case: Case,
    kind: Kind,
}

impl Check for Training {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.case;
        let steps = case.shape("x")[0];
        let mut model = Model::new(case, device, self.kind, steps);
        let tape = Tape::new(device);
        let mut context = Context::new(&tape, &mut model.store, Mode::Train, &mut model.rng);
        let x = tape.leaf(case.tensor(device, "x"));
        let states = model.lstm.forward(&mut context, &self.sequence(x));
        let h = states.h;
        case.compare("h", &h.value());
        case.compare("c", &states.cell().value());
        let loss = h.mul(tape.constant(case.tensor(device, "r"))).sum();
        case.compare("loss", &loss.value());
        let gradients = tape.backward(loss);
        case.compare("grad.x", gradients.get(x).expect("a gradient of x"));
        let gradients = context.param_gradients(gradients);
        for (name, path) in paths(self.kind) {
            let id = model.store.find(path).expect("a parameter");
            let gradient = gradients
                .get(id)
                .unwrap_or_else(|| panic!("no gradient of {path}"));
            case.compare(&format!("grad.{name}"), gradient);
        }
        if self.kind == Kind::Batch {
            self.statistics(&model.store, "running");
            self.estimate(device);
        }
    }
}

impl Training {
    /// The input, with its lengths if the file has any.
    fn sequence<'t, T: Real>(&self, x: Var<'t, T>) -> Sequence<'t, T> {
        let sequence = Sequence::from(x);
        match self.case.lengths() {
            Some(lengths) => sequence.with_lengths(&lengths),
            None => sequence,
        }
    }

    fn statistics<T: Real>(&self, store: &ParamStore<T>, which: &str) {
        for site in SITES {
            for moment in ["mean", "var"] {
                let id = store
                    .find(&format!("{site}/{which}_{moment}"))
                    .expect("a statistic");
                let (name, got) = (format!("{moment}_{site}"), store.get(id));
                // Where all steps share one row, the file repeats it for each of them.
                let steps = self.case.shape(&name)[0] / got.shape().extent(0);
                self.case.compare_values(&name, &got.to_vec().repeat(steps));
            }
        }
    }

    /// One batch is the whole population: its estimates are the batch's moments.
    fn estimate<T: Real>(&self, device: &Device<T>) {
        let mut model = Model::new(&self.case, device, self.kind, self.case.shape("x")[0]);
        let tape = Tape::inference(device);
        let mode = Mode::Estimate { seen: 0 };
        let mut context = Context::new(&tape, &mut model.store, mode, &mut model.rng);
        let x = tape.constant(self.case.tensor(device, "x"));
        model.lstm.forward(&mut context, &self.sequence(x));
        self.statistics(&model.store, "population");
    }
}

fn training(name: &str, kind: Kind) {
    let case = Case::read(name);
    everywhere(&Training { case, kind });
}

#[test]
fn golden_lstm() {
    training("lstm", Kind::None);
}

#[test]
fn golden_bn_lstm() {
    training("bn_lstm", Kind::Batch);
}

#[test]
fn golden_bn_lstm_gamma1() {
    training("bn_lstm_gamma1", Kind::Batch);
}

#[test]
fn golden_bn_lstm_wide() {
    training("bn_lstm_wide", Kind::Batch);
}

#[test]
fn golden_bn_lstm_masked() {
    training("bn_lstm_masked", Kind::Batch);
}

#[test]
fn golden_bn_lstm_sequencewise() {
    training("bn_lstm_sequencewise", Kind::Batch);
}

#[test]
fn golden_bn_lstm_masked_sequencewise() {
    training("bn_lstm_masked_sequencewise", Kind::Batch);
}

#[test]
fn golden_ln_lstm() {
    training("ln_lstm", Kind::Layer);
}

/// Evaluation of a sequence longer than the statistics reach.
struct Longer(Case);

impl Check for Longer {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.0;
        let steps = case.shape("mean_h")[0];
        assert!(case.shape("x")[0] > steps, "a longer sequence");
        for (which, statistics) in [
            ("running", Statistics::Running),
            ("population", Statistics::Population),
        ] {
            let mut model = Model::new(case, device, Kind::Batch, steps);
            for site in SITES {
                for moment in ["mean", "var"] {
                    let value = case.tensor(device, &format!("{moment}_{site}"));
                    set(&mut model.store, &format!("{site}/{which}_{moment}"), value);
                }
            }
            let tape = Tape::inference(device);
            let mode = Mode::Eval(statistics);
            let mut context = Context::new(&tape, &mut model.store, mode, &mut model.rng);
            let states = model
                .lstm
                .forward(&mut context, &tape.constant(case.tensor(device, "x")).into());
            case.compare("h", &states.h.value());
            case.compare("c", &states.cell().value());
        }
    }
}

#[test]
fn golden_bn_lstm_eval_longer() {
    everywhere(&Longer(Case::read("bn_lstm_eval_longer")));
}
