//! Optimizers over a parameter store.

mod rule;
mod schedule;

use autodiff::Tensor;
use kernels::backend::{AdamState, RmsPropState};
use kernels::{Adam, Real, RmsProp, Sgd};

pub use rule::{Denominator, OptimizerConfig};
pub use schedule::{Decay, Schedule};

use crate::context::ParamGradients;
use crate::params::{ParamId, ParamStore, Role};

/// Updates parameters by their gradients.
///
/// The rules are written out at [`OptimizerConfig`]. A parameter without a gradient is left alone.
#[derive(Debug)]
pub struct Optimizer<T: Real> {
    config: OptimizerConfig,
    /// What the step size is multiplied by.
    scale: f64,
    steps: u64,
    /// State tensors of every parameter, as [`OptimizerConfig::slots`] names them; none for
    /// statistics.
    slots: Vec<Vec<Tensor<T>>>,
}

impl<T: Real> Optimizer<T> {
    /// An optimizer for the trainable parameters of `store`, its state all zeros.
    pub fn new(config: OptimizerConfig, store: &ParamStore<T>) -> Self {
        let names = config.slots();
        let slots = store.iter().map(|(_, param)| match param.role {
            Role::Trainable => names
                .iter()
                .map(|_| store.device().zeros(param.tensor.shape()))
                .collect(),
            Role::Statistic => Vec::new(),
        });
        Self {
            slots: slots.collect(),
            config,
            scale: 1.0,
            steps: 0,
        }
    }

    /// Settings.
    pub fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    /// Multiplies the step size by a factor from now on, which a [`Schedule`] gives.
    pub fn scale_learning_rate(&mut self, factor: f64) {
        self.scale = factor;
    }

    /// Number of updates so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Goes on after `steps` updates; the state tensors are restored through [`state_mut`].
    ///
    /// [`state_mut`]: Optimizer::state_mut
    pub fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// State tensors of one parameter with their names.
    pub fn state(&self, id: ParamId) -> impl Iterator<Item = (&'static str, &Tensor<T>)> {
        self.config.slots().iter().copied().zip(&self.slots[id.index()])
    }

    /// State tensors of one parameter with their names, to be restored.
    pub fn state_mut(&mut self, id: ParamId) -> impl Iterator<Item = (&'static str, &mut Tensor<T>)> {
        self.config
            .slots()
            .iter()
            .copied()
            .zip(&mut self.slots[id.index()])
    }

    /// One update of every parameter that has a gradient.
    pub fn step(&mut self, store: &mut ParamStore<T>, gradients: &ParamGradients<T>) {
        self.steps += 1;
        let ids: Vec<ParamId> = store.iter().map(|(id, _)| id).collect();
        for (id, gradient) in ids.into_iter().zip(gradients.by_index()) {
            if let Some(gradient) = gradient {
                self.update(id, store.get_mut(id), gradient);
            }
        }
    }

    fn update(&mut self, id: ParamId, parameter: &mut Tensor<T>, gradient: &Tensor<T>) {
        let device = gradient.device().clone();
        let backend = device.backend();
        let mut slots = self.slots[id.index()].iter_mut().map(Tensor::view_mut);
        let mut next = |wanted: bool| if wanted { slots.next() } else { None };
        let (gradient, parameter) = (gradient.view(), parameter.view_mut());
        let rule = self.config.scaled(self.scale);
        match rule {
            OptimizerConfig::Sgd {
                learning_rate,
                momentum,
            } => {
                let rule = Sgd {
                    learning_rate: T::of(learning_rate),
                    momentum: T::of(momentum),
                };
                backend.sgd(rule, gradient, parameter, next(momentum != 0.0));
            }
            OptimizerConfig::RmsProp {
                learning_rate,
                decay,
                epsilon,
                momentum,
                centred,
                denominator,
            } => {
                let rule = RmsProp {
                    learning_rate: T::of(learning_rate),
                    decay: T::of(decay),
                    epsilon: T::of(epsilon),
                    momentum: T::of(momentum),
                    denominator: denominator.into(),
                };
                let state = RmsPropState {
                    mean_square: next(true).expect("a mean square"),
                    velocity: next(momentum != 0.0),
                    mean_gradient: next(centred),
                };
                backend.rmsprop(rule, gradient, parameter, state);
            }
            OptimizerConfig::Adam { .. } | OptimizerConfig::AdamW { .. } => {
                let rule = rule.adam(self.steps).expect("one of Adam's kind");
                let state = AdamState {
                    mean: next(true).expect("a mean"),
                    mean_square: next(true).expect("a mean square"),
                };
                backend.adam(rule, gradient, parameter, state);
            }
        }
    }
}

impl OptimizerConfig {
    /// Adam's rule for update number `step`, for Adam and AdamW.
    fn adam<T: Real>(&self, step: u64) -> Option<Adam<T>> {
        let (learning_rate, beta1, beta2, epsilon, weight_decay) = match *self {
            Self::Adam {
                learning_rate,
                beta1,
                beta2,
                epsilon,
            } => (learning_rate, beta1, beta2, epsilon, 0.0),
            Self::AdamW {
                learning_rate,
                beta1,
                beta2,
                epsilon,
                weight_decay,
            } => (learning_rate, beta1, beta2, epsilon, weight_decay),
            _ => return None,
        };
        Some(Adam {
            learning_rate: T::of(learning_rate),
            beta1: T::of(beta1),
            beta2: T::of(beta2),
            epsilon: T::of(epsilon),
            weight_decay: T::of(weight_decay),
            step,
        })
    }
}
