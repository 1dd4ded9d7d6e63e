//! What the tests of normalizers share.

use autodiff::{Device, Tensor, values};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use super::Normalizer;
use crate::cell::{Gru, GruConfig, Layer, Lstm, LstmConfig, Rnn, RnnConfig, Site, Sites};
use crate::check::LayerCheck;
use crate::params::{ParamStore, Scope};

/// `H`, so that 2 groups divide it.
const HIDDEN: usize = 4;

/// A normalizer, its store and a generator.
pub struct Fixture<N> {
    pub store: ParamStore<f64>,
    pub norm: N,
    pub rng: ChaCha8Rng,
}

impl<N> Fixture<N> {
    pub fn new(device: &Device<f64>, make: impl FnOnce(&mut Scope<'_, f64>) -> N) -> Self {
        let mut store = ParamStore::new(device);
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let norm = make(&mut Scope::new(&mut store, &mut rng).within("norm"));
        Self { store, norm, rng }
    }

    /// Gives a tensor its elements.
    pub fn set(&mut self, name: &str, values: &[f64]) {
        let id = self.store.find(&format!("norm/{name}")).expect("a tensor");
        let shape = self.store.get(id).shape();
        *self.store.get_mut(id) = self.store.device().tensor(shape, values);
    }

    /// The elements of a tensor.
    pub fn get(&self, name: &str) -> Vec<f64> {
        let id = self.store.find(&format!("norm/{name}")).expect("a tensor");
        self.store.get(id).to_vec()
    }
}

/// Reproducible numbers between −1 and 1.
pub fn random<const N: usize>(device: &Device<f64>, shape: &[usize; N], seed: u64) -> Tensor<f64> {
    device.tensor(*shape, &values(seed, shape.iter().product()))
}

#[track_caller]
pub fn assert_close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let error = (got - want).abs();
        assert!(
            error <= tolerance,
            "element {i}: {got}, not {want}: off by {error:e}"
        );
    }
}

/// Checks the gradients of every cell with a normalizer, which `make` makes for a number of features,
/// at every single one of its sites.
#[track_caller]
pub fn check_every_site(
    check: &LayerCheck,
    make: impl Fn(&mut Scope<'_, f64>, usize) -> Box<dyn Normalizer<f64>>,
) {
    let d = check.input_size;
    check_sites(check, 1, &Rnn::<f64>::SITES, &make, |scope, sites| {
        Layer::cell(Rnn::new(scope, &RnnConfig::new(d, HIDDEN), sites))
    });
    check_sites(check, 4, &Lstm::<f64>::SITES, &make, |scope, sites| {
        Layer::cell(Lstm::new(scope, &LstmConfig::new(d, HIDDEN), sites))
    });
    check_sites(check, 3, &Gru::<f64>::SITES, &make, |scope, sites| {
        Layer::cell(Gru::new(scope, &GruConfig::new(d, HIDDEN), sites))
    });
}

#[track_caller]
fn check_sites(
    check: &LayerCheck,
    gates: usize,
    sites: &[Site],
    make: &impl Fn(&mut Scope<'_, f64>, usize) -> Box<dyn Normalizer<f64>>,
    cell: impl Fn(&mut Scope<'_, f64>, Sites<f64>) -> Layer<f64>,
) {
    for &site in sites {
        let gates = if [Site::H, Site::X, Site::Sum].contains(&site) {
            gates
        } else {
            1
        };
        let comparisons = check.run(&Device::reference(), |scope| {
            let mut of_cell = Sites::default();
            let normalizer = make(&mut scope.within("norm"), gates * HIDDEN);
            of_cell.set(site, Some(normalizer));
            cell(scope, of_cell)
        });
        let gamma = comparisons.iter().find(|(path, _)| path == "norm/gamma");
        let (_, gamma) = gamma.expect("a gamma");
        // It matters, or the comparison would be of nothing with nothing.
        assert!(gamma.numeric_rms > 1e-3, "{}: {gamma}", site.name());
    }
}
