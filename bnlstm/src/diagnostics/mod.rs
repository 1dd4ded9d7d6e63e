//! What normalization does inside a model: gradients over time, gates, variances, statistics, updates.

mod diagnosis;
mod extent;
mod gates;
mod look;
mod moments;
mod record;

use serde::{Deserialize, Serialize};

pub use diagnosis::{Diagnosis, Finding, Named, Remedy, Scale};
pub use extent::Extent;
pub(crate) use look::Look;
pub(crate) use record::{Found, Record};

/// What a look inside a model has shown. Numbers are of one pass over a training batch, with the
/// statistics of that batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// `[T]`: the mean norm of `∂loss/∂h_t` of each time step over the examples of the batch.
    #[serde(deserialize_with = "crate::number::each_or_nan")]
    pub gradient_norms: Vec<f32>,
    /// Each gate of each cell.
    pub gates: Vec<Gate>,
    /// Each normalization that has moments.
    pub sites: Vec<SiteMoments>,
    /// Each parameter, in the last update; none before the first one.
    pub updates: Vec<ParamUpdate>,
}

/// How far a gate is open or shut (Karpathy, Johnson & Fei-Fei 2015, section 4.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Path of the cell, such as `lstm`.
    pub cell: String,
    /// `f`, `i`, `o`, `g` of an LSTM; `r`, `z`, `n` of a GRU; `h` of an RNN.
    pub gate: String,
    /// Share of the activations below 0.1, or below −0.9 for a tanh.
    #[serde(deserialize_with = "crate::number::or_nan")]
    pub low: f32,
    /// Share of the activations above 0.9.
    #[serde(deserialize_with = "crate::number::or_nan")]
    pub high: f32,
}

/// What a normalization divides by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteMoments {
    /// Path of the normalization, such as `lstm/norm_h`.
    pub path: String,
    /// `[T]`, or one number where all steps are pooled: the smallest variance of each time step, over
    /// the units for a normalization over the batch, over the rows for one over the units.
    #[serde(deserialize_with = "crate::number::each_or_nan")]
    pub smallest_variance: Vec<f32>,
    /// How far the moments of the batch are from the population statistics: the median over units and
    /// steps of `|mean_batch − mean_population| / √variance_population`, where that is a number. None of a
    /// normalization without population statistics, or before they are first estimated.
    pub mean_distance: Option<f32>,
    /// The median over units and steps of `|ln(variance_batch / variance_population)|`, where neither
    /// variance is 0.
    pub variance_distance: Option<f32>,
}

/// How much an update has changed a parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamUpdate {
    /// Path of the parameter, such as `lstm/w_h`.
    pub path: String,
    /// Norm of the parameter before the update.
    #[serde(deserialize_with = "crate::number::or_nan")]
    pub weight: f32,
    /// Norm of the change.
    #[serde(deserialize_with = "crate::number::or_nan")]
    pub change: f32,
}
