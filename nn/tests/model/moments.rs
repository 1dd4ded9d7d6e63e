//! A single normalization over the batch, and its moments by hand.

use autodiff::{Device, Tape, Tensor, Var};
use nn::context::{Context, Mode};
use nn::norm::{BatchNorm, BatchNormConfig, Memory, Normalizer, RenormConfig, Step, StepRows};
use nn::params::{ParamStore, Scope};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

/// Sizes of three batches.
pub const BATCH_SIZES: [usize; 3] = [5, 3, 9];
pub const EPSILON: f64 = 1e-3;

/// How a sequence is given.
#[derive(Clone, Copy, Debug)]
pub enum Feed {
    /// All steps at once.
    Sequence,
    /// One after another.
    Steps,
}

pub struct Layer {
    pub store: ParamStore<f64>,
    pub rng: ChaCha8Rng,
    pub norm: BatchNorm,
    pub features: usize,
}

impl Layer {
    /// A layer at `site` with statistics for `rows`.
    pub fn new(device: &Device<f64>, rows: StepRows, momentum: f64) -> Self {
        Self::with_renorm(device, rows, momentum, None)
    }

    /// The same, perhaps with a correction.
    pub fn with_renorm(
        device: &Device<f64>,
        rows: StepRows,
        momentum: f64,
        renorm: Option<RenormConfig>,
    ) -> Self {
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let features = 3;
        let config = BatchNormConfig {
            epsilon: EPSILON,
            momentum,
            steps: rows,
            renorm,
            ..BatchNormConfig::default()
        };
        let norm = BatchNorm::new(
            &mut Scope::new(&mut store, &mut rng).within("site"),
            features,
            config,
        );
        Self {
            store,
            rng,
            norm,
            features,
        }
    }

    /// Normalizes `x [T, B, F]`.
    #[track_caller]
    pub fn pass(&mut self, mode: Mode, feed: Feed, x: &Tensor<f64>) -> Tensor<f64> {
        let tape = Tape::inference(x.device());
        let mut context = Context::new(&tape, &mut self.store, mode, &mut self.rng);
        let x = tape.constant(x.clone());
        let y = match feed {
            Feed::Sequence => self.norm.sequence(&mut context, x, 0, None),
            Feed::Steps => {
                let of = x.shape().extent(0);
                let mut memory = Memory::default();
                let steps = x.unbind().into_iter().enumerate();
                let y = steps.map(|(t, x)| self.norm.step(&mut context, x, Step::new(t, of), &mut memory));
                Var::stack(&y.collect::<Vec<_>>())
            }
        };
        y.value()
    }

    /// Values of a statistic, or of another tensor of the layer.
    pub fn statistic(&self, name: &str) -> Vec<f64> {
        let id = self.store.find(&format!("site/{name}")).expect("a statistic");
        self.store.get(id).to_vec()
    }

    pub fn set(&mut self, name: &str, values: &[f64]) {
        let id = self.store.find(&format!("site/{name}")).expect("a statistic");
        let tensor = self.store.get_mut(id);
        *tensor = tensor.device().tensor(tensor.shape(), values);
    }
}

/// Mean and biased variance of each feature over the batch, at step `t` of `x [T, B, F]`.
pub fn moments(x: &Tensor<f64>, t: usize) -> (Vec<f64>, Vec<f64>) {
    let [_, batch, features] = *x.shape().dims() else {
        panic!("a sequence")
    };
    let step = x.row(t).to_vec();
    let column = |f: usize| step.iter().skip(f).step_by(features);
    let mean: Vec<f64> = (0..features)
        .map(|f| column(f).sum::<f64>() / batch as f64)
        .collect();
    let var = |f: usize| column(f).map(|x| (x - mean[f]).powi(2)).sum::<f64>() / batch as f64;
    let var = (0..features).map(var).collect();
    (mean, var)
}
