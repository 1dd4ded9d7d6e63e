//! The model of a sequence classification task.

use std::sync::Arc;

use autodiff::Var;
use kernels::{Indices, Real};
use nn::cell::{GATE_G, GATE_N, Gru, GruConfig, Layer, Lstm, LstmConfig, Rnn, RnnConfig};
use nn::context::Context;
use nn::init::{Gates, Initializer};
use nn::linear::Linear;
use nn::params::Scope;
use nn::regularization::norm_stabilizer;

use crate::cell::Cell;
use crate::config::{ModelConfig, RecurrentInit};
use crate::task::Sizes;

/// Recurrent layers, and a linear map of their last hidden state to the logits of the classes.
#[derive(Debug)]
pub struct Classifier<T: Real> {
    layers: Layer<T>,
    head: Linear,
    /// Factor of the norm stabilizer.
    stabilizer: Option<f64>,
}

impl<T: Real> Classifier<T> {
    /// Makes the parameters of a model with the given recurrent layers.
    pub fn new(scope: &mut Scope<'_, T>, layers: Layer<T>, config: &ModelConfig, sizes: Sizes) -> Self {
        let init = Initializer::Orthogonal { gain: 1.0 };
        let head = Linear::new(
            &mut scope.within("head"),
            layers.output_size(),
            sizes.classes,
            &init,
        );
        let stabilizer = config.regularization.norm_stabilizer;
        Self {
            layers,
            head,
            stabilizer: stabilizer.map(|stabilizer| stabilizer.beta),
        }
    }

    /// Logits `[B, C]` for inputs `x [T, B, D]`.
    pub fn logits<'t>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        let states = self.layers.forward(context, &x.into());
        self.head.forward(context, states.last)
    }

    /// The mean cross-entropy in nats, `[1]`, and what training adds to it, if anything.
    pub fn loss<'t>(
        &self,
        context: &mut Context<'t, '_, T>,
        x: Var<'t, T>,
        targets: &Arc<Indices>,
    ) -> (Var<'t, T>, Option<Var<'t, T>>) {
        let states = self.layers.forward(context, &x.into());
        let loss = self.head.forward(context, states.last).cross_entropy(targets);
        let penalty = self.stabilizer.map(|beta| norm_stabilizer(states.h, None, beta));
        (loss, penalty)
    }
}

impl ModelConfig {
    /// The recurrent layers for a task of the given sizes. The parameters of a single cell are below
    /// its name, `lstm/w_h`; those of several below `lstm/0/forward` and so on.
    pub fn layers<T: Real>(&self, scope: &mut Scope<'_, T>, sizes: Sizes) -> Layer<T> {
        let name = self.normalization.cell().name();
        let mut input_size = sizes.input_size;
        if self.layers == 1 && !self.bidirectional {
            return self.cell(&mut scope.within(name), input_size, sizes.steps);
        }
        let mut stack = Vec::with_capacity(self.layers);
        for number in 0..self.layers {
            let mut scope = scope.within(&format!("{name}/{number}"));
            let mut cell = |direction: &str| self.cell(&mut scope.within(direction), input_size, sizes.steps);
            let forward = cell("forward");
            let layer = match self.bidirectional {
                true => Layer::bidirectional(forward, cell("backward")),
                false => forward,
            };
            input_size = layer.output_size();
            stack.push(layer);
        }
        Layer::stack(stack)
    }

    /// One cell that reads inputs of `input_size` elements, in sequences of `steps` steps.
    pub fn cell<T: Real>(&self, scope: &mut Scope<'_, T>, input_size: usize, steps: usize) -> Layer<T> {
        let hidden_size = self.hidden_size;
        let sites = self
            .normalization
            .build(scope, hidden_size, steps, self.forget_bias);
        let initial_noise = self.initial_noise;
        let regularization = self.regularization.of_cells();
        match self.normalization.cell() {
            Cell::Rnn => {
                let config = RnnConfig {
                    recurrent_weight: self.recurrent_matrix(),
                    initial_noise,
                    regularization,
                    ..RnnConfig::new(input_size, hidden_size)
                };
                Layer::cell(Rnn::new(scope, &config, sites))
            }
            Cell::Lstm => Layer::cell(Lstm::new(scope, &self.lstm(input_size), sites)),
            Cell::Gru => {
                let config = GruConfig {
                    recurrent_weight: self.recurrent_gates(3, GATE_N),
                    initial_noise,
                    regularization,
                    ..GruConfig::new(input_size, hidden_size)
                };
                Layer::cell(Gru::new(scope, &config, sites))
            }
        }
    }

    /// The settings of an LSTM that reads inputs of `input_size` elements.
    pub fn lstm(&self, input_size: usize) -> LstmConfig {
        LstmConfig {
            recurrent_weight: self.recurrent_gates(4, GATE_G),
            forget_bias: self.forget_bias,
            initial_noise: self.initial_noise,
            regularization: self.regularization.of_cells(),
            ..LstmConfig::new(input_size, self.hidden_size)
        }
    }

    fn recurrent_gates(&self, gates: usize, candidate: usize) -> Gates {
        match self.recurrent_init {
            RecurrentInit::IdentityG => Gates::orthogonal_but_identity(gates, candidate),
            RecurrentInit::Orthogonal => Gates::alike(gates, Initializer::Orthogonal { gain: 1.0 }),
        }
    }

    fn recurrent_matrix(&self) -> Initializer {
        match self.recurrent_init {
            RecurrentInit::IdentityG => Initializer::Identity,
            RecurrentInit::Orthogonal => Initializer::Orthogonal { gain: 1.0 },
        }
    }
}
