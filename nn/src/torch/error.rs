//! What can be wrong with weights of PyTorch.

use std::path::PathBuf;

use crate::files::FileError;
use crate::tensors::TensorsError;

/// Why weights could not be taken from a file or written to one.
#[derive(Debug, thiserror::Error)]
pub enum TorchError {
    /// The file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),

    /// The file is damaged, or a tensor in it has an element type that is not read.
    #[error("{}: {source}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: TensorsError,
    },

    /// Tensors that are needed are not in the file.
    #[error(
        "{}: no tensor `{}`, which a layer of {kind} needs; {}",
        path.display(),
        names.join("`, `"),
        prefix_remedy(prefixes)
    )]
    Missing {
        /// The file.
        path: PathBuf,
        /// What the layer is in PyTorch.
        kind: &'static str,
        /// The tensors.
        names: Vec<String>,
        /// What stands in the file before the names of recurrent layers.
        prefixes: Vec<String>,
    },

    /// A tensor of another shape than the model's.
    #[error(
        "{}: tensor `{name}` has shape {found:?}, expected {expected:?}; {remedy}",
        path.display()
    )]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape that the model needs.
        expected: Vec<usize>,
        /// The sizes that would fit.
        remedy: String,
    },

    /// The layer multiplies its hidden state by a further matrix.
    #[error(
        "{}: tensor `{name}` of shape {shape:?} projects the hidden state to proj_size = {}, which \
         no cell here does; train the layer in PyTorch with proj_size=0",
        path.display(),
        shape.first().copied().unwrap_or_default()
    )]
    Projection {
        /// The file.
        path: PathBuf,
        /// The matrix.
        name: String,
        /// Its shape, `[proj_size, H]`.
        shape: Vec<usize>,
    },

    /// The model lacks parameters of the cell that the description names.
    #[error(
        "the model has no parameter `{}`, which the cell of an {kind} has; {}",
        missing.join("`, `"),
        found_remedy(found)
    )]
    Parameters {
        /// What the layer is in PyTorch.
        kind: &'static str,
        /// Paths that are not there.
        missing: Vec<String>,
        /// What there is below the same path, or else the cells of the model.
        found: Vec<String>,
    },

    /// A parameter of the model has a shape that the cell of the description does not have.
    #[error(
        "the model's parameter `{name}` has shape {found:?}, expected {expected:?} for an {kind}; \
         check the kind of the cell, and that the layers follow one another as in PyTorch"
    )]
    ParameterShape {
        /// What the layer is in PyTorch.
        kind: &'static str,
        /// Path of the parameter.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that would fit.
        expected: Vec<usize>,
    },

    /// Some layers are bidirectional, others not.
    #[error(
        "layer {layer} of an {kind} is described with another number of directions than layer 0; \
         PyTorch has 2 in all layers or 1 in all: give `reverse` for all layers or for none"
    )]
    Directions {
        /// What the layers are in PyTorch.
        kind: &'static str,
        /// The first layer that differs.
        layer: usize,
    },

    /// Parameters and statistics that would be lost.
    #[error(
        "{}: not written: `{}` have no place in an {kind} of PyTorch and would be lost; export a \
         model without normalizations, or keep this one as a checkpoint",
        path.display(),
        names.join("`, `")
    )]
    NoPlace {
        /// The file that was to be written.
        path: PathBuf,
        /// What the layers are in PyTorch.
        kind: &'static str,
        /// Their paths.
        names: Vec<String>,
    },

    /// Learned initial states, which would be lost.
    #[error(
        "{}: not written: `{}` are not 0, and an {kind} of PyTorch begins with zeros; set them to 0 \
         and train on, or keep this model as a checkpoint",
        path.display(),
        names.join("`, `")
    )]
    InitialState {
        /// The file that was to be written.
        path: PathBuf,
        /// What the layers are in PyTorch.
        kind: &'static str,
        /// Their paths.
        names: Vec<String>,
    },
}

fn prefix_remedy(prefixes: &[String]) -> String {
    match prefixes {
        [] => "the file holds no recurrent layer of PyTorch: save the model's `state_dict()`".to_owned(),
        prefixes => format!(
            "recurrent layers in the file have the prefix `{}`: check prefix, number of layers and directions",
            prefixes.join("`, `")
        ),
    }
}

fn found_remedy(found: &[String]) -> String {
    match found {
        [] => "it has no cell at all: check which model this is".to_owned(),
        found => format!(
            "it has `{}`: check the path and the kind of the cell",
            found.join("`, `")
        ),
    }
}
