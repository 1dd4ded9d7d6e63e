//! What a model is: its equations, what it keeps, and what training it costs.

mod cost;
mod equations;
mod measure;
mod notation;
mod print;
mod tensors;
#[cfg(test)]
mod tests;

use nn::params::Role;
use serde::Serialize;

use crate::config::{ModelConfig, ValueError, from_one_to};
use crate::device::DeviceChoice;
use crate::normalization::Sites;
use crate::task::{Head, Input, Interface};

pub use cost::Cost;
pub use measure::Measured;
pub use notation::Definition;
pub use tensors::{TensorEntry, Tensors};

use notation::Notation;

/// What a model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// `D`, elements of an input.
    pub input_size: usize,
    /// `T`, time steps.
    pub steps: usize,
    /// `B`, examples of a batch.
    pub batch: usize,
}

/// More of anything is not meant.
const MOST: usize = 1 << 16;

/// More inputs than this do not fit in memory: 1 GiB.
const MOST_INPUTS: usize = 1 << 28;

/// Classes of the model whose training is measured: as many as there are digits.
const CLASSES: usize = 10;

impl From<Sizes> for Interface {
    fn from(sizes: Sizes) -> Self {
        Self {
            input: Input::Numbers(sizes.input_size),
            steps: sizes.steps,
            head: Head::Class(CLASSES),
        }
    }
}

impl Sizes {
    /// Looks for sizes that a model cannot be trained with.
    ///
    /// # Errors
    /// The first one, with what would fit.
    pub fn check(&self, model: &ModelConfig) -> Result<(), ValueError> {
        from_one_to("--input-size", self.input_size, MOST)?;
        from_one_to("--steps", self.steps, MOST)?;
        from_one_to("--batch", self.batch, MOST)?;
        let inputs = self.input_size * self.steps * self.batch;
        if inputs > MOST_INPUTS {
            let remedy = format!(
                "with {} steps of {} elements a batch has {inputs} values; give sizes with at most {MOST_INPUTS}",
                self.steps, self.input_size
            );
            return Err(ValueError::new("--batch", self.batch, remedy));
        }
        if self.batch == 1 && model.has_statistics() {
            let remedy = "a batch of one has no variance for batch normalization; give at least 2";
            return Err(ValueError::new("--batch", self.batch, remedy));
        }
        if self.steps == 1 && model.regularization.norm_stabilizer.is_some() {
            let remedy = "the norm stabilizer compares steps with each other; give at least 2";
            return Err(ValueError::new("--steps", self.steps, remedy));
        }
        Ok(())
    }
}

/// All that can be said of a model before it is trained.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// A short name.
    pub label: String,
    /// The cell.
    pub cell: &'static str,
    /// The normalizations, in full.
    pub normalization: String,
    /// The regularizers, in full.
    pub regularization: String,
    /// `H`, units of each cell.
    pub hidden_size: usize,
    /// Layers upon each other.
    pub layers: usize,
    /// Whether each layer reads in both directions.
    pub bidirectional: bool,
    /// What it reads.
    #[serde(flatten)]
    pub sizes: Sizes,
    /// What each cell computes at a time step.
    pub equations: Vec<String>,
    /// What the symbols in them mean.
    pub definitions: Vec<Definition>,
    /// What it learns by gradients.
    pub parameters: Tensors,
    /// Number of parameters of the same model without normalization.
    pub parameters_without: usize,
    /// What it learns besides.
    pub statistics: Tensors,
    /// What computes.
    pub device: &'static str,
    /// What a training step costs.
    pub cost: Cost,
    /// How long it takes, where it was measured.
    pub measured: Option<Measured>,
}

impl Description {
    /// Describes a model; `measure` is whether training steps are run to see how long they take.
    ///
    /// # Panics
    /// If configuration or sizes make no sense: [`ModelConfig::check`], [`Sizes::check`].
    pub fn new(model: &ModelConfig, sizes: Sizes, device: DeviceChoice, measure: bool) -> Self {
        let opened = device.open();
        let (layers, mut store) = tensors::build(model, sizes, &opened);
        let plain = ModelConfig {
            normalization: Sites::none(model.normalization.cell()),
            ..*model
        };
        let (_, plain_store) = tensors::build(&plain, sizes, &opened);
        let notation = Notation::new(model, sizes.steps);
        Self {
            label: model.normalization.label(),
            cell: model.normalization.cell().name(),
            normalization: model.normalization.to_string(),
            regularization: model.regularization.to_string(),
            hidden_size: model.hidden_size,
            layers: model.layers,
            bidirectional: model.bidirectional,
            sizes,
            equations: equations::equations(model, &notation),
            definitions: notation.definitions(),
            parameters: Tensors::of(&store, Role::Trainable),
            parameters_without: plain_store.count(Role::Trainable),
            statistics: Tensors::of(&store, Role::Statistic),
            device: device.kind.name(),
            cost: Cost::of(model, sizes, &layers, &mut store),
            measured: measure.then(|| Measured::of(model, sizes, &opened)),
        }
    }
}
