//! Batch and layer normalization, forward and backward, at the sizes of recurrent terms. An element
//! of the throughput is an element of what is normalized.

mod common;

use autodiff::{Device, Tensor};
use benches::DeviceName;
use benches::noise::noise;
use criterion::{BenchmarkId, Criterion, Throughput};
use kernels::backend::{BatchNorm, NormGradients, RowNorm, RowNormOutput, RowNormSaved};
use kernels::{Columns, RowMoments, Rows};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

const EPSILON: f32 = 1e-5;

/// `B` and `F`: the gates of 100 units, and of 1000.
const SIZES: [[usize; 2]; 2] = [[100, 400], [64, 4000]];

/// Operands and results of both normalizations.
struct Operands {
    device: Device<f32>,
    batch: usize,
    features: usize,
    /// `[B, F]`
    x: Tensor<f32>,
    /// `[B, F]`
    y: Tensor<f32>,
    /// `[B, F]`
    dy: Tensor<f32>,
    /// `[B, F]`
    dx: Tensor<f32>,
    /// `[F]`
    gamma: Tensor<f32>,
    /// `[F]`
    beta: Tensor<f32>,
    /// `[F]`
    d_gamma: Tensor<f32>,
    /// `[F]`
    d_beta: Tensor<f32>,
    /// Mean, and variance or inverse deviation: `[F]` of a batch's columns, `[B]` of rows.
    columns: [Tensor<f32>; 2],
    rows: [Tensor<f32>; 2],
}

impl Operands {
    fn new(device: Device<f32>, [batch, features]: [usize; 2]) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut matrix = || device.tensor([batch, features], &noise(batch * features, &mut rng));
        let (x, dy) = (matrix(), matrix());
        let zeros = |len: usize| device.zeros([len]);
        Self {
            batch,
            features,
            y: device.zeros(x.shape()),
            dx: device.zeros(x.shape()),
            x,
            dy,
            gamma: device.full([features], 0.1),
            beta: zeros(features),
            d_gamma: zeros(features),
            d_beta: zeros(features),
            columns: [zeros(features), zeros(features)],
            rows: [zeros(batch), zeros(batch)],
            device,
        }
    }

    fn columns(&self) -> Columns {
        Columns {
            groups: 1,
            batch: self.batch,
            features: self.features,
        }
    }

    fn rows(&self) -> Rows {
        Rows {
            rows: self.batch,
            columns: self.features,
        }
    }

    /// Moments, and the normalization with them.
    fn batch_forward(&mut self) {
        let (dims, device) = (self.columns(), self.device.backend());
        let [mean, var] = &mut self.columns;
        device.moments(dims, self.x.view(), mean.view_mut(), var.view_mut());
        let input = BatchNorm {
            x: self.x.view(),
            mean: mean.view(),
            var: var.view(),
            gamma: self.gamma.view(),
            beta: Some(self.beta.view()),
        };
        device.batch_norm(dims, EPSILON, input, self.y.view_mut());
    }

    fn batch_backward(&mut self) {
        let dims = self.columns();
        let [mean, var] = &self.columns;
        let input = BatchNorm {
            x: self.x.view(),
            mean: mean.view(),
            var: var.view(),
            gamma: self.gamma.view(),
            beta: Some(self.beta.view()),
        };
        let gradients = NormGradients {
            dx: self.dx.view_mut(),
            d_gamma: self.d_gamma.view_mut(),
            d_beta: Some(self.d_beta.view_mut()),
        };
        let device = self.device.backend();
        device.batch_norm_backward(dims, EPSILON, input, self.dy.view(), gradients);
    }

    fn layer_forward(&mut self) {
        let dims = self.rows();
        let input = RowNorm {
            x: self.x.view(),
            gamma: self.gamma.view(),
            beta: Some(self.beta.view()),
        };
        let [mean, inverse_deviation] = &mut self.rows;
        let output = RowNormOutput {
            y: self.y.view_mut(),
            mean: mean.view_mut(),
            inverse_deviation: inverse_deviation.view_mut(),
        };
        self.device
            .backend()
            .row_norm(dims, RowMoments::LAYER, EPSILON, input, output);
    }

    fn layer_backward(&mut self) {
        let dims = self.rows();
        let [mean, inverse_deviation] = &self.rows;
        let saved = RowNormSaved {
            x: self.x.view(),
            mean: mean.view(),
            inverse_deviation: inverse_deviation.view(),
            gamma: self.gamma.view(),
        };
        let gradients = NormGradients {
            dx: self.dx.view_mut(),
            d_gamma: self.d_gamma.view_mut(),
            d_beta: Some(self.d_beta.view_mut()),
        };
        let device = self.device.backend();
        device.row_norm_backward(dims, RowMoments::LAYER, saved, self.dy.view(), gradients);
    }
}

/// One pass of one normalization.
type Pass = (&'static str, fn(&mut Operands));

/// A backward pass needs the moments that its forward pass leaves.
const PASSES: [Pass; 4] = [
    ("batch-forward", Operands::batch_forward),
    ("batch-backward", Operands::batch_backward),
    ("layer-forward", Operands::layer_forward),
    ("layer-backward", Operands::layer_backward),
];

fn measure(criterion: &mut Criterion, size @ [batch, features]: [usize; 2]) {
    let mut group = criterion.benchmark_group(format!("norm-{batch}x{features}"));
    group.throughput(Throughput::Elements((batch * features) as u64));
    for name in DeviceName::ALL {
        let mut operands = Operands::new(name.device(), size);
        // A filter may leave out the passes that the others follow on.
        operands.batch_forward();
        operands.layer_forward();
        for (pass, run) in PASSES {
            let id = BenchmarkId::new(pass, name);
            group.bench_function(id, |bencher| bencher.iter(|| run(&mut operands)));
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = common::criterion();
    for size in SIZES {
        measure(&mut criterion, size);
    }
    criterion.final_summary();
}
