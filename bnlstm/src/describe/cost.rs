//! What a training step costs.

use autodiff::{Device, Tape};
use nn::cell::{Layer, Sequence, Unfused};
use nn::context::{Context, Mode};
use nn::params::ParamStore;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde::Serialize;

use super::Sizes;
use crate::cell::Site;
use crate::config::ModelConfig;
use crate::normalization::Form;

/// What a training step of the recurrent layers costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Floating-point operations of the matrix products on the way forward: 2 for each element of a
    /// weight, example and time step.
    pub forward_operations: u128,
    /// The same on the way back: a product for the gradient of each weight, and one for that of each
    /// vector but the inputs.
    pub backward_operations: u128,
    /// Values that are normalized at each time step.
    pub normalized_values: u128,
    /// Elements of weights that are normalized once for all time steps.
    pub normalized_weights: u128,
    /// Whether all time steps of a layer are one operation of the device.
    pub fused: bool,
    /// Why not.
    pub unfused_because: Option<String>,
}

/// A cell of the model: how many elements it reads, and whether they have a gradient.
struct Place {
    input_size: usize,
    input_has_gradient: bool,
}

fn places(model: &ModelConfig, sizes: Sizes) -> Vec<Place> {
    let directions = if model.bidirectional { 2 } else { 1 };
    let of_layer = |layer: usize| Place {
        input_size: if layer == 0 {
            sizes.input_size
        } else {
            directions * model.hidden_size
        },
        input_has_gradient: layer > 0,
    };
    let layers = (0..model.layers).flat_map(|layer| (0..directions).map(move |_| layer));
    layers.map(of_layer).collect()
}

impl Cost {
    /// Counts, and asks the layers how they run.
    pub fn of(model: &ModelConfig, sizes: Sizes, layers: &Layer<f32>, store: &mut ParamStore<f32>) -> Self {
        let unfused = unfused(sizes, layers, store);
        let mut cost = Self {
            forward_operations: 0,
            backward_operations: 0,
            normalized_values: 0,
            normalized_weights: 0,
            fused: unfused.is_none(),
            unfused_because: unfused.map(|reason| explained(reason, model)),
        };
        for place in places(model, sizes) {
            cost.add_products(model, sizes, &place);
            cost.add_normalizations(model, sizes, &place);
        }
        cost
    }

    fn add_products(&mut self, model: &ModelConfig, sizes: Sizes, place: &Place) {
        let cell = model.normalization.cell();
        let product = |rows: usize| {
            let columns = cell.gates() * model.hidden_size;
            2 * count(&[sizes.steps, sizes.batch, rows, columns])
        };
        let (h, x) = (product(model.hidden_size), product(place.input_size));
        self.forward_operations += h + x;
        self.backward_operations += 2 * h + if place.input_has_gradient { 2 * x } else { x };
    }

    fn add_normalizations(&mut self, model: &ModelConfig, sizes: Sizes, place: &Place) {
        let sites = model.normalization;
        for (site, normalization) in sites.iter() {
            let own = sites.place(site, model.hidden_size, sizes.steps, model.forget_bias);
            let Some(formula) = normalization.formula(own) else {
                continue;
            };
            let operand = if site == Site::X {
                place.input_size
            } else {
                model.hidden_size
            };
            let weight = count(&[operand, own.features]);
            match formula.form {
                Form::Values => self.normalized_values += count(&[sizes.batch, own.features]),
                Form::Weight => self.normalized_weights += weight,
                Form::Factors => {
                    self.normalized_weights += weight;
                    self.normalized_values += count(&[sizes.batch, operand]);
                }
            }
        }
    }

    /// Operations in both directions.
    pub fn operations(&self) -> u128 {
        self.forward_operations + self.backward_operations
    }
}

/// A product of extents, which may be more than the machine could address.
fn count(extents: &[usize]) -> u128 {
    extents.iter().map(|&extent| extent as u128).product()
}

/// Why training goes step by step, if it does.
fn unfused(sizes: Sizes, layers: &Layer<f32>, store: &mut ParamStore<f32>) -> Option<Unfused> {
    let device: Device<f32> = store.device().clone();
    let tape = Tape::new(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut context = Context::new(&tape, store, Mode::Train, &mut rng);
    let x = device.zeros([sizes.steps, sizes.batch, sizes.input_size]);
    layers.unfused(&mut context, &Sequence::from(tape.constant(x)))
}

/// The reason, with what stands at its site.
fn explained(reason: Unfused, model: &ModelConfig) -> String {
    match reason {
        Unfused::Site(site) | Unfused::Normalizer(site) => {
            format!("{reason} ({site}={})", model.normalization.at(site))
        }
        Unfused::Regularization(_) => format!("{reason} ({})", model.regularization),
        Unfused::Cell | Unfused::Device | Unfused::Lengths => reason.to_string(),
    }
}
