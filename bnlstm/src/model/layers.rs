//! The recurrent layers that a configuration names.

use kernels::Real;
use nn::cell::{GATE_G, GATE_N, Gru, GruConfig, Layer, Lstm, LstmConfig, Rnn, RnnConfig};
use nn::init::{Gates, Initializer};
use nn::params::Scope;

use crate::cell::Cell;
use crate::config::{ModelConfig, RecurrentInit};
use crate::task::Interface;

impl ModelConfig {
    /// The recurrent layers for a task. The parameters of a single cell are below
    /// its name, `lstm/w_h`; those of several below `lstm/0/forward` and so on.
    pub fn layers<T: Real>(&self, scope: &mut Scope<'_, T>, interface: Interface) -> Layer<T> {
        let name = self.normalization.cell().name();
        let Interface { input, steps, .. } = interface;
        let mut input_size = input.size();
        if self.layers == 1 && !self.bidirectional {
            return self.cell(&mut scope.within(name), input_size, steps);
        }
        let mut stack = Vec::with_capacity(self.layers);
        for number in 0..self.layers {
            let mut scope = scope.within(&format!("{name}/{number}"));
            let mut cell = |direction: &str| self.cell(&mut scope.within(direction), input_size, steps);
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
            RecurrentInit::Identity => Gates::alike(gates, Initializer::Identity),
            RecurrentInit::Orthogonal => Gates::alike(gates, Initializer::Orthogonal { gain: 1.0 }),
        }
    }

    fn recurrent_matrix(&self) -> Initializer {
        match self.recurrent_init {
            RecurrentInit::Identity | RecurrentInit::IdentityG => Initializer::Identity,
            RecurrentInit::Orthogonal => Initializer::Orthogonal { gain: 1.0 },
        }
    }
}
