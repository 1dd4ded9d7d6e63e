//! From the text of a normalization to the layer.

use kernels::Real;
use nn::cell;
use nn::norm::{BatchNorm, BatchNormConfig, LayerNorm, LayerNormConfig, Normalizer, StepRows};
use nn::params::Scope;

use super::{Normalization, Sites, Stats};

impl Sites {
    /// The normalizers of an LSTM with `hidden_size` units for sequences of `steps` steps.
    ///
    /// The terms that go into the gates have no `β` of their own: the LSTM's bias serves both
    /// (Cooijmans et al. 2016, section 3).
    pub fn build<T: Real>(
        &self,
        scope: &mut Scope<'_, T>,
        hidden_size: usize,
        steps: usize,
    ) -> cell::Sites<T> {
        let mut site = |name: &str, normalization: &Normalization, features: usize, beta: bool| {
            normalization.build(&mut scope.within(name), features, beta, steps)
        };
        cell::Sites {
            h: site("norm_h", &self.h, 4 * hidden_size, false),
            x: site("norm_x", &self.x, 4 * hidden_size, false),
            c: site("norm_c", &self.c, hidden_size, true),
            ..cell::Sites::default()
        }
    }

    /// Whether some site normalizes over the batch, so that there are statistics to estimate.
    pub fn has_statistics(&self) -> bool {
        let all = [&self.h, &self.x, &self.c];
        all.into_iter()
            .any(|site| matches!(site, Normalization::Batch(_)))
    }
}

impl Normalization {
    fn build<T: Real>(
        &self,
        scope: &mut Scope<'_, T>,
        features: usize,
        beta: bool,
        steps: usize,
    ) -> Option<Box<dyn Normalizer<T>>> {
        match self {
            Normalization::None => None,
            Normalization::Batch(options) => {
                let config = BatchNormConfig {
                    gamma: options.gamma,
                    beta,
                    epsilon: options.eps,
                    momentum: options.momentum,
                    steps: match options.stats {
                        Stats::PerStep => StepRows::PerStep(steps),
                        Stats::Shared => StepRows::Shared,
                    },
                    ..BatchNormConfig::default()
                };
                Some(Box::new(BatchNorm::new(scope, features, config)))
            }
            Normalization::Layer(options) => {
                let config = LayerNormConfig {
                    gamma: options.gamma,
                    beta,
                    epsilon: options.eps,
                };
                Some(Box::new(LayerNorm::new(scope, features, config)))
            }
        }
    }
}
