//! Single normalizations.

use autodiff::{Device, Tape};
use kernels::{Real, RowMoments};
use nn::context::{Context, Mode};
use nn::norm::{
    BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Memory, Normalizer, RenormConfig, Step,
};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::case::{Case, Check, everywhere, set};

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

/// The normalizers that layers are made of, with the parameters and statistics of a file.
struct Normalized(Case);

impl Normalized {
    fn normalizer<T: Real>(&self, scope: &mut Scope<'_, T>) -> Box<dyn Normalizer<T>> {
        let case = &self.0;
        let features = case.shape("gamma")[0];
        let (beta, epsilon) = (true, case.setting("eps"));
        match case.name.as_str() {
            "norm_layer" | "norm_group" => {
                let groups = match case.name.as_str() {
                    "norm_group" => case.setting("groups") as usize,
                    _ => 1,
                };
                let config = LayerNormConfig {
                    beta,
                    epsilon,
                    groups,
                    ..LayerNormConfig::default()
                };
                Box::new(LayerNorm::new(scope, features, config))
            }
            "norm_rms" => {
                let config = LayerNormConfig {
                    beta,
                    epsilon,
                    ..LayerNormConfig::rms()
                };
                Box::new(LayerNorm::new(scope, features, config))
            }
            "norm_batch" | "norm_batch_renorm" => {
                let is_renorm = case.name == "norm_batch_renorm";
                let config = BatchNormConfig {
                    beta,
                    epsilon,
                    renorm: is_renorm.then(|| RenormConfig {
                        r_max: case.setting("r_max"),
                        d_max: case.setting("d_max"),
                        start: 0,
                        ramp: 0,
                    }),
                    ..BatchNormConfig::default()
                };
                Box::new(BatchNorm::new(scope, features, config))
            }
            other => panic!("{other}: no such normalization"),
        }
    }

    /// Running averages whose mean and `√(var + ε)` are the file's.
    fn give_statistics<T: Real>(&self, store: &mut ParamStore<T>) {
        let case = &self.0;
        if !case.has("pop_mean") {
            return;
        }
        let epsilon = case.setting("eps");
        let var: Vec<f64> = case
            .values("pop_std")
            .iter()
            .map(|std| std * std - epsilon)
            .collect();
        for (path, values) in [("running_mean", case.values("pop_mean")), ("running_var", &var)] {
            let values: Vec<T> = values.iter().map(|&x| T::of(x)).collect();
            let row = store.device().tensor([1, values.len()], &values);
            set(store, path, row);
        }
    }
}

impl Check for Normalized {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.0;
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut store = ParamStore::new(device);
        let norm = self.normalizer(&mut Scope::new(&mut store, &mut rng));
        self.give_statistics(&mut store);
        let ids = ["gamma", "beta"].map(|path| store.find(path).expect("a parameter"));
        let tape = Tape::new(device);
        let [x, gamma, beta] = ["x", "gamma", "beta"].map(|name| tape.leaf(case.tensor(device, name)));
        let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
        context.bind(ids[0], gamma);
        context.bind(ids[1], beta);
        let y = norm.step(&mut context, x, Step::new(0, 1), &mut Memory::default());
        case.compare("y", &y.value());
        let loss = y.mul(tape.constant(case.tensor(device, "r"))).sum();
        case.compare("loss", &loss.value());
        let gradients = tape.backward(loss);
        for (name, var) in [("grad.x", x), ("grad.gamma", gamma), ("grad.beta", beta)] {
            case.compare(name, gradients.get(var).expect("a gradient"));
        }
    }
}

/// The operation, and the normalizer that is made with it.
fn check(name: &str) {
    everywhere(&Norm(Case::read(name)));
    everywhere(&Normalized(Case::read(name)));
}

#[test]
fn golden_norm_batch() {
    check("norm_batch");
}

#[test]
fn golden_norm_layer() {
    check("norm_layer");
}

#[test]
fn golden_norm_group() {
    check("norm_group");
}

#[test]
fn golden_norm_rms() {
    check("norm_rms");
}

#[test]
fn golden_norm_batch_renorm() {
    check("norm_batch_renorm");
}
