//! What a model is.

use std::fmt;

use nn::context::Statistics;
use serde::{Deserialize, Serialize};

use super::ReaderConfig;
use crate::cell::Cell;
use crate::normalization::{Normalization, ParseError, Sites, Stats, Text};
use crate::regularization::Regularization;

/// How `W_h` is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum RecurrentInit {
    /// Identity in every gate's block: what the paper says of MNIST.
    Identity,
    /// Identity in the block of the candidate (g of an LSTM, n of a GRU, all of an RNN), orthogonal
    /// in the others: what the paper's code does for MNIST.
    IdentityG,
    /// Orthogonal in every gate's block.
    Orthogonal,
}

/// The model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WrittenModel", into = "WrittenModel")]
pub struct ModelConfig {
    /// The cell, and which normalization stands at which of its sites.
    pub normalization: Sites,
    /// What is dropped, held or penalized in training.
    pub regularization: Regularization,
    /// `H`, number of units of each cell.
    pub hidden_size: usize,
    /// How many layers stand upon each other.
    pub layers: usize,
    /// Whether each layer reads in both directions.
    pub bidirectional: bool,
    /// How `W_h` is drawn.
    pub recurrent_init: RecurrentInit,
    /// Where the bias of the forget gate starts.
    pub forget_bias: f64,
    /// Standard deviation of the noise that is added to `h_0`.
    pub initial_noise: f64,
    /// What it has besides for questions, and only for these.
    pub reader: Option<ReaderConfig>,
}

impl ModelConfig {
    /// Whether it normalizes over the batch somewhere, so that there are statistics to estimate.
    pub fn has_statistics(&self) -> bool {
        let attention = self.reader.is_some_and(|reader| reader.attention.is_over_batch());
        self.normalization.has_statistics() || attention
    }

    /// Whether a sequence may be read in parts, each of which goes on where the one before it has
    /// ended: not in both directions, nor with normalizations that look at several steps at once,
    /// which those of whole sequences do if their statistics are those of the batch at hand.
    pub fn goes_on(&self, statistics: Statistics) -> bool {
        let looks_around = |normalization| match normalization {
            Normalization::AssortedTime(_) => true,
            Normalization::Batch(options) => {
                options.stats == Stats::SequenceWise && statistics == Statistics::Batch
            }
            _ => false,
        };
        let mut sites = self.normalization.iter();
        !self.bidirectional && !sites.any(|(_, normalization)| looks_around(normalization))
    }
}

impl fmt::Display for ModelConfig {
    /// What the model is besides its normalization: `2 layers of 64 LSTM units in both directions;
    /// regularization: none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.layers == 1 { "" } else { "s" };
        let directions = if self.bidirectional {
            " in both directions"
        } else {
            ""
        };
        write!(
            f,
            "{} layer{plural} of {} {} units{directions}; regularization: {}",
            self.layers,
            self.hidden_size,
            self.normalization.cell().label(),
            self.regularization
        )?;
        match self.reader {
            None => Ok(()),
            Some(reader) => write!(
                f,
                "; words of {} elements, normalization of the attention: {}",
                reader.embedding_size, reader.attention
            ),
        }
    }
}

/// The model as a file has it: what the text of its normalization means depends on the cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenModel {
    #[serde(default)]
    cell: Cell,
    hidden_size: usize,
    #[serde(default = "one")]
    layers: usize,
    #[serde(default)]
    bidirectional: bool,
    normalization: Text,
    #[serde(default)]
    regularization: Regularization,
    recurrent_init: RecurrentInit,
    forget_bias: f64,
    initial_noise: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reader: Option<ReaderConfig>,
}

fn one() -> usize {
    1
}

impl TryFrom<WrittenModel> for ModelConfig {
    type Error = ParseError;

    fn try_from(model: WrittenModel) -> Result<Self, ParseError> {
        Ok(Self {
            normalization: model.normalization.resolve(model.cell)?,
            regularization: model.regularization,
            hidden_size: model.hidden_size,
            layers: model.layers,
            bidirectional: model.bidirectional,
            recurrent_init: model.recurrent_init,
            forget_bias: model.forget_bias,
            initial_noise: model.initial_noise,
            reader: model.reader,
        })
    }
}

impl From<ModelConfig> for WrittenModel {
    fn from(model: ModelConfig) -> Self {
        Self {
            cell: model.normalization.cell(),
            hidden_size: model.hidden_size,
            layers: model.layers,
            bidirectional: model.bidirectional,
            normalization: model.normalization.into(),
            regularization: model.regularization,
            recurrent_init: model.recurrent_init,
            forget_bias: model.forget_bias,
            initial_noise: model.initial_noise,
            reader: model.reader,
        }
    }
}
