//! From PyTorch's tensors to parameters.

use std::collections::BTreeSet;
use std::path::Path;

use kernels::Real;

use super::layout::{Cell, Direction, without_place};
use super::{TorchError, TorchLayers};
use crate::files;
use crate::params::{ParamId, ParamStore};
use crate::tensors::{Conversion, TensorFile, TensorsError};

/// What an import left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorchImport {
    /// Tensors of the file that belong to none of the layers, sorted: the rest of the model.
    pub unused: Vec<String>,
    /// Parameters and statistics below the layers that PyTorch does not have and that are what
    /// they were before, such as those of normalizations.
    pub kept: Vec<String>,
}

impl TorchLayers {
    /// Takes the weights of these layers from the `safetensors` file at `path`, and sets their
    /// initial states to 0. Elements of type `f32` or `f64` are converted to `T`; a layer that was
    /// made with `bias=False` gets biases of 0.
    ///
    /// # Errors
    /// If the file cannot be read, lacks a tensor or has one of another shape or element type, or a
    /// projection; or if the store has no such cells. The store is unchanged then.
    ///
    /// # Panics
    /// If no layer is described, or a path twice.
    #[track_caller]
    pub fn import<T: Real>(&self, store: &mut ParamStore<T>, path: &Path) -> Result<TorchImport, TorchError> {
        let directions = self.directions();
        let bytes = files::read(path)?;
        let file = TensorFile::parse(&bytes).map_err(|source| content(path, source))?;
        let mut source = Source {
            path,
            file,
            used: BTreeSet::new(),
        };
        let mut changes: Vec<(ParamId, Vec<T>)> = Vec::new();
        for direction in &directions {
            let cell = direction.cell(store)?;
            changes.extend(source.values(direction, &cell)?);
        }
        // Everything is there and fits: only now does the store change.
        let device = store.device().clone();
        for (id, values) in changes {
            let shape = store.get(id).shape();
            *store.get_mut(id) = device.tensor(shape, &values);
        }
        Ok(TorchImport {
            unused: source.unused(),
            kept: without_place(&directions, store),
        })
    }
}

fn content(path: &Path, source: TensorsError) -> TorchError {
    let path = path.to_owned();
    TorchError::Content { path, source }
}

/// A file and what was read of it.
struct Source<'a> {
    path: &'a Path,
    file: TensorFile<'a>,
    used: BTreeSet<String>,
}

impl Source<'_> {
    /// New values of all parameters of a direction.
    fn values<T: Real>(
        &mut self,
        direction: &Direction<'_>,
        cell: &Cell,
    ) -> Result<Vec<(ParamId, Vec<T>)>, TorchError> {
        self.refuse_projection(direction)?;
        let (kind, h) = (direction.kind, cell.hidden_size);
        let width = kind.gates() * h;
        let mut names = vec!["weight_hh", "weight_ih"];
        // `bias=False` leaves out both.
        let biases = ["bias_ih", "bias_hh"];
        let has_bias = biases
            .iter()
            .any(|stem| self.shape(&direction.tensor(stem)).is_some());
        if has_bias {
            names.extend(biases);
        }
        self.check_names(direction, &names)?;
        let w_h = self.read(direction, cell, "weight_hh", &[width, h])?;
        let w_x = self.read(direction, cell, "weight_ih", &[width, cell.input_size])?;
        let (mut bias_ih, mut bias_hh) = (vec![T::zero(); width], vec![T::zero(); width]);
        if has_bias {
            bias_ih = self.read(direction, cell, "bias_ih", &[width])?;
            bias_hh = self.read(direction, cell, "bias_hh", &[width])?;
        }
        let mut changes = vec![
            (cell.w_x, kind.imported(&w_x, h, cell.input_size)),
            (cell.w_h, kind.imported(&w_h, h, h)),
        ];
        // The reset gate multiplies the recurrent bias of `n`, the last gate: it stays apart.
        if let Some(bias_n) = cell.bias_n {
            changes.push((bias_n, bias_hh.split_off(width - h)));
        }
        for (sum, recurrent) in bias_ih.iter_mut().zip(bias_hh) {
            *sum += recurrent;
        }
        changes.push((cell.bias, kind.imported(&bias_ih, h, 1)));
        changes.extend(cell.initial.iter().map(|&id| (id, vec![T::zero(); h])));
        Ok(changes)
    }

    fn refuse_projection(&self, direction: &Direction<'_>) -> Result<(), TorchError> {
        let name = direction.tensor("weight_hr");
        match self.shape(&name) {
            None => Ok(()),
            Some(shape) => Err(TorchError::Projection {
                path: self.path.to_owned(),
                shape: shape.to_vec(),
                name,
            }),
        }
    }

    fn shape(&self, name: &str) -> Option<&[usize]> {
        let mut shapes = self.file.shapes();
        shapes.find(|&(found, _)| found == name).map(|(_, shape)| shape)
    }

    fn check_names(&self, direction: &Direction<'_>, stems: &[&str]) -> Result<(), TorchError> {
        let names = stems.iter().map(|stem| direction.tensor(stem));
        let missing: Vec<String> = names.filter(|name| self.shape(name).is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let found = self.file.shapes();
        let prefixes = found.filter_map(|(name, _)| name.strip_suffix("weight_ih_l0"));
        Err(TorchError::Missing {
            path: self.path.to_owned(),
            kind: direction.kind.name(),
            names: missing,
            prefixes: prefixes.map(str::to_owned).collect(),
        })
    }

    /// The elements of a tensor that is there.
    fn read<T: Real>(
        &mut self,
        direction: &Direction<'_>,
        cell: &Cell,
        stem: &str,
        expected: &[usize],
    ) -> Result<Vec<T>, TorchError> {
        let name = direction.tensor(stem);
        let found = self.shape(&name).expect("checked with all names");
        if found != expected {
            return Err(TorchError::Shape {
                path: self.path.to_owned(),
                found: found.to_vec(),
                expected: expected.to_vec(),
                remedy: self.remedy(direction, cell),
                name,
            });
        }
        let tensor = self.file.get(&name, Conversion::Allow);
        let tensor = tensor.map_err(|source| content(self.path, source))?;
        self.used.insert(name);
        Ok(tensor.expect("checked with all names").data)
    }

    /// The sizes that the file's layer has: `weight_ih [G·H, D]`, `weight_hh [G·H, H]`.
    fn remedy(&self, direction: &Direction<'_>, cell: &Cell) -> String {
        let shape = |stem| self.shape(&direction.tensor(stem));
        let (Some(&[_, input_size]), Some(&[rows, hidden_size])) = (shape("weight_ih"), shape("weight_hh"))
        else {
            return "PyTorch's weights are matrices: check how the file was written".to_owned();
        };
        let gates = rows.checked_div(hidden_size).unwrap_or_default();
        if gates == direction.kind.gates() {
            return format!(
                "the file's layer has input_size {input_size} and hidden_size {hidden_size}, that of \
                 the model with `{}` has {} and {}: make the model with the file's sizes",
                direction.param("w_x"),
                cell.input_size,
                cell.hidden_size
            );
        }
        let kind = match gates {
            1 => "an nn.RNN",
            3 => "an nn.GRU",
            4 => "an nn.LSTM",
            _ => "no layer of PyTorch",
        };
        format!("{gates} rows for each of its {hidden_size} units are those of {kind}: check the kind")
    }

    fn unused(&self) -> Vec<String> {
        let names = self.file.shapes().map(|(name, _)| name.to_owned());
        names.filter(|name| !self.used.contains(name)).collect()
    }
}
