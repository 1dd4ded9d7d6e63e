//! The model of a task.

mod layers;
mod on_device;

use autodiff::Var;
use kernels::Real;
use nn::cell::{Layer, Sequence, States};
use nn::context::Context;
use nn::init::Initializer;
use nn::linear::Linear;
use nn::params::Scope;
use nn::regularization::norm_stabilizer;

use crate::config::ModelConfig;
use crate::task::{Head, Interface};

pub use on_device::OnDevice;
use on_device::OnDeviceTargets;

/// Recurrent layers, and a linear map of their hidden states to answers.
#[derive(Debug)]
pub struct Model<T: Real> {
    layers: Layer<T>,
    map: Linear,
    head: Head,
    /// Factor of the norm stabilizer.
    stabilizer: Option<f64>,
}

/// What a model says about a batch.
#[derive(Clone, Debug)]
pub struct Answers<'t, T: Real> {
    /// `[N, C]`, logits of the classes or a number for each answer, in the order of the targets.
    pub outputs: Var<'t, T>,
    /// The states of the recurrent layers.
    pub states: States<'t, T>,
}

impl<T: Real> Model<T> {
    /// Makes the parameters of a model with the given recurrent layers.
    pub fn new(
        scope: &mut Scope<'_, T>,
        layers: Layer<T>,
        config: &ModelConfig,
        interface: Interface,
    ) -> Self {
        let init = Initializer::Orthogonal { gain: 1.0 };
        let head = interface.head;
        let mut scope = scope.within("head");
        let map = Linear::new(&mut scope, layers.output_size(), head.size(), &init);
        let stabilizer = config.regularization.norm_stabilizer;
        Self {
            layers,
            map,
            head,
            stabilizer: stabilizer.map(|stabilizer| stabilizer.beta),
        }
    }

    /// What it answers to the sequences of a batch.
    pub fn forward<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        sequence: &Sequence<'t, T>,
    ) -> Answers<'t, T> {
        let states = self.layers.forward(context, sequence);
        let read = match self.head {
            Head::Class(_) | Head::Number => states.last,
            Head::Symbols { from, .. } => {
                let answered = states.h.slice(0, from..sequence.steps());
                let [steps, batch] = [0, 1].map(|axis| answered.shape().extent(axis));
                answered.reshape([steps * batch, answered.shape().last()])
            }
        };
        Answers {
            outputs: self.map.forward(context, read),
            states,
        }
    }

    /// The mean loss of the answers, `[1]`: cross-entropy in nats, or squared error.
    pub fn loss<'t>(&self, answers: &Answers<'t, T>, batch: &OnDevice<T>) -> Var<'t, T> {
        let outputs = answers.outputs;
        match batch.targets() {
            OnDeviceTargets::Classes(classes) => outputs.cross_entropy(classes),
            OnDeviceTargets::Numbers(numbers) => {
                let targets = outputs.tape().constant(numbers.clone());
                outputs.sub(targets).square().mean()
            }
        }
    }

    /// What training adds to the loss, `[1]`, if anything.
    pub fn penalty<'t>(&self, answers: &Answers<'t, T>) -> Option<Var<'t, T>> {
        self.stabilizer
            .map(|beta| norm_stabilizer(answers.states.h, None, beta))
    }
}
