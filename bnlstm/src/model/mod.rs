//! The model of a task.

mod layers;
mod on_device;
mod reader;

use autodiff::Var;
use kernels::Real;
use nn::cell::{Layer, States};
use nn::context::Context;
use nn::init::Initializer;
use nn::linear::Linear;
use nn::params::Scope;
use nn::regularization::norm_stabilizer;

use crate::config::ModelConfig;
use crate::task::{Head, Interface};

use on_device::OnDeviceTargets;
pub use on_device::{OnDevice, Shown};
pub use reader::Reader;

/// What reads, and a linear map from what it says to answers.
#[derive(Debug)]
pub struct Model<T: Real> {
    body: Body<T>,
    map: Linear,
    head: Head,
    /// Factor of the norm stabilizer.
    stabilizer: Option<f64>,
}

/// What reads.
#[derive(Debug)]
enum Body<T: Real> {
    /// Recurrent layers over a sequence.
    Layers(Layer<T>),
    /// A story and a question.
    Reader(Box<Reader<T>>),
}

/// What a model says about a batch.
#[derive(Clone, Debug)]
pub struct Answers<'t, T: Real> {
    /// `[N, C]`, logits of the classes or a number for each answer, in the order of the targets.
    pub outputs: Var<'t, T>,
    /// The states of the recurrent layers over the sequence.
    pub states: States<'t, T>,
}

impl<T: Real> Model<T> {
    /// Makes the parameters of the model that the configuration names.
    ///
    /// # Panics
    /// If the task asks questions and the configuration has no reader.
    #[track_caller]
    pub fn new(scope: &mut Scope<'_, T>, config: &ModelConfig, interface: Interface) -> Self {
        let body = match interface.head {
            Head::Entity { question_steps, .. } => {
                let reader = config.reader.expect("a model for questions has a reader");
                let reader = Reader::new(scope, config, &reader, interface, question_steps);
                Body::Reader(Box::new(reader))
            }
            _ => Body::Layers(config.layers(scope, interface)),
        };
        Self::of_body(scope, body, config, interface)
    }

    /// The same with recurrent layers of one's own.
    pub fn with_layers(
        scope: &mut Scope<'_, T>,
        layers: Layer<T>,
        config: &ModelConfig,
        interface: Interface,
    ) -> Self {
        Self::of_body(scope, Body::Layers(layers), config, interface)
    }

    fn of_body(scope: &mut Scope<'_, T>, body: Body<T>, config: &ModelConfig, interface: Interface) -> Self {
        let init = Initializer::Orthogonal { gain: 1.0 };
        let head = interface.head;
        let size = match &body {
            Body::Layers(layers) => layers.output_size(),
            Body::Reader(reader) => reader.output_size(),
        };
        let stabilizer = config.regularization.norm_stabilizer;
        Self {
            body,
            map: Linear::new(&mut scope.within("head"), size, head.size(), &init),
            head,
            stabilizer: stabilizer.map(|stabilizer| stabilizer.beta),
        }
    }

    /// Elements of the hidden states over the sequence, `H`; of both directions together.
    pub fn state_size(&self) -> usize {
        match &self.body {
            Body::Layers(layers) => layers.output_size(),
            Body::Reader(reader) => reader.output_size(),
        }
    }

    /// What it answers to a batch.
    ///
    /// # Panics
    /// If it is to answer questions, and none is asked.
    #[track_caller]
    pub fn forward<'t>(&self, context: &mut Context<'t, '_, T>, shown: &Shown<'t, T>) -> Answers<'t, T> {
        let sequence = &shown.sequence;
        let (said, states) = match &self.body {
            Body::Layers(layers) => {
                let states = layers.forward(context, sequence);
                (self.answering(&states), states)
            }
            Body::Reader(reader) => {
                let question = shown.question.as_ref().expect("model: no question to answer");
                reader.forward(context, sequence, question)
            }
        };
        Answers {
            outputs: self.map.forward(context, said),
            states,
        }
    }

    /// The hidden states that answers are read from, `[N, H]`.
    fn answering<'t>(&self, states: &States<'t, T>) -> Var<'t, T> {
        let Head::Symbols { from, .. } = self.head else {
            return states.last;
        };
        let steps = states.h.shape().extent(0);
        let answered = states.h.slice(0, from..steps);
        let shape = answered.shape();
        answered.reshape([shape.extent(0) * shape.extent(1), shape.last()])
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
    pub fn penalty<'t>(&self, answers: &Answers<'t, T>, shown: &Shown<'t, T>) -> Option<Var<'t, T>> {
        let lengths = shown.sequence.lengths();
        self.stabilizer
            .map(|beta| norm_stabilizer(answers.states.h, lengths, beta))
    }
}
