//! Update rules and clipping.

use autodiff::{Device, Tape};
use kernels::Real;
use nn::clip::clip_global_norm;
use nn::context::{Context, Mode, ParamGradients};
use nn::optimizer::{Denominator, Optimizer, OptimizerConfig};
use nn::params::{ParamStore, Role};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::case::{Case, Check, everywhere};

/// Gradients with given values: those of `Σ ⟨p, g⟩`.
fn gradients<T: Real>(store: &mut ParamStore<T>, given: &[autodiff::Tensor<T>]) -> ParamGradients<T> {
    let device = store.device().clone();
    let tape = Tape::new(&device);
    let ids: Vec<_> = store.iter().map(|(id, _)| id).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut context = Context::new(&tape, store, Mode::Train, &mut rng);
    let seeds: Vec<_> = ids
        .iter()
        .map(|&id| context.param(id))
        .zip(given.iter().cloned())
        .collect();
    context.param_gradients(tape.backward_from(&seeds))
}

struct Rule {
    case: Case,
    config: OptimizerConfig,
}

impl Check for Rule {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.case;
        let mut store = ParamStore::new(device);
        let id = store.add("p", Role::Trainable, case.tensor(device, "start"));
        let mut optimizer = Optimizer::new(self.config, &store);
        let given = case.tensor::<T>(device, "grads");
        let mut path = Vec::new();
        for step in 0..given.shape().extent(0) {
            let gradients = gradients(&mut store, &[given.row(step)]);
            optimizer.step(&mut store, &gradients);
            path.extend(store.get(id).to_vec());
        }
        case.compare_values("path", &path);
    }
}

fn rule(name: &str, config: impl Fn(&Case) -> OptimizerConfig) {
    let case = Case::read(name);
    let config = config(&case);
    everywhere(&Rule { case, config });
}

#[test]
fn golden_optim_sgd() {
    rule("optim_sgd", |case| OptimizerConfig::Sgd {
        learning_rate: case.setting("lr"),
        momentum: case.setting("momentum"),
    });
}

#[test]
fn golden_optim_rmsprop() {
    rule("optim_rmsprop", |case| OptimizerConfig::RmsProp {
        learning_rate: case.setting("lr"),
        decay: case.setting("alpha"),
        epsilon: case.setting("eps"),
        momentum: case.setting("momentum"),
        centred: false,
        denominator: Denominator::RootPlusEpsilon,
    });
}

#[test]
fn golden_optim_adam() {
    rule("optim_adam", |case| OptimizerConfig::Adam {
        learning_rate: case.setting("lr"),
        beta1: case.setting("beta1"),
        beta2: case.setting("beta2"),
        epsilon: case.setting("eps"),
    });
}

#[test]
fn golden_optim_adamw() {
    rule("optim_adamw", |case| OptimizerConfig::AdamW {
        learning_rate: case.setting("lr"),
        beta1: case.setting("beta1"),
        beta2: case.setting("beta2"),
        epsilon: case.setting("eps"),
        weight_decay: case.setting("weight_decay"),
    });
}

struct Clip(Case);

impl Check for Clip {
    fn run<T: Real>(&self, device: &Device<T>) {
        let case = &self.0;
        let mut store = ParamStore::new(device);
        let mut names: Vec<&str> = case
            .names()
            .filter_map(|name| name.strip_prefix("grad_"))
            .collect();
        names.sort_unstable();
        let given: Vec<_> = names
            .iter()
            .map(|name| case.tensor::<T>(device, &format!("grad_{name}")))
            .collect();
        let ids: Vec<_> = names
            .iter()
            .zip(&given)
            .map(|(name, gradient)| store.add(*name, Role::Trainable, device.zeros(gradient.shape())))
            .collect();
        let mut gradients = gradients(&mut store, &given);
        let norm = clip_global_norm(&mut gradients, T::of(case.setting("max_norm")));
        case.compare("norm", &norm);
        for (name, id) in names.iter().zip(ids) {
            case.compare(&format!("clipped_{name}"), gradients.get(id).expect("a gradient"));
        }
    }
}

#[test]
fn golden_clip_global_norm() {
    everywhere(&Clip(Case::read("clip_global_norm")));
}
