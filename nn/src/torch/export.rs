//! From parameters to PyTorch's tensors.

use std::path::Path;

use kernels::Real;

use super::layout::{Cell, Direction, without_place};
use super::{TorchError, TorchLayers};
use crate::files;
use crate::params::{ParamId, ParamStore};
use crate::tensors::{NamedTensor, write_tensors};

impl TorchLayers {
    /// Writes these layers, and nothing else, as a `safetensors` file that
    /// `torch.nn.LSTM.load_state_dict` or `torch.nn.GRU.load_state_dict` takes. The file that was
    /// at `path` before is replaced only when the new one is complete on disk. The file's metadata
    /// say how the layer is made in PyTorch.
    ///
    /// # Errors
    /// If the store has no such cells, they are no stack as PyTorch has it, they have parameters or
    /// initial states that PyTorch would lose, or the file cannot be written; the old one is then
    /// untouched.
    ///
    /// # Panics
    /// If no layer is described, or a path twice.
    #[track_caller]
    pub fn export<T: Real>(&self, store: &ParamStore<T>, path: &Path) -> Result<(), TorchError> {
        let directions = self.directions();
        let cells = directions.iter().map(|direction| direction.cell(store));
        let cells: Vec<Cell> = cells.collect::<Result<_, _>>()?;
        self.check_stack(store, &directions, &cells)?;
        self.check_nothing_is_lost(store, path, &directions, &cells)?;
        let pairs = directions.iter().zip(&cells);
        let tensors: Vec<NamedTensor<T>> = pairs
            .flat_map(|(direction, cell)| tensors(store, direction, cell))
            .collect();
        let bytes = write_tensors(&tensors, &self.constructor(&cells[0])).map_err(|source| {
            let path = path.to_owned();
            TorchError::Content { path, source }
        })?;
        Ok(files::write_atomically(path, &bytes)?)
    }

    fn is_bidirectional(&self) -> bool {
        self.layers[0].reverse.is_some()
    }

    /// The expression that makes the layer in PyTorch.
    fn constructor(&self, first: &Cell) -> String {
        format!(
            "torch.{}(input_size={}, hidden_size={}, num_layers={}, bidirectional={})",
            self.kind.name(),
            first.input_size,
            first.hidden_size,
            self.layers.len(),
            if self.is_bidirectional() { "True" } else { "False" }
        )
    }

    /// All layers have the directions and the hidden size of the first, and each reads what the
    /// one before it gives.
    fn check_stack<T: Real>(
        &self,
        store: &ParamStore<T>,
        directions: &[Direction<'_>],
        cells: &[Cell],
    ) -> Result<(), TorchError> {
        let kind = self.kind.name();
        let two_ways = self.is_bidirectional();
        if let Some(layer) = self
            .layers
            .iter()
            .position(|layer| layer.reverse.is_some() != two_ways)
        {
            return Err(TorchError::Directions { kind, layer });
        }
        let hidden_size = cells[0].hidden_size;
        let width = self.kind.gates() * hidden_size;
        for (direction, cell) in directions.iter().zip(cells) {
            let input_size = match direction.layer {
                0 => cells[0].input_size,
                _ if two_ways => 2 * hidden_size,
                _ => hidden_size,
            };
            for (id, expected) in [(cell.w_h, [hidden_size, width]), (cell.w_x, [input_size, width])] {
                let param = store.entry(id);
                if param.tensor.shape().dims() != expected {
                    return Err(TorchError::ParameterShape {
                        kind,
                        name: param.path.clone(),
                        found: param.tensor.shape().dims().to_vec(),
                        expected: expected.to_vec(),
                    });
                }
            }
        }
        Ok(())
    }

    fn check_nothing_is_lost<T: Real>(
        &self,
        store: &ParamStore<T>,
        path: &Path,
        directions: &[Direction<'_>],
        cells: &[Cell],
    ) -> Result<(), TorchError> {
        let kind = self.kind.name();
        let names = without_place(directions, store);
        if !names.is_empty() {
            let path = path.to_owned();
            return Err(TorchError::NoPlace { path, kind, names });
        }
        let states = cells.iter().flat_map(|cell| &cell.initial);
        let names: Vec<String> = states
            .map(|&id| store.entry(id))
            .filter(|param| param.tensor.to_vec().iter().any(|&x| x != T::zero()))
            .map(|param| param.path.clone())
            .collect();
        if !names.is_empty() {
            let path = path.to_owned();
            return Err(TorchError::InitialState { path, kind, names });
        }
        Ok(())
    }
}

/// The tensors of one direction.
fn tensors<T: Real>(store: &ParamStore<T>, direction: &Direction<'_>, cell: &Cell) -> [NamedTensor<T>; 4] {
    let kind = direction.kind;
    let (d, h) = (cell.input_size, cell.hidden_size);
    let width = kind.gates() * h;
    let converted = |id: ParamId, rows| kind.exported(&store.get(id).to_vec(), h, rows);
    let mut bias_hh = vec![T::zero(); width];
    if let Some(bias_n) = cell.bias_n {
        bias_hh.truncate(width - h);
        bias_hh.extend(store.get(bias_n).to_vec());
    }
    let named = |stem: &str, shape: &[usize], data| NamedTensor {
        name: direction.tensor(stem),
        shape: shape.to_vec(),
        data,
    };
    [
        named("weight_ih", &[width, d], converted(cell.w_x, d)),
        named("weight_hh", &[width, h], converted(cell.w_h, h)),
        named("bias_ih", &[width], converted(cell.bias, 1)),
        named("bias_hh", &[width], bias_hh),
    ]
}
