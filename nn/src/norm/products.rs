//! Products as a site normalizes them, for the tests of normalizers of products.

use autodiff::{Device, Tape};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use super::{Memory, Normalizer, Step};
use crate::context::{Context, Mode};
use crate::params::{ParamStore, Scope};

/// One vector and a weight `[D, F]`, row by row.
#[derive(Clone, Copy)]
pub(super) struct Product<'a> {
    pub v: &'a [f64],
    pub weight: &'a [f64],
    pub features: usize,
}

/// `N(v W)` with a normalizer made for its columns.
pub(super) fn product<N: Normalizer<f64>>(
    make: &impl Fn(&mut Scope<'_, f64>, usize) -> N,
    of: Product<'_>,
) -> Vec<f64> {
    let device = Device::<f64>::reference();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut store = ParamStore::new(&device);
    let norm = make(&mut Scope::new(&mut store, &mut rng), of.features);
    let tape = Tape::inference(&device);
    let mut context = Context::new(&tape, &mut store, Mode::Train, &mut rng);
    let (rows, columns) = (of.v.len(), of.features);
    let v = norm.operand(&mut context, tape.constant(device.tensor([1, rows], of.v)));
    let weight = tape.constant(device.tensor([rows, columns], of.weight));
    let x = v.matmul(norm.weight(&mut context, weight));
    let y = norm.step(&mut context, x, Step::new(0, 1), &mut Memory::default());
    y.value().to_vec()
}
