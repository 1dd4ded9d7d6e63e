//! The model of a sequence classification task.

use autodiff::Var;
use kernels::Real;
use nn::context::Context;
use nn::init::Initializer;
use nn::linear::Linear;
use nn::lstm::Lstm;
use nn::params::Scope;

use crate::config::ModelConfig;
use crate::task::Sizes;

/// An LSTM, and a linear map of its last hidden state to the logits of the classes.
#[derive(Debug)]
pub struct Classifier<T: Real> {
    lstm: Lstm<T>,
    head: Linear,
}

impl<T: Real> Classifier<T> {
    /// Makes the parameters.
    ///
    /// # Panics
    /// If there is no layer for something that the configuration names; its check says so.
    #[track_caller]
    pub fn new(scope: &mut Scope<'_, T>, config: &ModelConfig, sizes: Sizes) -> Self {
        let mut lstm = scope.within("lstm");
        let sites = config
            .normalization
            .build(&mut lstm, config.hidden_size, sizes.steps)
            .unwrap_or_else(|error| panic!("{error}"));
        let lstm = Lstm::new(&mut lstm, &config.lstm(sizes), sites);
        let init = Initializer::Orthogonal { gain: 1.0 };
        let head = Linear::new(
            &mut scope.within("head"),
            config.hidden_size,
            sizes.classes,
            &init,
        );
        Self { lstm, head }
    }

    /// Logits `[B, C]` for inputs `x [T, B, D]`.
    pub fn logits<'t>(&self, context: &mut Context<'t, '_, T>, x: Var<'t, T>) -> Var<'t, T> {
        let states = self.lstm.forward(context, x);
        self.head.forward(context, states.last)
    }
}
